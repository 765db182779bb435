"""What becomes of the file of live states when somebody cuts, deletes or damages it."""

import fcntl
from datetime import UTC, datetime

import pytest

from serving_app.live.backends import BackendError, get_state_key
from serving_app.live.lmdb_store import LmdbBackend
from tests.serving_app.conftest import Clock

KEYS = [get_state_key(f"i_{n}") for n in range(300)]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "serving" / "live"


@pytest.fixture
def backend(folder, clock):
    backend = LmdbBackend(folder, clock)
    fill(backend)
    return backend


def fill(backend, value=b"x" * 200):
    backend.update(lambda txn: [txn.put(key, value) for key in KEYS])


def count(backend):
    return sum(value is not None for value in backend.read(KEYS))


def is_served_again(backend):
    """Whether it takes writes by the second try: the first may only find out that something is wrong."""
    for _ in range(2):
        try:
            backend.update(lambda txn: txn.put(KEYS[0], b"new"))
            return backend.read([KEYS[0]]) == [b"new"]
        except BackendError:
            pass
    return False


def cut(file):
    with file.open("r+b") as out:
        out.truncate(file.stat().st_size // 2 // 4096 * 4096)


def empty(file):
    file.write_bytes(b"")


def flip(file):
    whole = file.read_bytes()
    at = whole.rindex(b"x" * 200)
    with file.open("r+b") as out:
        out.seek(at)
        out.write(b"y" * 200)


def fill_with_noise(file):
    with file.open("r+b") as out:
        out.write(b"\xa5" * 8192)


@pytest.mark.parametrize("harm", [cut, empty, lambda file: file.unlink()], ids=["cut", "empty", "gone"])
def test_a_file_that_is_cut_or_gone_is_begun_anew(backend, folder, harm):
    assert count(backend) == 300
    harm(folder / "data.mdb")
    try:
        assert count(backend) == 0
    except BackendError:
        assert count(backend) == 0
    assert is_served_again(backend) and backend.begun_anew


@pytest.mark.parametrize("harm", [flip, fill_with_noise])
@pytest.mark.parametrize("is_open", [True, False], ids=["while it is open", "before it is opened"])
def test_damage_is_noticed_when_it_is_read(folder, clock, harm, is_open):
    backend = LmdbBackend(folder, clock)
    fill(backend)
    if not is_open:
        del backend
    harm(folder / "data.mdb")
    if not is_open:
        backend = LmdbBackend(folder, clock)
    try:
        assert count(backend) == 0
    except BackendError:
        assert count(backend) == 0
    assert is_served_again(backend) and count(backend) == 1
    assert (folder.with_name(".live.set_aside") / "data.mdb").exists()


def test_what_was_set_aside_is_deleted_after_a_week(folder):
    backend = LmdbBackend(folder, clock := Clock())
    clock.time = datetime.now(UTC)  # files have the system's times
    fill(backend)
    cut(folder / "data.mdb")
    assert is_served_again(backend)
    for days, is_there in ((6, True), (2, False)):
        clock.move(days=days)
        backend.sweep(lambda root: False)
        assert folder.with_name(".live.set_aside").exists() == is_there


def test_another_worker_notices_that_it_was_begun_anew(backend, folder, clock):
    other = LmdbBackend(folder, clock)
    assert count(other) == 300
    cut(folder / "data.mdb")
    assert is_served_again(backend)
    assert other.read(KEYS[:2]) == [b"new", None] and not other.begun_anew


def test_what_was_written_before_the_machine_started_is_not_trusted(backend, folder, clock):
    """A loss of power may have left anything in it: nothing of it was synced."""
    del backend
    assert count(LmdbBackend(folder, clock)) == 300
    after = LmdbBackend(folder, clock, read_boot_id=lambda: "another-start")
    assert count(after) == 0 and after.begun_anew == "the machine has started since it was written"


def test_a_new_home_is_no_loss(folder, clock, caplog):
    backend = LmdbBackend(folder, clock)
    assert count(backend) == 0 and backend.begun_anew == "it is new" and not caplog.records


def test_no_reason_holds_a_path(backend, folder, tmp_path):
    folder.parent.rename(tmp_path / "elsewhere")
    folder.parent.write_text("a file where the folder was")
    with pytest.raises(BackendError) as caught:
        backend.read(KEYS)
    assert str(tmp_path) not in str(caught.value)


def test_a_writer_that_never_ends_stops_no_other(backend, folder, clock):
    """As of a worker that was stopped in the middle of its write: reads go on, writes fail soon."""
    with (folder / ".turn").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with pytest.raises(BackendError) as caught:
            backend.update(lambda txn: txn.put(KEYS[0], b"new"))
        assert "another process is writing" in str(caught.value) and count(backend) == 300
    assert is_served_again(backend)


def test_it_stays_bounded_when_visitors_come_and_go(folder, clock):
    """Every day other visitors, for 100 days: what is older than 30 days is deleted bit by bit."""
    backend = LmdbBackend(folder, clock)
    for day in range(100):
        keys = [get_state_key(f"day-{day}-{n}") for n in range(50)]
        backend.update(lambda txn, keys=keys: [txn.put(key, b"x" * 500) for key in keys])
        clock.move(days=1)
        for _ in range(5):
            backend.sweep(lambda root: False)
    assert backend._run(lambda txn: txn.stat()["entries"]) <= 31 * 50
