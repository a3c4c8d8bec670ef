import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.ExponentialBackoffRetry;

/** Tries out an ensemble with Curator: HOST:PORT,HOST:PORT,... See talking-program.ts for what it prints and reads. */
public class CuratorProgram {
  static final int SECONDS_MAX = 20;
  static String hosts;

  interface Part {
    void run(CuratorFramework client) throws Exception;
  }

  public static void main(String[] args) throws Exception {
    hosts = args[0];
    CuratorFramework client = connect();
    try {
      Basics.run(client);
      Coordination.run(client);
      Shared.run(client);
      Following.run(client);
      Reconnect.run(client);
    } catch (Throwable e) {
      e.printStackTrace();
      System.exit(1);
    }
    client.close();
    System.exit(0);
  }

  static CuratorFrameworkFactory.Builder builder() {
    return CuratorFrameworkFactory.builder()
        .connectString(hosts)
        .sessionTimeoutMs(10_000)
        .connectionTimeoutMs(10_000)
        .retryPolicy(new ExponentialBackoffRetry(50, 10));
  }

  static CuratorFramework connect() throws Exception {
    return started(builder().build());
  }

  static CuratorFramework started(CuratorFramework client) throws Exception {
    client.start();
    check(client.blockUntilConnected(SECONDS_MAX, TimeUnit.SECONDS), "connected");
    return client;
  }

  static void part(String name, Part part, CuratorFramework client) throws Exception {
    part.run(client);
    System.out.println("passed " + name);
    System.out.flush();
  }

  static void ask(String what) throws Exception {
    System.out.println(what);
    System.out.flush();
    StringBuilder answer = new StringBuilder();
    for (int c; (c = System.in.read()) >= 0 && c != '\n'; ) answer.append((char) c);
    check(answer.toString().equals("done"), what);
  }

  static void check(boolean condition, String what) {
    if (!condition) throw new AssertionError("not so: " + what);
  }

  static void same(Object expected, Object found) {
    if (!expected.equals(found)) throw new AssertionError("expected " + expected + ", found " + found);
  }

  static void refused(Class<? extends Exception> with, Callable<?> call) throws Exception {
    try {
      call.call();
    } catch (Exception e) {
      if (with.isInstance(e)) return;
      throw e;
    }
    throw new AssertionError("not refused with " + with.getSimpleName());
  }

  /** Waits for what others bring about; a bound for what is broken. */
  static void until(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS_MAX);
    while (!condition.call()) {
      if (System.nanoTime() > end) throw new AssertionError("waited in vain: " + what);
      Thread.sleep(10);
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
