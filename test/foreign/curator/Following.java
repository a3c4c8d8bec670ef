import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.recipes.cache.ChildData;
import org.apache.curator.framework.recipes.cache.CuratorCache;
import org.apache.curator.framework.recipes.cache.CuratorCacheListener;
import org.apache.curator.framework.recipes.cache.PathChildrenCache;
import org.apache.curator.framework.recipes.cache.TreeCache;
import org.apache.curator.framework.recipes.nodes.GroupMember;
import org.apache.curator.framework.recipes.nodes.PersistentNode;
import org.apache.zookeeper.CreateMode;

/** What keeps a picture of the tree, or a node in it. */
@SuppressWarnings("deprecation")
class Following {
  static void run(CuratorFramework client) throws Exception {
    CuratorProgram.part("curator cache", Following::curatorCache, client);
    CuratorProgram.part("older caches", Following::olderCaches, client);
    CuratorProgram.part("persistent node", Following::persistentNode, client);
    CuratorProgram.part("group member", Following::groupMember, client);
  }

  static void curatorCache(CuratorFramework client) throws Exception {
    client.create().creatingParentsIfNeeded().forPath("/cached/a", CuratorProgram.bytes("1"));
    ConcurrentSkipListMap<String, String> seen = new ConcurrentSkipListMap<>();
    try (CuratorCache cache = CuratorCache.build(client, "/cached")) {
      cache
          .listenable()
          .addListener(
              CuratorCacheListener.builder()
                  .forCreates(node -> seen.put(node.getPath(), CuratorProgram.text(node.getData())))
                  .forChanges((before, node) -> seen.put(node.getPath(), CuratorProgram.text(node.getData())))
                  .forDeletes(node -> seen.remove(node.getPath()))
                  .build());
      cache.start();
      CuratorProgram.until("what was there", () -> "1".equals(seen.get("/cached/a")));
      client.create().creatingParentsIfNeeded().forPath("/cached/b/c", CuratorProgram.bytes("2"));
      client.setData().forPath("/cached/a", CuratorProgram.bytes("3"));
      CuratorProgram.until("a grandchild", () -> "2".equals(seen.get("/cached/b/c")));
      CuratorProgram.until("a change", () -> "3".equals(seen.get("/cached/a")));
      client.delete().forPath("/cached/a");
      CuratorProgram.until("a delete", () -> !seen.containsKey("/cached/a"));
    }
  }

  static void olderCaches(CuratorFramework client) throws Exception {
    client.create().creatingParentsIfNeeded().forPath("/old/a/b", CuratorProgram.bytes("1"));
    try (PathChildrenCache children = new PathChildrenCache(client, "/old", true);
        TreeCache tree = new TreeCache(client, "/old")) {
      children.start(PathChildrenCache.StartMode.BUILD_INITIAL_CACHE);
      tree.start();
      CuratorProgram.check(children.getCurrentData("/old/a") != null, "the child");
      CuratorProgram.until("the grandchild", () -> "1".equals(dataOf(tree.getCurrentData("/old/a/b"))));
      client.setData().forPath("/old/a", CuratorProgram.bytes("2"));
      client.delete().forPath("/old/a/b");
      CuratorProgram.until("the child changed", () -> "2".equals(dataOf(children.getCurrentData("/old/a"))));
      CuratorProgram.until("the grandchild gone", () -> tree.getCurrentData("/old/a/b") == null);
    }
  }

  static String dataOf(ChildData node) {
    return node == null ? null : CuratorProgram.text(node.getData());
  }

  static void persistentNode(CuratorFramework client) throws Exception {
    try (PersistentNode node =
        new PersistentNode(client, CreateMode.EPHEMERAL, false, "/always", CuratorProgram.bytes("here"))) {
      node.start();
      CuratorProgram.check(node.waitForInitialCreate(CuratorProgram.SECONDS_MAX, TimeUnit.SECONDS), "created");
      long first = client.checkExists().forPath("/always").getCzxid();
      client.delete().forPath("/always");
      CuratorProgram.until(
          "made again",
          () -> {
            var stat = client.checkExists().forPath("/always");
            return stat != null && stat.getCzxid() > first;
          });
    }
  }

  static void groupMember(CuratorFramework client) throws Exception {
    try (CuratorFramework other = CuratorProgram.connect();
        GroupMember mine = new GroupMember(client, "/group", "one", CuratorProgram.bytes("1"))) {
      mine.start();
      GroupMember theirs = new GroupMember(other, "/group", "other");
      theirs.start();
      CuratorProgram.until("both are members", () -> mine.getCurrentMembers().keySet().size() == 2);
      CuratorProgram.until("and their data", () -> "1".equals(CuratorProgram.text(theirs.getCurrentMembers().getOrDefault("one", new byte[0]))));
      theirs.close();
      CuratorProgram.until("one has left", () -> mine.getCurrentMembers().keySet().size() == 1);
    }
  }
}
