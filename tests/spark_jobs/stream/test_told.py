"""What was told is kept in Redis, where the service reads it too."""

import redis
from confluent_kafka import Producer

from expectations.contracts.transitions import Transition, encode_transition
from segments.told import Told
from serving_app.live.redis_store import RedisBackend
from serving_app.memberships import told as service_told
from spark_jobs.settings import Settings
from spark_jobs.stream.told import RedisTold
from spark_jobs.stream.told_topic import read_told

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


def test_the_topic_says_what_was_told_last(kafka, new_topic):
    topic = new_topic()
    producer = Producer({"bootstrap.servers": kafka.servers})
    for since, is_entered, name in ((10, True, "cart"), (20, False, "cart"), (15, True, "fan")):
        line = encode_transition(Transition("c1", name, is_entered, since, 99, "event"))
        producer.produce(topic, line, key="c1")
    producer.produce(topic, b"rubbish", key="c1")
    producer.produce(topic, encode_transition(Transition("c2", "fan", True, 5, 99, "time")), key="c2")
    assert producer.flush(20) == 0
    environ = {"CONCIERGE_KAFKA_SERVERS": kafka.servers, "CONCIERGE_TRANSITIONS_TOPIC": topic}
    assert read_told(Settings.from_environment(environ)) == {
        "c1": {"cart": Told(False, 20), "fan": Told(True, 15)},
        "c2": {"fan": Told(True, 5)},
    }


def test_the_service_reads_what_the_stream_has_told(redis_port):
    uri = f"redis://127.0.0.1:{redis_port}/0"
    RedisTold(uri).write({"c1": {"cart": Told(True, 10)}})
    found = []
    RedisBackend(uri).update(lambda transaction: found.append(service_told.read_told(transaction, "c1")))
    assert found == [{"cart": Told(True, 10)}]
