import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.jute.Record;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.WatchedEvent;
import org.apache.zookeeper.Watcher;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.ZooDefs.OpCode;
import org.apache.zookeeper.ZooDefs.Perms;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.admin.ZooKeeperAdmin;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.proto.CheckWatchesRequest;
import org.apache.zookeeper.proto.GetSASLRequest;
import org.apache.zookeeper.proto.RequestHeader;
import org.apache.zookeeper.proto.SyncRequest;

/**
 * Makes ZooKeeper's own Java client say everything that it can say: {@code Golden RECORDED DIRECT PLAIN}. These are the addresses
 * of the recorder before a server with everything on, of that server itself, and of the recorder before a server with everything
 * off. It prints {@code scene NAME} ahead of what shall be named so in the recording, {@code cut} to have its connections ended
 * and new ones refused, and {@code resume} to have them accepted again; each is answered with a line.
 */
public class Golden {
  static final int TIMEOUT_MS = 4000;
  static final List<ACL> OPEN = Ids.OPEN_ACL_UNSAFE;
  static final Watcher ONE = event -> {};
  static final Watcher OTHER = event -> {};

  static class State implements Watcher {
    volatile CountDownLatch connected = new CountDownLatch(1);
    final CountDownLatch authenticated = new CountDownLatch(1);
    final CountDownLatch ended = new CountDownLatch(1);

    @Override
    public void process(WatchedEvent event) {
      switch (event.getState()) {
        case SyncConnected:
          connected.countDown();
          break;
        case SaslAuthenticated:
          authenticated.countDown();
          break;
        case AuthFailed:
        case Expired:
          ended.countDown();
          break;
        default:
      }
    }
  }

  static class Client extends ZooKeeperAdmin {
    final State state;

    Client(String server, State state, ZKClientConfig config) throws IOException {
      super(server, TIMEOUT_MS, state, config);
      this.state = state;
    }

    static Client plain(String server) throws Exception {
      Client client = new Client(server, new State(), saslOff());
      await(client.state.connected);
      return client;
    }

    /** What it does not offer: a request of any type, of its own records. Returns the error code. */
    int send(int opcode, Record request) throws InterruptedException {
      RequestHeader header = new RequestHeader();
      header.setType(opcode);
      return cnxn.submitRequest(header, request, null, null).getErr();
    }
  }

  static ZKClientConfig saslOff() {
    ZKClientConfig config = new ZKClientConfig();
    config.setProperty(ZKClientConfig.ENABLE_CLIENT_SASL_KEY, "false");
    return config;
  }

  static ZKClientConfig saslAs(String section) {
    ZKClientConfig config = new ZKClientConfig();
    config.setProperty(ZKClientConfig.LOGIN_CONTEXT_NAME_KEY, section);
    return config;
  }

