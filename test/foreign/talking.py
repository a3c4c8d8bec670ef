"""What the kazoo programs share: how they talk to the test (see talking-program.ts), connect, check and wait."""

import sys
import time

from kazoo.client import KazooClient

SECONDS_MAX = 20
hosts = sys.argv[1]


def passed(feature):
    print("passed", feature, flush=True)


def ask(what):
    print(what, flush=True)
    assert sys.stdin.readline().strip() == "done"


def raises(error, call, *args, **options):
    try:
        call(*args, **options)
    except error:
        return
    raise AssertionError("expected %s" % error.__name__)


def wait(event, what):
    assert event.wait(SECONDS_MAX), "waited in vain for " + what


def until(what, condition):
    """Waits for what others bring about; a bound for what is broken."""
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, "waited in vain for " + what
        time.sleep(0.01)


def connect(**options):
    client = KazooClient(hosts=hosts, timeout=10, **options)
    client.start(timeout=SECONDS_MAX)
    return client


def leave(client):
    client.stop()
    client.close()
