"""Makes kazoo say what it can say: golden_kazoo.py HOST:PORT. See Golden.java for what it prints and reads."""

import sys
import threading

from kazoo.client import KazooClient, KazooState
from kazoo.exceptions import NoNodeError
from kazoo.security import make_digest_acl


def tell(line):
    print(line, flush=True)
    assert sys.stdin.readline() != ""


tell("scene kazoo: a new session")
client = KazooClient(hosts=sys.argv[1], timeout=10, auth_data=[("digest", "you:secret")])
connected = threading.Event()
client.add_listener(lambda state: connected.set() if state == KazooState.CONNECTED else None)
client.start(timeout=20)
tell("scene kazoo: data, access control")
client.create("/kazoo", b"one", acl=[make_digest_acl("you", "secret", all=True)])
client.create("/kazoo/e-", b"", ephemeral=True, sequence=True)
client.create("/kazoo/s", include_data=True)
client.get("/kazoo")
client.set("/kazoo", b"two")
client.get_acls("/kazoo")
client.exists("/kazoo/none", watch=lambda event: None)
client.get_children("/kazoo")
client.get_children("/kazoo", include_data=True)
client.sync("/kazoo")
client.delete("/kazoo/s")
tell("scene kazoo: transactions")
good = client.transaction()
good.create("/kazoo/t", b"1")
good.set_data("/kazoo/t", b"2")
good.check("/kazoo/t", version=1)
good.delete("/kazoo/t")
good.commit()
bad = client.transaction()
bad.set_data("/kazoo", b"3")
bad.delete("/kazoo/none")
bad.check("/kazoo", version=1)
assert isinstance(bad.commit()[1], NoNodeError)
tell("scene kazoo: re-attached")
connected.clear()
tell("cut")
tell("resume")
assert connected.wait(20)
client.exists("/kazoo")
tell("scene kazoo: closeSession")
client.stop()
client.close()
