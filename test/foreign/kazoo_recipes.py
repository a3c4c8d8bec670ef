"""Tries out kazoo's recipes, each by two clients: kazoo_recipes.py HOST:PORT,HOST:PORT,..."""

import threading

from kazoo.recipe.cache import TreeCache, TreeEvent
from kazoo.recipe.partitioner import SetPartitioner
from kazoo.recipe.watchers import PatientChildrenWatch

from talking import SECONDS_MAX, ask, connect, leave, passed, until, wait


class Beside:
    """Runs something at the same time, and tells what came of it."""

    def __init__(self, call, *args, **options):
        self.result = self.error = None
        self.thread = threading.Thread(target=self.run, args=(call, args, options), daemon=True)
        self.thread.start()

    def run(self, call, args, options):
        try:
            self.result = call(*args, **options)
        except BaseException as error:
            self.error = error

    @property
    def done(self):
        return not self.thread.is_alive()

    def get(self):
        self.thread.join(SECONDS_MAX)
        assert self.done, "it does not end"
        if self.error is not None:
            raise self.error
        return self.result


def locks(one, other):
    mine, theirs = one.Lock("/lock", "one"), other.Lock("/lock", "other")
    assert mine.acquire(timeout=SECONDS_MAX)
    assert not theirs.acquire(blocking=False)
    waiting = Beside(theirs.acquire, timeout=SECONDS_MAX)
    until("both to stand in line", lambda: mine.contenders() == ["one", "other"])
    assert not waiting.done
    mine.release()
    assert waiting.get()
    theirs.release()
    reading, also, writing = one.ReadLock("/rw"), other.ReadLock("/rw"), other.WriteLock("/rw")
    assert reading.acquire(timeout=SECONDS_MAX) and also.acquire(timeout=SECONDS_MAX)
    also.release()
    assert not writing.acquire(blocking=False)
    reading.release()
    assert writing.acquire(timeout=SECONDS_MAX)
    assert not reading.acquire(blocking=False)
    writing.release()
    passed("locks")


def semaphore(one, other):
    mine, theirs, third = (c.Semaphore("/semaphore", max_leases=2) for c in (one, other, other))
    assert mine.acquire(timeout=SECONDS_MAX) and theirs.acquire(timeout=SECONDS_MAX)
    assert not third.acquire(blocking=False)
    assert len(mine.lease_holders()) == 2
    waiting = Beside(third.acquire, timeout=SECONDS_MAX)
    mine.release()
    assert waiting.get()
    theirs.release()
    third.release()
    passed("semaphore")


def election(one, other):
    order, enough = [], threading.Event()

    def lead(name):
        order.append(name)
        if name == "one":
            wait(enough, "the other candidate")

    first = Beside(one.Election("/election", "one").run, lead, "one")
    until("the first to lead", lambda: order == ["one"])
    candidate = other.Election("/election", "other")
    second = Beside(candidate.run, lead, "other")
    until("both candidates", lambda: candidate.contenders() == ["one", "other"])
    enough.set()
    first.get()
    second.get()
    assert order == ["one", "other"], order
    passed("election")


def barriers(one, other):
    barrier = one.Barrier("/barrier")
    barrier.create()
    waiting = Beside(other.Barrier("/barrier").wait, SECONDS_MAX)
    assert not one.Barrier("/barrier").wait(0.05)
    barrier.remove()
    assert waiting.get()
    mine, theirs = one.DoubleBarrier("/double", 2), other.DoubleBarrier("/double", 2)
    entering = Beside(mine.enter)
    theirs.enter()
    entering.get()
    leaving = Beside(mine.leave)
    theirs.leave()
    leaving.get()
    passed("barriers")


def queues(one, other):
    queue = one.Queue("/queue")
    for value, priority in ((b"late", 200), (b"first", 100), (b"second", 100)):
        queue.put(value, priority)
    theirs = other.Queue("/queue")
    assert [theirs.get() for _ in range(4)] == [b"first", b"second", b"late", None]
    queue = one.LockingQueue("/locking-queue")
    queue.put_all([b"a", b"b"])
    theirs = other.LockingQueue("/locking-queue")
    assert theirs.get(SECONDS_MAX) == b"a"
    assert queue.get(SECONDS_MAX) == b"b"
    assert theirs.consume() and queue.consume()
    waiting = Beside(theirs.get, SECONDS_MAX)
    queue.put(b"c")
    assert waiting.get() == b"c"
    assert theirs.consume() and len(queue) == 0
    passed("queues")


