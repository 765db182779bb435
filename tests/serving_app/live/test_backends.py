"""One behaviour for every database of live states."""

import pytest

from serving_app.live.backends import get_message_key, get_state_key
from serving_app.live.lmdb_store import LmdbBackend
from serving_app.live.memory import MemoryBackend

A, B, MESSAGE = get_state_key("i_a"), get_state_key("i_b"), get_message_key("m-1")


@pytest.fixture(params=["memory", "lmdb"])
def backend(request, tmp_path, clock):
    if request.param == "memory":
        return MemoryBackend(clock)
    return LmdbBackend(tmp_path / "serving" / "live", clock)


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


def test_what_is_not_written_for_long_is_gone(backend, clock):
    backend.update(lambda txn: (txn.put(A, b"1"), txn.put(MESSAGE, b"")))
    clock.move(days=6)
    backend.update(lambda txn: txn.put(B, b"2"))
    clock.move(days=1, minutes=1)
    assert backend.read([A, MESSAGE, B]) == [b"1", None, b"2"]
    clock.move(days=23)
    backend.sweep()
    assert backend.read([A, B]) == [None, b"2"]
