import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.barriers.DistributedBarrier;
import org.apache.curator.framework.recipes.barriers.DistributedDoubleBarrier;
import org.apache.curator.framework.recipes.leader.LeaderLatch;
import org.apache.curator.framework.recipes.leader.LeaderSelector;
import org.apache.curator.framework.recipes.leader.LeaderSelectorListenerAdapter;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.recipes.locks.InterProcessReadWriteLock;
import org.apache.curator.framework.recipes.locks.InterProcessSemaphoreV2;
import org.apache.curator.framework.recipes.locks.Lease;

/** Who may go on, and when. Each recipe is used by two clients. */
class Coordination {
  static final int SECONDS_MAX = CuratorProgram.SECONDS_MAX;
  static ExecutorService others = Executors.newCachedThreadPool();

  static void run(CuratorFramework client) throws Exception {
    try (CuratorFramework other = CuratorProgram.connect()) {
      CuratorProgram.part("mutex", one -> mutex(one, other), client);
      CuratorProgram.part("read-write lock", one -> readWriteLock(one, other), client);
      CuratorProgram.part("semaphore", one -> semaphore(one, other), client);
      CuratorProgram.part("leader latch", one -> leaderLatch(one, other), client);
      CuratorProgram.part("leader selector", one -> leaderSelector(one, other), client);
      CuratorProgram.part("barriers", one -> barriers(one, other), client);
    }
  }

  static void mutex(CuratorFramework one, CuratorFramework other) throws Exception {
    InterProcessMutex mine = new InterProcessMutex(one, "/mutex");
    InterProcessMutex theirs = new InterProcessMutex(other, "/mutex");
    CuratorProgram.check(mine.acquire(SECONDS_MAX, TimeUnit.SECONDS), "acquired");
    CuratorProgram.check(mine.acquire(SECONDS_MAX, TimeUnit.SECONDS), "acquired again by the same");
    CuratorProgram.check(!theirs.acquire(50, TimeUnit.MILLISECONDS), "not acquired by another");
    Future<Boolean> waiting =
        others.submit(
            () -> {
              boolean acquired = theirs.acquire(SECONDS_MAX, TimeUnit.SECONDS);
              if (acquired) theirs.release();
              return acquired;
            });
    CuratorProgram.until("both stand in line", () -> mine.getParticipantNodes().size() == 2);
    mine.release();
    CuratorProgram.check(!waiting.isDone(), "still held once");
    mine.release();
    CuratorProgram.check(waiting.get(SECONDS_MAX, TimeUnit.SECONDS), "acquired by the other");
  }

  static void readWriteLock(CuratorFramework one, CuratorFramework other) throws Exception {
    InterProcessReadWriteLock mine = new InterProcessReadWriteLock(one, "/rw");
    InterProcessReadWriteLock theirs = new InterProcessReadWriteLock(other, "/rw");
    CuratorProgram.check(mine.readLock().acquire(SECONDS_MAX, TimeUnit.SECONDS), "read");
    CuratorProgram.check(theirs.readLock().acquire(SECONDS_MAX, TimeUnit.SECONDS), "read by two");
    theirs.readLock().release();
    CuratorProgram.check(!theirs.writeLock().acquire(50, TimeUnit.MILLISECONDS), "no writer beside a reader");
    mine.readLock().release();
    CuratorProgram.check(theirs.writeLock().acquire(SECONDS_MAX, TimeUnit.SECONDS), "written");
    CuratorProgram.check(!mine.readLock().acquire(50, TimeUnit.MILLISECONDS), "no reader beside a writer");
    theirs.writeLock().release();
  }

  static void semaphore(CuratorFramework one, CuratorFramework other) throws Exception {
    InterProcessSemaphoreV2 mine = new InterProcessSemaphoreV2(one, "/semaphore", 2);
    InterProcessSemaphoreV2 theirs = new InterProcessSemaphoreV2(other, "/semaphore", 2);
    Lease first = mine.acquire(SECONDS_MAX, TimeUnit.SECONDS);
    Lease second = theirs.acquire(SECONDS_MAX, TimeUnit.SECONDS);
    CuratorProgram.check(first != null && second != null, "two leases");
    CuratorProgram.check(theirs.acquire(50, TimeUnit.MILLISECONDS) == null, "no third lease");
    mine.returnLease(first);
    CuratorProgram.check(theirs.acquire(SECONDS_MAX, TimeUnit.SECONDS) != null, "a third lease in place of the first");
  }