def parties(one, other):
    for kind in ("Party", "ShallowParty"):
        path = "/" + kind.lower()
        mine, theirs = getattr(one, kind)(path, "one"), getattr(other, kind)(path, "other")
        mine.join()
        theirs.join()
        assert sorted(mine) == ["one", "other"] and len(theirs) == 2
        theirs.leave()
        assert list(mine) == ["one"]
    passed("parties")


def counter(one, other):
    counters = [client.Counter("/counter") for client in (one, other)]

    def count(mine):
        for _ in range(10):
            mine += 1

    for adding in [Beside(count, mine) for mine in counters]:
        adding.get()
    assert [mine.value for mine in counters] == [20, 20]
    passed("counter")


def watchers(one, other):
    data, children = [], []
    one.ensure_path("/followed")
    one.DataWatch("/followed", lambda value, stat: data.append(value))
    one.ChildrenWatch("/followed", lambda names: children.append(sorted(names)))
    other.set("/followed", b"1")
    until("the data", lambda: data == [b"", b"1"])
    other.create("/followed/a")
    until("the child", lambda: children == [[], ["a"]])
    patient = PatientChildrenWatch(one, "/followed", time_boundary=0.2).start()
    other.create("/followed/b")
    names, changed = patient.get(timeout=SECONDS_MAX)
    assert sorted(names) == ["a", "b"], names
    assert not changed.ready()
    other.delete("/followed/b")
    changed.get(timeout=SECONDS_MAX)
    passed("watchers")


def tree_cache(one, other):
    seen, ready = set(), threading.Event()

    def note(event):
        if event.event_type == TreeEvent.INITIALIZED:
            ready.set()
        elif event.event_data is not None:
            seen.add((event.event_type, event.event_data.path, event.event_data.data))

    one.create("/cached/a", b"1", makepath=True)
    cache = TreeCache(one, "/cached")
    cache.listen(note)
    cache.start()
    wait(ready, "the cache to be filled")
    assert cache.get_data("/cached/a").data == b"1"
    other.create("/cached/a/b", b"2")
    other.set("/cached/a", b"3")
    until("a grandchild", lambda: (TreeEvent.NODE_ADDED, "/cached/a/b", b"2") in seen)
    until("a change", lambda: (TreeEvent.NODE_UPDATED, "/cached/a", b"3") in seen)
    other.delete("/cached/a/b")
    until("a delete", lambda: cache.get_children("/cached/a") == frozenset())
    cache.close()
    passed("tree cache")


def partitioner(one, other):
    parts = [
        SetPartitioner(client, "/parts", set(range(6)), identifier=name, time_boundary=0.3)
        for client, name in ((one, "one"), (other, "other"))
    ]

    def settled():
        for part in parts:
            if part.release:
                part.release_set()
        return all(part.acquired for part in parts) and all(len(list(part)) == 3 for part in parts)

    until("both to have their half", settled)
    assert sorted(item for part in parts for item in part) == list(range(6))
    for part in parts:
        part.finish()
    passed("set partitioner")


def reconnect(one):
    """A lock, a party and a counter outlast the server that they came by."""
    lock, party = one.Lock("/kept-lock", "one"), one.Party("/kept-party", "one")
    lock.acquire(timeout=SECONDS_MAX)
    party.join()
    session = one.client_id[0]
    lost, back = threading.Event(), threading.Event()
    one.add_listener(lambda state: (back if state == "CONNECTED" else lost).set())
    ask("kill")
    wait(lost, "the loss of the connection")
    wait(back, "another server")
    assert one.client_id[0] == session, "another session"
    assert one.retry(lock.contenders) == ["one"] and list(party) == ["one"]
    lock.release()
    party.leave()
    ask("restart")
    passed("reconnect")


one, other = connect(), connect()
parts = (locks, semaphore, election, barriers, queues, parties, counter, watchers, tree_cache, partitioner)
for part in parts:
    part(one, other)
leave(other)
reconnect(one)
leave(one)
