/* Tries out a ZooKeeper ensemble with ZooKeeper's own C client: c-client HOST:PORT,HOST:PORT,...
 * See talking-program.ts for what it prints and reads. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <pthread.h>
#include <zookeeper/zookeeper.h>

enum { SECONDS_MAX = 20, EVENTS_MAX = 64 };

#define CHECK(condition) ((condition) ? (void)0 : failed(#condition, __LINE__))
#define OK(call) check_code((call), #call, __LINE__)
#define IS(code, call) ((call) == (code) ? (void)0 : failed(#call " is " #code, __LINE__))

static void failed(const char *what, int line) {
  fprintf(stderr, "c-client.c:%d: not so: %s\n", line, what);
  exit(1);
}

static void check_code(int code, const char *what, int line) {
  if (code == ZOK) return;
  fprintf(stderr, "c-client.c:%d: %s: %s\n", line, what, zerror(code));
  exit(1);
}

static void passed(const char *feature) {
  printf("passed %s\n", feature);
  fflush(stdout);
}

static void ask(const char *what) {
  char answer[64];
  printf("%s\n", what);
  fflush(stdout);
  CHECK(fgets(answer, sizeof answer, stdin) != NULL && strcmp(answer, "done\n") == 0);
}

/* What the library's own thread has reported, behind one lock. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t reported = PTHREAD_COND_INITIALIZER;
static struct { int type; char path[128]; } events[EVENTS_MAX];
static int event_count = 0, state = 0, disconnects = 0, synced = 0;

static void on_event(zhandle_t *zh, int type, int new_state, const char *path, void *context) {
  (void)zh;
  pthread_mutex_lock(&lock);
  if (type == ZOO_SESSION_EVENT) {
    /* The second session has no context: only what happens to the first one counts. */
    if (context != NULL) {
      if (state == ZOO_CONNECTED_STATE && new_state != ZOO_CONNECTED_STATE) disconnects++;
      state = new_state;
    }
  } else if (event_count < EVENTS_MAX) {
    events[event_count].type = type;
    snprintf(events[event_count].path, sizeof events[0].path, "%s", path);
    event_count++;
  }
  pthread_cond_broadcast(&reported);
  pthread_mutex_unlock(&lock);
}

static void on_synced(int code, const char *path, const void *context) {
  (void)path;
  (void)context;
  pthread_mutex_lock(&lock);
  synced = code == ZOK ? 1 : -1;
  pthread_cond_broadcast(&reported);
  pthread_mutex_unlock(&lock);
}

