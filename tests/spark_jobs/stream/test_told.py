"""What was told is kept in Redis, where the service reads it too."""

import redis

from segments.told import Told
from serving_app.live.redis_store import RedisBackend
from serving_app.memberships.told import read_told
from spark_jobs.stream.told import RedisTold

OF_C1 = b"concierge:live:1:h/c1"


def test_redis_keeps_what_was_told(redis_port):
    uri = f"redis://127.0.0.1:{redis_port}/0"
    store, client = RedisTold(uri), redis.Redis.from_url(uri)
    store.write({"c1": {"cart": Told(True, 10), "fan": Told(True, 11)}, "c2": {"fan": Told(False, 12)}})
    assert store.read(["c2", "nobody", "c1"]) == [
        {"fan": Told(False, 12)},
        None,
        {"cart": Told(True, 10), "fan": Told(True, 11)},
    ]
    assert sorted(name for some in store.list_owners() for name in set(some)) == ["c1", "c2"]
    assert client.ttl(OF_C1) == -1, "who is in something is never forgotten"
    store.write({"c1": {"cart": Told(False, 20), "fan": Told(False, 21)}})
    assert 0 < client.ttl(OF_C1) <= 30 * 86_400
    store.write({"c1": {"fan": Told(True, 30)}})
    assert client.ttl(OF_C1) == -1

    store.touch("night-2", ["c1", "c2"])
    store.touch("night-2", ["c1"])
    assert (store.has_baseline(), store.read_teller(), store.list_touched("night-2")) == (
        False,
        "",
        ["c1", "c2"],
    )
    store.write_teller("night-2")
    assert (store.has_baseline(), store.read_teller(), store.list_touched("night-2")) == (True, "night-2", [])


def test_the_service_reads_what_the_stream_has_told(redis_port):
    uri = f"redis://127.0.0.1:{redis_port}/0"
    RedisTold(uri).write({"c1": {"cart": Told(True, 10)}})
    found = []
    RedisBackend(uri).update(lambda transaction: found.append(read_told(transaction, "c1")))
    assert found == [{"cart": Told(True, 10)}]
