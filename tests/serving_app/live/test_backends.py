"""One behaviour for every database of live states."""

import threading

import pytest
import redis

from serving_app.live.backends import BackendError, get_exposures_key, get_message_key, get_state_key
from serving_app.live.redis_store import PREFIX, RedisBackend
from tests.serving_app.live.databases import make_lmdb, make_memory

A, B, MESSAGE = get_state_key("i_a"), get_state_key("i_b"), get_message_key("m-1")


def test_what_is_written_is_read(backend):
    assert backend.read([A, B]) == [None, None]
    backend.update(lambda txn: txn.put(A, b"1"))
    assert backend.read([B, A]) == [None, b"1"]
    backend.update(lambda txn: txn.delete(A))
    assert backend.read([A]) == [None]


def test_a_change_reads_what_it_wrote(backend):
    def change(txn):
        txn.put(A, b"1")
        txn.put(B, b"2")
        txn.delete(B)
        seen.append(txn.get_many([A, B]))

    seen = []
    backend.update(change)
    assert seen == [[b"1", None]]


def test_a_change_that_fails_changes_nothing(backend):
    def fail(txn):
        txn.put(A, b"1")
        raise KeyError

    with pytest.raises(KeyError):
        backend.update(fail)
    assert backend.read([A]) == [None]


@pytest.mark.parametrize("kind", [make_memory, make_lmdb])
def test_what_is_not_written_for_long_is_gone(kind, tmp_path, clock):
    backend = kind(tmp_path, clock)
    backend.update(lambda txn: (txn.put(A, b"1"), txn.put(MESSAGE, b"")))
    clock.move(days=6)
    backend.update(lambda txn: txn.put(B, b"2"))
    clock.move(days=1, minutes=1)
    assert backend.read([A, MESSAGE, B]) == [b"1", None, b"2"]
    clock.move(days=23)
    backend.sweep(lambda root: False)
    assert backend.read([A, B]) == [None, b"2"]


def test_what_is_written_in_redis_ends_by_itself(redis_port):
    RedisBackend(f"redis://127.0.0.1:{redis_port}/0", timeout_seconds=10).update(
        lambda txn: (txn.put(A, b"1"), txn.put(MESSAGE, b""))
    )
    client = redis.Redis(port=redis_port)
    day = 24 * 3600
    assert 0 <= 30 * day - client.ttl(PREFIX + A) <= 60
    assert 0 <= 7 * day - client.ttl(PREFIX + MESSAGE) <= 60


def test_what_is_forbidden_is_swept(backend):
    message = get_message_key("i_a")
    shown = get_exposures_key("i_a")
    backend.update(lambda txn: [txn.put(key, b"1") for key in (A, B, shown, message)])
    for _ in range(3):
        backend.sweep(lambda root: root == "i_a")
    assert backend.read([A, B, shown, message]) == [None, b"1", None, b"1"]


def test_a_redis_server_that_lost_its_data_is_noticed(redis_port):
    backend = RedisBackend(f"redis://127.0.0.1:{redis_port}/0", timeout_seconds=10)
    other = RedisBackend(f"redis://127.0.0.1:{redis_port}/0", timeout_seconds=10)
    for one in (backend, other, backend):
        one.sweep(lambda root: False)
        assert one.begun_anew == ""
    redis.Redis(port=redis_port).flushall()
    for one in (backend, other):
        one.sweep(lambda root: False)
        assert one.begun_anew == "the Redis server has lost its data"
        one.begun_anew = ""
        one.sweep(lambda root: False)
        assert one.begun_anew == ""


def test_changes_at_once_lose_nothing(backend):
    """Four threads add to one value; each must see what the others have written."""
    started = threading.Barrier(4)

    def add():
        started.wait()
        for _ in range(25):
            while True:
                try:
                    backend.update(lambda txn: txn.put(A, bytes([(txn.get_many([A])[0] or b"\0")[0] + 1])))
                    break
                except BackendError:
                    continue

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert backend.read([A]) == [bytes([100])]
