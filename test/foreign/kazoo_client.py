"""Tries out a ZooKeeper ensemble with kazoo: kazoo_client.py HOST:PORT,HOST:PORT,...

See talking-program.ts for what it prints and reads.
"""

import threading

from kazoo.client import KazooState
from kazoo.exceptions import (
    AuthFailedError,
    BadVersionError,
    InvalidACLError,
    NoAuthError,
    NoNodeError,
    NotEmptyError,
    RolledBackError,
)
from kazoo.security import ACL, Id, make_acl, make_digest_acl

from talking import SECONDS_MAX, ask, connect, leave, passed, raises, wait


def data(client):
    assert client.create("/data", b"one") == "/data"
    value, stat = client.get("/data")
    assert (value, stat.version, stat.data_length, stat.ephemeralOwner) == (b"one", 0, 3, 0)
    assert client.set("/data", b"two", version=0).version == 1
    raises(BadVersionError, client.set, "/data", b"three", version=0)
    client.create("/data/a/b", b"", makepath=True)
    assert client.get_children("/data") == ["a"]
    raises(NotEmptyError, client.delete, "/data/a")
    assert client.exists("/data/none") is None
    raises(NoNodeError, client.get, "/data/none")
    acls, _stat = client.get_acls("/data")
    assert acls[0].perms == 31 and acls[0].id.id == "anyone"
    client.delete("/data/a", recursive=True)
    path, stat = client.create("/data/stat", b"x" * 1000, include_data=True)
    assert (path, stat.data_length) == ("/data/stat", 1000)
    passed("data")


def sequential(client):
    client.create("/seq", b"")
    made = [client.create("/seq/n-", b"", sequence=True) for _ in range(3)]
    assert made == ["/seq/n-%010d" % i for i in range(3)], made
    futures = [client.create_async("/seq/p-", b"", sequence=True) for _ in range(100)]
    assert [f.get(timeout=SECONDS_MAX) for f in futures] == ["/seq/p-%010d" % i for i in range(3, 103)]
    passed("sequential")


def ephemeral(client):
    other = connect()
    other.create("/mine", b"", ephemeral=True)
    client.sync("/mine")
    assert client.exists("/mine").ephemeralOwner == other.client_id[0]
    gone = threading.Event()
    client.exists("/mine", watch=lambda event: gone.set())
    leave(other)
    wait(gone, "the end of the ephemeral")
    assert client.exists("/mine") is None
    passed("ephemeral")


def watch(client):
    events = []
    fired = threading.Semaphore(0)

    def note(event):
        events.append((event.type, event.path))
        fired.release()

    client.exists("/watched", watch=note)
    client.get_children("/", watch=note)
    client.create("/watched", b"")
    client.get("/watched", watch=note)
    client.set("/watched", b"changed")
    client.get("/watched", watch=note)
    client.delete("/watched")
    for _ in range(4):
        assert fired.acquire(timeout=SECONDS_MAX), events
    assert events == [
        ("CREATED", "/watched"),
        ("CHILD", "/"),
        ("CHANGED", "/watched"),
        ("DELETED", "/watched"),
    ], events
    passed("watch")


def multi(client):
    good = client.transaction()
    good.create("/t", b"1")
    good.create("/t/s-", b"", sequence=True)
    good.set_data("/t", b"2")
    good.check("/t", version=1)
    good.delete("/t/s-0000000000")
    results = good.commit()
    assert results[:2] == ["/t", "/t/s-0000000000"], results
    assert results[2].version == 1 and results[3:] == [True, True], results
    bad = client.transaction()
    bad.set_data("/t", b"3")
    bad.check("/t", version=7)
    bad.delete("/t")
    kinds = [type(result) for result in bad.commit()]
    assert kinds[:2] == [RolledBackError, BadVersionError], kinds
    assert client.get("/t")[0] == b"2"
    passed("multi")


def sync(client):
    assert client.sync("/data") == "/data"
    passed("sync")


def access_control(client):
    owner = connect(auth_data=[("digest", "me:secret")])
    owner.create("/owned", b"x", acl=[make_digest_acl("me", "secret", all=True)])
    # It may be with another server, which what the owner did has yet to reach.
    client.sync("/owned")
    raises(NoAuthError, client.get, "/owned")
    raises(NoAuthError, client.set_acls, "/owned", [make_acl("world", "anyone", all=True)])
    acls, stat = owner.get_acls("/owned")
    assert acls == [make_digest_acl("me", "secret", all=True)] and stat.aversion == 0
    open_to_read = make_acl("world", "anyone", read=True)
    assert owner.set_acls("/owned", [acls[0], open_to_read], version=0).aversion == 1
    client.sync("/owned")
    assert client.get("/owned")[0] == b"x"
    raises(NoAuthError, client.set, "/owned", b"y")
    # Whoever may not administer is not shown the hash.
    assert client.get_acls("/owned")[0][0].id == Id("digest", "me:x")
    raises(InvalidACLError, client.create, "/x", acl=[make_acl("auth", "", all=True)])
    raises(InvalidACLError, client.create, "/x", acl=[ACL(31, Id("none-such", "x"))])
    client.add_auth("digest", "me:secret")
    client.set("/owned", b"z")
    owner.delete("/owned")
    leave(owner)
    stranger = connect()
    raises(AuthFailedError, stranger.add_auth, "none-such", "x")
    leave(stranger)
    passed("access control")


def commands(client):
    assert client.command(b"ruok") == "imok"
    assert client.server_version() >= (3, 4)
    passed("commands")


def reconnect(client):
    connected = threading.Event()
    lost = threading.Event()
    states = []

    def on_state(state):
        states.append(state)
        (connected if state == KazooState.CONNECTED else lost).set()

    seen = []
    changed = threading.Event()
    client.create("/kept", b"before")
    client.create("/kept-ephemeral", b"", ephemeral=True)

    @client.DataWatch("/kept")
    def follow(value, _stat):
        seen.append(value)
        if value == b"after":
            changed.set()

    session = client.client_id[0]
    client.add_listener(on_state)
    ask("kill")
    wait(lost, "the loss of the connection")
    wait(connected, "another server")
    assert client.client_id[0] == session, "another session"
    assert KazooState.LOST not in states, states
    assert client.retry(client.get, "/kept")[0] == b"before"
    assert client.exists("/kept-ephemeral").ephemeralOwner == session
    client.retry(client.set, "/kept", b"after")
    wait(changed, "the watch to fire")
    ask("restart")
    passed("reconnect")


client = connect()
for feature in (data, sequential, ephemeral, watch, multi, sync, access_control, commands, reconnect):
    feature(client)
leave(client)
