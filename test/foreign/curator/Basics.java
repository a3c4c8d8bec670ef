import static java.util.Collections.singletonList;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.api.transaction.CuratorTransactionResult;
import org.apache.curator.framework.api.transaction.OperationType;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException.BadVersionException;
import org.apache.zookeeper.KeeperException.NoAuthException;
import org.apache.zookeeper.KeeperException.NoNodeException;
import org.apache.zookeeper.KeeperException.NodeExistsException;
import org.apache.zookeeper.KeeperException.NotEmptyException;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;

/** What the framework itself offers. */
class Basics {
  static void run(CuratorFramework client) throws Exception {
    CuratorProgram.part("data", Basics::data, client);
    CuratorProgram.part("ephemerals", Basics::ephemerals, client);
    CuratorProgram.part("watches", Basics::watches, client);
    CuratorProgram.part("transactions", Basics::transactions, client);
    CuratorProgram.part("access control", Basics::accessControl, client);
    CuratorProgram.part("containers and TTL", Basics::containers, client);
  }

  static void data(CuratorFramework client) throws Exception {
    Stat stat = new Stat();
    client.create().storingStatIn(stat).forPath("/data", CuratorProgram.bytes("one"));
    CuratorProgram.same(3, stat.getDataLength());
    CuratorProgram.same("one", CuratorProgram.text(client.getData().storingStatIn(stat).forPath("/data")));
    CuratorProgram.same(1, client.setData().withVersion(0).forPath("/data", new byte[0]).getVersion());
    CuratorProgram.refused(BadVersionException.class, () -> client.setData().withVersion(0).forPath("/data"));
    CuratorProgram.refused(NodeExistsException.class, () -> client.create().forPath("/data"));
    client.create().creatingParentsIfNeeded().forPath("/data/a/b/c");
    CuratorProgram.refused(NotEmptyException.class, () -> client.delete().forPath("/data/a"));
    CuratorProgram.same(singletonList("b"), client.getChildren().forPath("/data/a"));
    client.delete().deletingChildrenIfNeeded().forPath("/data/a");
    CuratorProgram.refused(NoNodeException.class, () -> client.getData().forPath("/data/a"));
    String first = client.create().withMode(CreateMode.PERSISTENT_SEQUENTIAL).forPath("/data/n-");
    String second = client.create().withProtection().withMode(CreateMode.PERSISTENT_SEQUENTIAL).forPath("/data/n-");
    CuratorProgram.same("/data/n-0000000001", first);
    CuratorProgram.check(second.matches("/data/_c_[-0-9a-f]{36}-n-0000000002"), second);
    client.sync().forPath("/data");
  }

  static void ephemerals(CuratorFramework client) throws Exception {
    BlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();
    try (CuratorFramework other = CuratorProgram.connect()) {
      other.create().withMode(CreateMode.EPHEMERAL).forPath("/mine");
      CuratorProgram.until("the ephemeral is seen", () -> client.checkExists().forPath("/mine") != null);
      Stat stat = client.checkExists().usingWatcher((org.apache.zookeeper.Watcher) events::add).forPath("/mine");
      CuratorProgram.same(other.getZookeeperClient().getZooKeeper().getSessionId(), stat.getEphemeralOwner());
    }
    expect(events, "NodeDeleted /mine");
  }

  static void expect(BlockingQueue<WatchedEvent> events, String expected) throws Exception {
    WatchedEvent event = events.poll(CuratorProgram.SECONDS_MAX, TimeUnit.SECONDS);
    CuratorProgram.check(event != null, "an event: " + expected);
    CuratorProgram.same(expected, event.getType() + " " + event.getPath());
  }