  static void leaderLatch(CuratorFramework one, CuratorFramework other) throws Exception {
    LeaderLatch mine = new LeaderLatch(one, "/latch", "one");
    LeaderLatch theirs = new LeaderLatch(other, "/latch", "other");
    mine.start();
    CuratorProgram.check(mine.await(SECONDS_MAX, TimeUnit.SECONDS), "leads");
    theirs.start();
    CuratorProgram.until("both take part", () -> mine.getParticipants().size() == 2);
    CuratorProgram.same("one", theirs.getLeader().getId());
    mine.close();
    CuratorProgram.check(theirs.await(SECONDS_MAX, TimeUnit.SECONDS), "the other leads after it");
    theirs.close();
  }

  static void leaderSelector(CuratorFramework one, CuratorFramework other) throws Exception {
    BlockingQueue<String> reigns = new LinkedBlockingQueue<>();
    CountDownLatch enough = new CountDownLatch(1);
    LeaderSelector mine = selector(one, "one", reigns, enough);
    mine.start();
    CuratorProgram.same("one", reigns.poll(SECONDS_MAX, TimeUnit.SECONDS));
    LeaderSelector theirs = selector(other, "other", reigns, new CountDownLatch(0));
    theirs.start();
    CuratorProgram.until("both take part", () -> theirs.getParticipants().size() == 2);
    enough.countDown();
    CuratorProgram.same("other", reigns.poll(SECONDS_MAX, TimeUnit.SECONDS));
    mine.close();
    theirs.close();
  }

  static LeaderSelector selector(
      CuratorFramework client, String id, BlockingQueue<String> reigns, CountDownLatch enough) {
    LeaderSelectorListenerAdapter listener =
        new LeaderSelectorListenerAdapter() {
          @Override
          public void takeLeadership(CuratorFramework leading) throws Exception {
            reigns.add(id);
            enough.await(SECONDS_MAX, TimeUnit.SECONDS);
          }
        };
    LeaderSelector selector = new LeaderSelector(client, "/selector", listener);
    selector.setId(id);
    return selector;
  }

  static void barriers(CuratorFramework one, CuratorFramework other) throws Exception {
    DistributedBarrier barrier = new DistributedBarrier(one, "/barrier");
    barrier.setBarrier();
    DistributedBarrier theirs = new DistributedBarrier(other, "/barrier");
    CuratorProgram.check(!theirs.waitOnBarrier(50, TimeUnit.MILLISECONDS), "held up");
    Future<Boolean> waiting = others.submit(() -> theirs.waitOnBarrier(SECONDS_MAX, TimeUnit.SECONDS));
    barrier.removeBarrier();
    CuratorProgram.check(waiting.get(SECONDS_MAX, TimeUnit.SECONDS), "let through");

    DistributedDoubleBarrier in = new DistributedDoubleBarrier(one, "/double", 2);
    DistributedDoubleBarrier out = new DistributedDoubleBarrier(other, "/double", 2);
    Future<Boolean> entered = others.submit(() -> in.enter(SECONDS_MAX, TimeUnit.SECONDS));
    CuratorProgram.check(out.enter(SECONDS_MAX, TimeUnit.SECONDS), "the second has entered");
    CuratorProgram.check(entered.get(SECONDS_MAX, TimeUnit.SECONDS), "the first has entered");
    Future<Boolean> left = others.submit(() -> in.leave(SECONDS_MAX, TimeUnit.SECONDS));
    CuratorProgram.check(out.leave(SECONDS_MAX, TimeUnit.SECONDS), "the second has left");
    CuratorProgram.check(left.get(SECONDS_MAX, TimeUnit.SECONDS), "the first has left");
  }
}