#define WAIT_FOR(condition)                                                                       \
  do {                                                                                            \
    struct timespec until;                                                                        \
    clock_gettime(CLOCK_REALTIME, &until);                                                        \
    until.tv_sec += SECONDS_MAX;                                                                  \
    pthread_mutex_lock(&lock);                                                                    \
    while (!(condition))                                                                          \
      if (pthread_cond_timedwait(&reported, &lock, &until) != 0) failed(#condition, __LINE__);    \
    pthread_mutex_unlock(&lock);                                                                  \
  } while (0)

static void expect_event(int at, int type, const char *path) {
  WAIT_FOR(event_count > at);
  CHECK(events[at].type == type);
  CHECK(strcmp(events[at].path, path) == 0);
}

static const struct ACL_vector *open_acl = &ZOO_OPEN_ACL_UNSAFE;

static void try_data(zhandle_t *zh) {
  char path[64], bytes[64];
  struct Stat stat;
  int length = sizeof bytes;
  OK(zoo_create(zh, "/data", "one", 3, open_acl, 0, path, sizeof path));
  CHECK(strcmp(path, "/data") == 0);
  OK(zoo_get(zh, "/data", 0, bytes, &length, &stat));
  CHECK(length == 3 && memcmp(bytes, "one", 3) == 0);
  CHECK(stat.version == 0 && stat.dataLength == 3 && stat.ephemeralOwner == 0 && stat.czxid == stat.mzxid);
  OK(zoo_set2(zh, "/data", "two", 3, 0, &stat));
  CHECK(stat.version == 1 && stat.mzxid > stat.czxid);
  IS(ZBADVERSION, zoo_set(zh, "/data", "x", 1, 0));
  IS(ZNODEEXISTS, zoo_create(zh, "/data", "x", 1, open_acl, 0, NULL, 0));
  IS(ZNONODE, zoo_create(zh, "/none/x", "x", 1, open_acl, 0, NULL, 0));
  OK(zoo_create(zh, "/data/null", NULL, -1, open_acl, 0, NULL, 0));
  length = sizeof bytes;
  OK(zoo_get(zh, "/data/null", 0, bytes, &length, &stat));
  CHECK(length == -1);
  IS(ZNOTEMPTY, zoo_delete(zh, "/data", -1));
  struct String_vector children;
  OK(zoo_get_children2(zh, "/data", 0, &children, &stat));
  CHECK(children.count == 1 && strcmp(children.data[0], "null") == 0 && stat.numChildren == 1);
  deallocate_String_vector(&children);
  struct ACL_vector acl;
  OK(zoo_get_acl(zh, "/data", &acl, &stat));
  CHECK(acl.count == 1 && acl.data[0].perms == ZOO_PERM_ALL && strcmp(acl.data[0].id.id, "anyone") == 0);
  deallocate_ACL_vector(&acl);
  OK(zoo_delete(zh, "/data/null", 0));
  IS(ZNONODE, zoo_exists(zh, "/data/null", 0, &stat));
  passed("data");
}

static void try_sequential(zhandle_t *zh) {
  char path[64], expected[64];
  OK(zoo_create(zh, "/seq", "", 0, open_acl, 0, NULL, 0));
  for (int i = 0; i < 12; i++) {
    OK(zoo_create(zh, "/seq/n-", "", 0, open_acl, ZOO_SEQUENCE, path, sizeof path));
    snprintf(expected, sizeof expected, "/seq/n-%010d", i);
    CHECK(strcmp(path, expected) == 0);
  }
  passed("sequential");
}

/* What others wrote may not have come to the server of this client yet. */
static void catch_up(zhandle_t *zh, const char *path) {
  synced = 0;
  OK(zoo_async(zh, path, on_synced, NULL));
  WAIT_FOR(synced == 1);
}

static zhandle_t *connect_other(const char *hosts) {
  zhandle_t *other = zookeeper_init(hosts, on_event, 10000, NULL, NULL, 0);
  CHECK(other != NULL);
  struct Stat stat;
  int code;
  for (int i = 0; (code = zoo_exists(other, "/", 0, &stat)) != ZOK; i++) CHECK(code == ZCONNECTIONLOSS && i < 10);
  return other;
}

static void try_ephemeral(zhandle_t *zh, const char *hosts) {
  struct Stat stat;
  zhandle_t *other = connect_other(hosts);
  OK(zoo_create(other, "/mine", "", 0, open_acl, ZOO_EPHEMERAL, NULL, 0));
  catch_up(zh, "/mine");
  int first = event_count;
  OK(zoo_wexists(zh, "/mine", on_event, NULL, &stat));
  CHECK(stat.ephemeralOwner == zoo_client_id(other)->client_id);
  IS(ZNOCHILDRENFOREPHEMERALS, zoo_create(zh, "/mine/x", "", 0, open_acl, 0, NULL, 0));
  OK(zookeeper_close(other));
  expect_event(first, ZOO_DELETED_EVENT, "/mine");
  IS(ZNONODE, zoo_exists(zh, "/mine", 0, &stat));
  passed("ephemeral");
}

static void try_watch(zhandle_t *zh) {
  struct Stat stat;
  struct String_vector children;
  char bytes[8];
  int first = event_count, length = sizeof bytes;
  IS(ZNONODE, zoo_wexists(zh, "/watched", on_event, NULL, &stat));
  OK(zoo_wget_children(zh, "/", on_event, NULL, &children));
  deallocate_String_vector(&children);
  OK(zoo_create(zh, "/watched", "", 0, open_acl, 0, NULL, 0));
  expect_event(first + 1, ZOO_CHILD_EVENT, "/");
  CHECK(events[first].type == ZOO_CREATED_EVENT);
  OK(zoo_wget(zh, "/watched", on_event, NULL, bytes, &length, &stat));
  OK(zoo_set(zh, "/watched", "x", 1, -1));
  expect_event(first + 2, ZOO_CHANGED_EVENT, "/watched");
  OK(zoo_set(zh, "/watched", "y", 1, -1));
  length = sizeof bytes;
  OK(zoo_wget(zh, "/watched", on_event, NULL, bytes, &length, &stat));
  OK(zoo_delete(zh, "/watched", -1));
  expect_event(first + 3, ZOO_DELETED_EVENT, "/watched");
  CHECK(event_count == first + 4);
  passed("watch");
}

static void try_multi(zhandle_t *zh) {
  char path[64], bytes[8];
  int length = sizeof bytes;
  struct Stat stat;
  zoo_op_t ops[4];
  zoo_op_result_t results[4];
  zoo_create_op_init(&ops[0], "/t", "1", 1, open_acl, 0, path, sizeof path);
  zoo_set_op_init(&ops[1], "/t", "2", 1, 0, &stat);
  zoo_check_op_init(&ops[2], "/t", 1);
  zoo_delete_op_init(&ops[3], "/seq/n-0000000000", -1);
  OK(zoo_multi(zh, 4, ops, results));
  CHECK(strcmp(path, "/t") == 0 && stat.version == 1);
  zoo_set_op_init(&ops[0], "/t", "3", 1, 1, &stat);
  zoo_check_op_init(&ops[1], "/t", 7);
  zoo_delete_op_init(&ops[2], "/t", -1);
  IS(ZBADVERSION, zoo_multi(zh, 3, ops, results));
  CHECK(results[0].err == ZOK && results[1].err == ZBADVERSION && results[2].err == ZRUNTIMEINCONSISTENCY);
  OK(zoo_get(zh, "/t", 0, bytes, &length, &stat));
  CHECK(length == 1 && bytes[0] == '2');
  zoo_delete_op_init(&ops[0], "/none", -1);
  IS(ZNONODE, zoo_multi(zh, 3, ops, results));
  CHECK(results[0].err == ZNONODE && results[1].err == ZRUNTIMEINCONSISTENCY);
  zoo_create_op_init(&ops[0], "/t/", "", 0, open_acl, ZOO_SEQUENCE | ZOO_EPHEMERAL, path, sizeof path);
  OK(zoo_multi(zh, 1, ops, results));
  CHECK(strcmp(path, "/t/0000000000") == 0);
  passed("multi");
}

static int answered = 1;

static void on_answer(int code, const void *context) {
  (void)context;
  pthread_mutex_lock(&lock);
  answered = code;
  pthread_cond_broadcast(&reported);
  pthread_mutex_unlock(&lock);
}

/* The answer comes by another thread; no error code is positive. */
static int add_auth(zhandle_t *zh, const char *scheme, const char *credentials) {
  answered = 1;
  OK(zoo_add_auth(zh, scheme, credentials, strlen(credentials), on_answer, NULL));
  WAIT_FOR(answered != 1);
  return answered;
}

static void try_access_control(zhandle_t *zh, const char *hosts) {
  char bytes[16];
  int length = sizeof bytes;
  struct Stat stat;
  struct ACL_vector acl;
  zhandle_t *owner = connect_other(hosts), *stranger = connect_other(hosts);
  IS(ZINVALIDACL, zoo_create(zh, "/owned", "x", 1, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0));
  IS(ZOK, add_auth(owner, "digest", "me:secret"));
  OK(zoo_create(owner, "/owned", "x", 1, &ZOO_CREATOR_ALL_ACL, 0, NULL, 0));
  catch_up(zh, "/owned");
  IS(ZNOAUTH, zoo_get(zh, "/owned", 0, bytes, &length, &stat));
  IS(ZNOAUTH, zoo_set_acl(zh, "/owned", -1, open_acl));
  OK(zoo_get_acl(owner, "/owned", &acl, &stat));
  CHECK(acl.count == 1 && strcmp(acl.data[0].id.scheme, "digest") == 0 && strlen(acl.data[0].id.id) > strlen("me:x"));
  deallocate_ACL_vector(&acl);
  IS(ZBADVERSION, zoo_set_acl(owner, "/owned", 7, open_acl));
  OK(zoo_set_acl(owner, "/owned", 0, &ZOO_READ_ACL_UNSAFE));
  IS(ZNOAUTH, zoo_set_acl(owner, "/owned", 1, open_acl));
  catch_up(zh, "/owned");
  length = sizeof bytes;
  OK(zoo_get(zh, "/owned", 0, bytes, &length, &stat));
  CHECK(length == 1 && stat.aversion == 1);
  IS(ZNOAUTH, zoo_set(zh, "/owned", "y", 1, -1));
  IS(ZAUTHFAILED, add_auth(stranger, "none-such", "x"));
  CHECK(zoo_state(stranger) == ZOO_AUTH_FAILED_STATE);
  zookeeper_close(stranger);
  OK(zookeeper_close(owner));
  passed("access control");
}

static void try_node_types(zhandle_t *zh) {
  char path[64];
  struct Stat stat;
  OK(zoo_create2(zh, "/container", "c", 1, open_acl, ZOO_CONTAINER, path, sizeof path, &stat));
  CHECK(strcmp(path, "/container") == 0 && stat.ephemeralOwner == 0 && stat.dataLength == 1);
  OK(zoo_create(zh, "/container/x", "", 0, open_acl, 0, NULL, 0));
  OK(zoo_create2_ttl(zh, "/ttl-", "t", 1, open_acl, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 3600000, path, sizeof path, &stat));
  CHECK(strncmp(path, "/ttl-", 5) == 0 && strlen(path) == 15);
  OK(zoo_delete(zh, path, 0));
  OK(zoo_delete(zh, "/container/x", 0));
  passed("containers and TTL");
}

static void try_remove_watches(zhandle_t *zh) {
  struct Stat stat;
  struct String_vector children;
  int first = event_count;
  IS(ZNONODE, zoo_wexists(zh, "/unwatched", on_event, NULL, &stat));
  OK(zoo_remove_watches(zh, "/unwatched", ZWATCHTYPE_DATA, on_event, NULL, 0));
  IS(ZNOWATCHER, zoo_remove_watches(zh, "/unwatched", ZWATCHTYPE_DATA, on_event, NULL, 0));
  OK(zoo_wget_children(zh, "/seq", on_event, NULL, &children));
  deallocate_String_vector(&children);
  OK(zoo_remove_all_watches(zh, "/seq", ZWATCHTYPE_ANY, 0));
  OK(zoo_create(zh, "/unwatched", "", 0, open_acl, 0, NULL, 0));
  OK(zoo_create(zh, "/seq/x", "", 0, open_acl, 0, NULL, 0));
  CHECK(event_count == first);
  passed("removed watches");
}

static void try_reconfig(zhandle_t *zh) {
  char config[4096];
  int length = sizeof config;
  struct Stat stat;
  OK(zoo_getconfig(zh, 0, config, &length, &stat));
  length = sizeof config;
  IS(ZRECONFIGDISABLED, zoo_reconfig(zh, NULL, "3", NULL, -1, config, &length, &stat));
  passed("reconfig refused");
}

static void try_sync(zhandle_t *zh) {
  catch_up(zh, "/data");
  passed("sync");
}

static void try_reconnect(zhandle_t *zh) {
  char bytes[16];
  int length = sizeof bytes;
  struct Stat stat;
  int64_t session = zoo_client_id(zh)->client_id;
  OK(zoo_create(zh, "/kept", "before", 6, open_acl, 0, NULL, 0));
  OK(zoo_create(zh, "/kept-ephemeral", "", 0, open_acl, ZOO_EPHEMERAL, NULL, 0));
  int first = event_count;
  OK(zoo_wget(zh, "/kept", on_event, NULL, bytes, &length, &stat));
  ask("kill");
  WAIT_FOR(disconnects > 0 && state == ZOO_CONNECTED_STATE);
  CHECK(zoo_client_id(zh)->client_id == session);
  length = sizeof bytes;
  OK(zoo_get(zh, "/kept", 0, bytes, &length, &stat));
  CHECK(length == 6 && memcmp(bytes, "before", 6) == 0);
  OK(zoo_exists(zh, "/kept-ephemeral", 0, &stat));
  CHECK(stat.ephemeralOwner == session);
  CHECK(event_count == first);
  OK(zoo_set(zh, "/kept", "after", 5, -1));
  expect_event(first, ZOO_CHANGED_EVENT, "/kept");
  ask("restart");
  passed("reconnect");
}

int main(int count, char **arguments) {
  CHECK(count == 2);
  zoo_set_debug_level(ZOO_LOG_LEVEL_WARN);
  static int main_session;
  zhandle_t *zh = zookeeper_init(arguments[1], on_event, 10000, NULL, &main_session, 0);
  CHECK(zh != NULL);
  WAIT_FOR(state == ZOO_CONNECTED_STATE);
  try_data(zh);
  try_sequential(zh);
  try_ephemeral(zh, arguments[1]);
  try_watch(zh);
  try_multi(zh);
  try_access_control(zh, arguments[1]);
  try_node_types(zh);
  try_remove_watches(zh);
  try_reconfig(zh);
  try_sync(zh);
  try_reconnect(zh);
  OK(zookeeper_close(zh));
  return 0;
}
