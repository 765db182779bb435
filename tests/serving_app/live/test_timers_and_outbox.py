"""One behaviour for every database of live states: who is due, what waits to be told, who has the lead."""

import pytest

from serving_app.live.backends import get_memberships_key, get_state_key
from serving_app.live.redis_store import RedisBackend
from tests.serving_app.live.databases import make_lmdb


def set_timers(backend, *timers):
    backend.update(lambda txn: [txn.set_timer(*timer) for timer in timers])


def test_owners_are_due_in_order_of_time(backend):
    set_timers(backend, ("i_b", 0, 30), ("i_a", 0, 20), ("c_c", 0, 40))
    assert backend.list_due(19, 10) == []
    assert backend.list_due(30, 10) == [("i_a", 20), ("i_b", 30)]
    assert backend.list_due(99, 2) == [("i_a", 20), ("i_b", 30)]


def test_a_timer_is_moved_and_taken_away(backend):
    set_timers(backend, ("i_a", 0, 20), ("i_b", 0, 30))
    set_timers(backend, ("i_a", 20, 50), ("i_b", 30, 0))
    assert backend.list_due(49, 10) == []
    assert backend.list_due(50, 10) == [("i_a", 50)]


def test_a_change_that_fails_tells_nothing(backend):
    def fail(txn):
        txn.tell(b"line")
        txn.set_timer("i_a", 0, 5)
        raise KeyError

    with pytest.raises(KeyError):
        backend.update(fail)
    assert backend.read_outbox(10) == [] and backend.list_due(10, 10) == []


def test_the_outbox_has_an_order_and_is_emptied_as_it_is_told(backend):
    backend.update(lambda txn: [txn.tell(b"1"), txn.tell(b"2")])
    backend.update(lambda txn: txn.tell(b"3"))
    first = backend.read_outbox(2)
    assert [entry.line for entry in first] == [b"1", b"2"]
    backend.update(lambda txn: txn.tell(b"4"))
    backend.empty_outbox(first)
    assert [entry.line for entry in backend.read_outbox(10)] == [b"3", b"4"]
    backend.empty_outbox(backend.read_outbox(10))
    backend.update(lambda txn: txn.tell(b"5"))
    assert [entry.line for entry in backend.read_outbox(10)] == [b"5"]


def test_timers_and_lines_are_swept_by_nobody(backend, clock):
    set_timers(backend, ("i_a", 0, 20))
    backend.update(lambda txn: txn.tell(b"1"))
    for _ in range(2):
        backend.sweep(lambda root: True)
    assert backend.list_due(20, 10) == [("i_a", 20)] and len(backend.read_outbox(10)) == 1


def test_memberships_of_whom_nothing_may_be_stored_are_swept(backend):
    keys = [get_memberships_key("i_a"), get_memberships_key("i_b")]
    backend.update(lambda txn: [txn.put(key, b"1") for key in keys])
    for _ in range(3):
        backend.sweep(lambda root: root == "i_a")
    assert backend.read(keys) == [None, b"1"]


def test_keys_of_one_kind_are_listed_a_piece_at_a_time(backend):
    owners = [f"c_{n:02d}" for n in range(25)]
    backend.update(lambda txn: [txn.put(get_memberships_key(owner), b"1") for owner in owners])
    backend.update(lambda txn: txn.put(get_state_key("i_a"), b"1"))
    found, after = [], b""
    for _ in range(100):
        keys, after = backend.list_keys(b"g/", after, 10)
        found += keys
        if not after:
            break
    assert sorted(set(found)) == [get_memberships_key(owner) for owner in owners]


def test_of_two_workers_one_has_the_lead(tmp_path, clock, redis_port):
    kinds = {
        "lmdb": lambda: make_lmdb(tmp_path, clock),
        "redis": lambda: RedisBackend(f"redis://127.0.0.1:{redis_port}/0", timeout_seconds=10),
    }
    for make in kinds.values():
        first, second = make(), make()
        assert [first.take_lead(), second.take_lead(), first.take_lead()] == [True, False, True]
