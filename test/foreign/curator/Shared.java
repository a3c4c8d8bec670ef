import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.atomic.AtomicValue;
import org.apache.curator.framework.recipes.atomic.DistributedAtomicLong;
import org.apache.curator.framework.recipes.queue.DistributedQueue;
import org.apache.curator.framework.recipes.queue.QueueBuilder;
import org.apache.curator.framework.recipes.queue.QueueConsumer;
import org.apache.curator.framework.recipes.queue.QueueSerializer;
import org.apache.curator.framework.recipes.shared.SharedCount;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.curator.retry.RetryNTimes;

/** Values that several clients change. */
class Shared {
  static void run(CuratorFramework client) throws Exception {
    try (CuratorFramework other = CuratorProgram.connect()) {
      CuratorProgram.part("shared count", one -> sharedCount(one, other), client);
      CuratorProgram.part("atomic long", one -> atomicLong(one, other), client);
      CuratorProgram.part("queue", one -> queue(one, other), client);
    }
  }

  static void sharedCount(CuratorFramework one, CuratorFramework other) throws Exception {
    try (SharedCount mine = new SharedCount(one, "/count", 1);
        SharedCount theirs = new SharedCount(other, "/count", 1)) {
      mine.start();
      theirs.start();
      mine.setCount(5);
      CuratorProgram.until("the other sees it", () -> theirs.getCount() == 5);
      CuratorProgram.check(theirs.trySetCount(theirs.getVersionedValue(), 6), "set, as nobody came between");
      CuratorProgram.until("the first sees it", () -> mine.getCount() == 6);
    }
  }

  static void atomicLong(CuratorFramework one, CuratorFramework other) throws Exception {
    DistributedAtomicLong mine = new DistributedAtomicLong(one, "/long", new RetryNTimes(20, 5));
    DistributedAtomicLong theirs = new DistributedAtomicLong(other, "/long", new RetryNTimes(20, 5));
    for (int i = 0; i < 20; i++) {
      AtomicValue<Long> value = (i % 2 == 0 ? mine : theirs).increment();
      CuratorProgram.check(value.succeeded(), "incremented");
      CuratorProgram.same(i + 1L, value.postValue());
    }
    CuratorProgram.check(!mine.compareAndSet(7L, 8L).succeeded(), "compared and not set");
  }

  static void queue(CuratorFramework one, CuratorFramework other) throws Exception {
    BlockingQueue<String> received = new LinkedBlockingQueue<>();
    QueueConsumer<String> consumer =
        new QueueConsumer<String>() {
          @Override
          public void consumeMessage(String message) {
            received.add(message);
          }

          @Override
          public void stateChanged(CuratorFramework client, ConnectionState state) {}
        };
    try (DistributedQueue<String> in = QueueBuilder.builder(one, null, asText(), "/queue").buildQueue();
        DistributedQueue<String> out =
            QueueBuilder.builder(other, consumer, asText(), "/queue").lockPath("/queue-lock").buildQueue()) {
      in.start();
      out.start();
      for (int i = 0; i < 10; i++) in.put("item " + i);
      for (int i = 0; i < 10; i++)
        CuratorProgram.same("item " + i, received.poll(CuratorProgram.SECONDS_MAX, TimeUnit.SECONDS));
    }
  }

  static QueueSerializer<String> asText() {
    return new QueueSerializer<String>() {
      @Override
      public byte[] serialize(String item) {
        return CuratorProgram.bytes(item);
      }

      @Override
      public String deserialize(byte[] bytes) {
        return CuratorProgram.text(bytes);
      }
    };
  }
}
