import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.framework.state.ConnectionState;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.WatchedEvent;

/** The server that it is connected to is killed: session, ephemerals, locks, watches and caches go on with another. */
class Reconnect {
  static void run(CuratorFramework client) throws Exception {
    CuratorProgram.part("reconnect", Reconnect::reconnect, client);
  }

  static void reconnect(CuratorFramework client) throws Exception {
    BlockingQueue<ConnectionState> states = new LinkedBlockingQueue<>();
    BlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();
    client.create().forPath("/kept", CuratorProgram.bytes("before"));
    client.create().withMode(CreateMode.EPHEMERAL).forPath("/kept-ephemeral");
    client.getData().usingWatcher((org.apache.zookeeper.Watcher) event -> note(events, event)).forPath("/kept");
    long session = client.getZookeeperClient().getZooKeeper().getSessionId();
    InterProcessMutex lock = new InterProcessMutex(client, "/kept-lock");
    lock.acquire();
    CuratorCache cache = CuratorCache.build(client, "/kept");
    cache.start();
    CuratorProgram.until("the cache is filled", () -> cache.get("/kept").isPresent());
    client.getConnectionStateListenable().addListener((changing, state) -> states.add(state));
    CuratorProgram.ask("kill");
    CuratorProgram.same(ConnectionState.SUSPENDED, states.poll(CuratorProgram.SECONDS_MAX, TimeUnit.SECONDS));
    CuratorProgram.same(ConnectionState.RECONNECTED, states.poll(CuratorProgram.SECONDS_MAX, TimeUnit.SECONDS));
    CuratorProgram.same(session, client.getZookeeperClient().getZooKeeper().getSessionId());
    CuratorProgram.same(session, client.checkExists().forPath("/kept-ephemeral").getEphemeralOwner());
    CuratorProgram.check(lock.isOwnedByCurrentThread() && lock.isAcquiredInThisProcess(), "the lock is kept");
    CuratorProgram.check(events.isEmpty(), "no event of what did not happen");
    client.setData().forPath("/kept", CuratorProgram.bytes("after"));
    Basics.expect(events, "NodeDataChanged /kept");
    CuratorProgram.until("the cache goes on", () -> "after".equals(CuratorProgram.text(cache.get("/kept").get().getData())));
    lock.release();
    cache.close();
    CuratorProgram.ask("restart");
  }

  static void note(BlockingQueue<WatchedEvent> events, WatchedEvent event) {
    if (event.getPath() != null) events.add(event);
  }
}