  static void await(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(20, TimeUnit.SECONDS)) throw new IllegalStateException("waited in vain");
  }

  static void tell(String line) throws IOException {
    System.out.println(line);
    System.out.flush();
    int c;
    do c = System.in.read();
    while (c >= 0 && c != '\n');
    if (c < 0) throw new IllegalStateException("the recorder has gone");
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  interface Call {
    void run() throws Exception;
  }

  static void refused(Code code, Call call) throws Exception {
    try {
      call.run();
    } catch (KeeperException e) {
      if (e.code() == code) return;
      throw e;
    }
    throw new IllegalStateException("not refused with " + code);
  }

  static void refused(Code code, int answered) {
    if (answered != code.intValue()) throw new IllegalStateException(answered + " instead of " + code);
  }

  public static void main(String[] args) throws Exception {
    data(args[0]);
    containers(args[0]);
    reconfig(args[0]);
    accessControl(args[0]);
    watches(args[0]);
    multi(args[0]);
    reconnect(args[0], args[1]);
    readOnly(args[0]);
    sasl(args[0]);
    authFailure(args[0]);
    everythingOff(args[2]);
  }

  static void data(String server) throws Exception {
    tell("scene a new session, read-only byte 0");
    Client zk = Client.plain(server);
    Stat stat = new Stat();
    tell("scene create, create2");
    zk.create("/data", bytes("one"), OPEN, CreateMode.PERSISTENT);
    zk.create("/data/null", null, OPEN, CreateMode.PERSISTENT);
    zk.create("/data/s-", bytes("é"), OPEN, CreateMode.PERSISTENT_SEQUENTIAL, stat);
    zk.create("/data/e", new byte[0], OPEN, CreateMode.EPHEMERAL, stat);
    zk.create("/data/e-", new byte[0], OPEN, CreateMode.EPHEMERAL_SEQUENTIAL);
    refused(Code.NODEEXISTS, () -> zk.create("/data", null, OPEN, CreateMode.PERSISTENT));
    refused(Code.NONODE, () -> zk.create("/none/x", null, OPEN, CreateMode.PERSISTENT));
    refused(Code.NOCHILDRENFOREPHEMERALS, () -> zk.create("/data/e/x", null, OPEN, CreateMode.PERSISTENT, stat));
    tell("scene reads");
    zk.exists("/data", false);
    zk.exists("/none", false);
    zk.getData("/data", false, stat);
    zk.getData("/data/null", false, stat);
    refused(Code.NONODE, () -> zk.getData("/none", false, stat));
    zk.getChildren("/data", false);
    zk.getChildren("/data/null", false);
    zk.getChildren("/data", false, stat);
    zk.getEphemerals();
    zk.getEphemerals("/data/e-");
    zk.getAllChildrenNumber("/data");
    zk.whoAmI();
    CountDownLatch synced = new CountDownLatch(1);
    zk.sync("/data", (code, path, context) -> synced.countDown(), null);
    await(synced);
    tell("scene setData, delete");
    zk.setData("/data", bytes("two"), 0);
    zk.setData("/data", null, 1);
    refused(Code.BADVERSION, () -> zk.setData("/data", null, 0));
    refused(Code.NOTEMPTY, () -> zk.delete("/data", -1));
    zk.delete("/data/null", 0);
    tell("scene ping");
    TimeUnit.MILLISECONDS.sleep(TIMEOUT_MS / 2);
    tell("scene closeSession");
    zk.close();
  }

  static void containers(String server) throws Exception {
    Client zk = Client.plain(server);
    Stat stat = new Stat();
    tell("scene createContainer, createTTL");
    zk.create("/container", bytes("c"), OPEN, CreateMode.CONTAINER);
    zk.create("/container2", bytes("c"), OPEN, CreateMode.CONTAINER, stat);
    zk.create("/ttl", bytes("t"), OPEN, CreateMode.PERSISTENT_WITH_TTL, stat, 3_600_000);
    zk.create("/ttl-", bytes("t"), OPEN, CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL, stat, 1);
    tell("scene deleteContainer, which no client offers: a path alone, as in sync");
    zk.send(OpCode.deleteContainer, new SyncRequest("/container"));
    zk.close();
  }

  static void reconfig(String server) throws Exception {
    Client zk = Client.plain(server);
    Stat stat = new Stat();
    String config = new String(zk.getConfig(false, stat), StandardCharsets.UTF_8);
    String members = config.lines().filter(line -> line.startsWith("server.")).collect(Collectors.joining(","));
    tell("scene reconfig");
    refused(Code.NOAUTH, () -> zk.reconfigure((String) null, null, members, -1, stat));
    zk.addAuthInfo("digest", bytes("super:test"));
    refused(Code.BADVERSION, () -> zk.reconfigure("server.2=127.0.0.1:1:2;3", "3", null, 7, stat));
    zk.reconfigure((String) null, null, members, -1, stat);
    zk.close();
  }

  static void accessControl(String server) throws Exception {
    Client zk = Client.plain(server);
    Client other = Client.plain(server);
    Stat stat = new Stat();
    tell("scene auth");
    zk.addAuthInfo("digest", bytes("me:secret"));
    zk.whoAmI();
    tell("scene getACL, setACL");
    List<ACL> acl =
        Arrays.asList(
            new ACL(Perms.ALL, new Id("auth", "")),
            new ACL(Perms.READ, new Id("world", "anyone")),
            new ACL(Perms.READ | Perms.WRITE, new Id("ip", "10.0.0.0/8")));
    zk.create("/mine", null, Ids.CREATOR_ALL_ACL, CreateMode.PERSISTENT);
    zk.getACL("/mine", stat);
    zk.setACL("/mine", acl, 0);
    zk.getACL("/mine", stat);
    refused(Code.BADVERSION, () -> zk.setACL("/mine", acl, 7));
    tell("scene getACL by one who is not ADMIN: masked");
    other.getACL("/mine", stat);
    tell("scene refused by access control lists");
    refused(Code.NOAUTH, () -> other.setACL("/mine", OPEN, -1));
    refused(Code.NOAUTH, () -> other.setData("/mine", null, -1));
    refused(Code.INVALIDACL, () -> other.create("/x", null, Ids.CREATOR_ALL_ACL, CreateMode.PERSISTENT));
    zk.close();
    other.close();
  }

  static void watches(String server) throws Exception {
    Client zk = Client.plain(server);
    tell("scene watch events of all four types");
    zk.exists("/w", ONE);
    zk.getChildren("/", ONE);
    zk.create("/w", null, OPEN, CreateMode.PERSISTENT);
    zk.getData("/w", ONE, null);
    zk.setData("/w", bytes("x"), -1);
    zk.getData("/w", ONE, null);
    zk.delete("/w", -1);
    tell("scene addWatch");
    zk.addWatch("/p", ONE, AddWatchMode.PERSISTENT);
    zk.addWatch("/r", ONE, AddWatchMode.PERSISTENT_RECURSIVE);
    zk.create("/p", null, OPEN, CreateMode.PERSISTENT);
    zk.create("/p/x", null, OPEN, CreateMode.PERSISTENT);
    zk.create("/r", null, OPEN, CreateMode.PERSISTENT);
    zk.create("/r/x", null, OPEN, CreateMode.PERSISTENT);
    tell("scene checkWatches, removeWatches");
    zk.exists("/p", OTHER);
    zk.removeWatches("/p", OTHER, WatcherType.Data, false);
    refused(
        Code.NOWATCHER,
        zk.send(OpCode.checkWatches, new CheckWatchesRequest("/none", WatcherType.Data.getIntValue())));
    zk.removeAllWatches("/p", WatcherType.Any, false);
    zk.close();
  }

  static void multi(String server) throws Exception {
    Client zk = Client.plain(server);
    tell("scene multi");
    zk.multi(
        List.of(
            Op.create("/m", bytes("1"), OPEN, CreateMode.PERSISTENT),
            Op.create("/m/s-", null, OPEN, CreateMode.PERSISTENT_SEQUENTIAL),
            Op.create("/m/c", null, OPEN, CreateMode.CONTAINER),
            Op.create("/m/t", null, OPEN, CreateMode.PERSISTENT_WITH_TTL, 3_600_000),
            Op.setData("/m", bytes("2"), 0),
            Op.check("/m", 1),
            Op.delete("/m/s-0000000000", -1)));
    zk.send(OpCode.multi, new org.apache.zookeeper.MultiOperationRecord());
    tell("scene multi with a failure at its start, in its middle, at its end");
    refused(Code.NONODE, () -> zk.multi(List.of(Op.delete("/none", -1), Op.check("/m", -1))));
    refused(
        Code.BADVERSION,
        () -> zk.multi(List.of(Op.setData("/m", null, -1), Op.check("/m", 7), Op.delete("/m", -1))));
    refused(
        Code.NODEEXISTS,
        () -> zk.multi(List.of(Op.check("/m", -1), Op.create("/m", null, OPEN, CreateMode.PERSISTENT))));
    tell("scene multiRead, with a failure in it");
    zk.multi(List.of(Op.getData("/m"), Op.getChildren("/m"), Op.getData("/none"), Op.getChildren("/none")));
    zk.close();
  }

  static void reconnect(String server, String direct) throws Exception {
    Client zk = Client.plain(server);
    Client meddler = Client.plain(direct);
    zk.create("/seen", null, OPEN, CreateMode.PERSISTENT);
    zk.create("/kept", null, OPEN, CreateMode.PERSISTENT);
    tell("scene re-attached, setWatches, one event of what was missed");
    zk.getData("/seen", ONE, null);
    zk.getData("/kept", ONE, null);
    zk.getChildren("/kept", ONE);
    zk.exists("/unborn", ONE);
    whileAway(zk, () -> meddler.setData("/seen", bytes("changed"), -1));
    tell("scene re-attached, setWatches2");
    zk.addWatch("/p2", ONE, AddWatchMode.PERSISTENT);
    zk.addWatch("/r2", ONE, AddWatchMode.PERSISTENT_RECURSIVE);
    whileAway(zk, () -> meddler.create("/unborn", null, OPEN, CreateMode.PERSISTENT));
    zk.close();
    meddler.close();
  }

  static void whileAway(Client zk, Call meddling) throws Exception {
    tell("cut");
    zk.state.connected = new CountDownLatch(1);
    meddling.run();
    tell("resume");
    await(zk.state.connected);
    // Its answer comes behind those to the watches.
    zk.exists("/", false);
  }

  static void readOnly(String server) throws Exception {
    tell("scene a new session, read-only byte 1");
    State state = new State();
    ZooKeeper zk = new ZooKeeper(server, TIMEOUT_MS, state, true);
    await(state.connected);
    zk.close();
    tell("scene an unknown session: expired");
    State expired = new State();
    ZooKeeper late = new ZooKeeper(server, TIMEOUT_MS, expired, 0x1234_5678_9abcL, new byte[16]);
    await(expired.ended);
    late.close();
  }

  static void sasl(String server) throws Exception {
    tell("scene sasl");
    State state = new State();
    Client zk = new Client(server, state, saslAs("Client"));
    await(state.authenticated);
    zk.whoAmI();
    zk.create("/sasl", null, Ids.CREATOR_ALL_ACL, CreateMode.PERSISTENT);
    zk.getACL("/sasl", null);
    zk.close();
    tell("scene sasl with a wrong password");
    State refused = new State();
    Client wrong = new Client(server, refused, saslAs("Wrong"));
    await(refused.ended);
    wrong.close();
  }

  static void authFailure(String server) throws Exception {
    tell("scene an unknown scheme: auth fails");
    Client zk = Client.plain(server);
    zk.addAuthInfo("none-such", bytes("x"));
    await(zk.state.ended);
    zk.close();
  }

  static void everythingOff(String server) throws Exception {
    Client zk = Client.plain(server);
    Stat stat = new Stat();
    tell("scene reconfig and TTL are off, nobody logs in");
    refused(Code.RECONFIGDISABLED, () -> zk.reconfigure("server.2=127.0.0.1:1:2;3", null, null, -1, stat));
    refused(
        Code.UNIMPLEMENTED, () -> zk.create("/ttl", null, OPEN, CreateMode.PERSISTENT_WITH_TTL, stat, 1));
    zk.send(OpCode.sasl, new GetSASLRequest(bytes("token")));
    zk.close();
  }
}