  static void watches(CuratorFramework client) throws Exception {
    BlockingQueue<WatchedEvent> events = new LinkedBlockingQueue<>();
    org.apache.zookeeper.Watcher note = events::add;
    client.checkExists().usingWatcher(note).forPath("/w");
    client.create().forPath("/w");
    expect(events, "NodeCreated /w");
    client.getData().usingWatcher(note).forPath("/w");
    client.setData().forPath("/w");
    expect(events, "NodeDataChanged /w");
    client.getChildren().usingWatcher(note).forPath("/w");
    client.create().forPath("/w/x");
    expect(events, "NodeChildrenChanged /w");
    BlockingQueue<WatchedEvent> all = new LinkedBlockingQueue<>();
    org.apache.zookeeper.Watcher follow = all::add;
    client.watchers().add().withMode(AddWatchMode.PERSISTENT_RECURSIVE).usingWatcher(follow).forPath("/w");
    client.create().forPath("/w/y");
    client.setData().forPath("/w/y");
    client.delete().forPath("/w/y");
    expect(all, "NodeCreated /w/y");
    expect(all, "NodeDataChanged /w/y");
    expect(all, "NodeDeleted /w/y");
    client.watchers().remove(follow).forPath("/w");
    expect(all, "PersistentWatchRemoved /w");
    client.setData().forPath("/w");
    client.sync().forPath("/w");
    CuratorProgram.check(all.isEmpty() && events.isEmpty(), "no more events");
  }

  static void transactions(CuratorFramework client) throws Exception {
    List<CuratorTransactionResult> results =
        client
            .transaction()
            .forOperations(
                client.transactionOp().create().forPath("/t", CuratorProgram.bytes("1")),
                client.transactionOp().create().withMode(CreateMode.PERSISTENT_SEQUENTIAL).forPath("/t/n-"),
                client.transactionOp().setData().withVersion(0).forPath("/t", CuratorProgram.bytes("2")),
                client.transactionOp().check().withVersion(1).forPath("/t"),
                client.transactionOp().delete().forPath("/t/n-0000000000"));
    CuratorProgram.same(5, results.size());
    CuratorProgram.same(OperationType.CREATE, results.get(1).getType());
    CuratorProgram.same("/t/n-0000000000", results.get(1).getResultPath());
    CuratorProgram.same(1, results.get(2).getResultStat().getVersion());
    CuratorProgram.refused(
        BadVersionException.class,
        () ->
            client
                .transaction()
                .forOperations(
                    client.transactionOp().setData().forPath("/t", CuratorProgram.bytes("3")),
                    client.transactionOp().check().withVersion(7).forPath("/t")));
    CuratorProgram.same("2", CuratorProgram.text(client.getData().forPath("/t")));
  }

  static void accessControl(CuratorFramework client) throws Exception {
    CuratorFramework owner =
        CuratorProgram.started(
            CuratorProgram.builder().authorization("digest", CuratorProgram.bytes("me:secret")).build());
    try (owner) {
      owner.create().withACL(Ids.CREATOR_ALL_ACL).forPath("/owned", CuratorProgram.bytes("x"));
      CuratorProgram.refused(NoAuthException.class, () -> client.getData().forPath("/owned"));
      CuratorProgram.refused(NoAuthException.class, () -> client.setACL().withACL(Ids.OPEN_ACL_UNSAFE).forPath("/owned"));
      String id = owner.getACL().forPath("/owned").get(0).getId().getId();
      CuratorProgram.check(id.startsWith("me:") && id.length() > "me:x".length(), id);
      owner.setACL().withACL(singletonList(new ACL(Perms.READ, Ids.ANYONE_ID_UNSAFE))).forPath("/owned");
      CuratorProgram.same("x", CuratorProgram.text(client.getData().forPath("/owned")));
      CuratorProgram.refused(NoAuthException.class, () -> owner.setData().forPath("/owned"));
    }
  }

  static void containers(CuratorFramework client) throws Exception {
    client.create().withMode(CreateMode.CONTAINER).forPath("/container");
    client.create().creatingParentContainersIfNeeded().forPath("/container/x/y");
    client.create().withTtl(1).withMode(CreateMode.PERSISTENT_WITH_TTL).forPath("/ttl");
    CuratorProgram.same(0L, client.checkExists().forPath("/container").getEphemeralOwner());
    client.delete().deletingChildrenIfNeeded().forPath("/container/x");
    CuratorProgram.until("the TTL node is gone", () -> client.checkExists().forPath("/ttl") == null);
    CuratorProgram.until("the container is gone", () -> client.checkExists().forPath("/container") == null);
  }
}
