"""What the spool has acknowledged is on disk in the order of its acknowledgements, whatever dies."""

import errno
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.spool import Spool


@pytest.fixture
def spool(tmp_path):
    return Spool(tmp_path / "spool", most_bytes=1000)


def add(spool, *numbers, **how):
    lines = [b'{"n":%d}' % n for n in numbers]
    return spool.append_lines(lines, [b"key-%d" % n for n in numbers], **how)


def read(spool, most=100):
    return [int(line.line[5:-1]) for line in spool.read_lines(most)]


def test_lines_are_read_with_their_keys_as_they_were_written(spool, tmp_path):
    key, line = b"any\tkey\n", b'{"a":"tab\\t"}'
    spool.append_lines([line], [key])
    assert [one[:2] for one in Spool(tmp_path / "spool", 1000).read_lines(9)] == [(key, line)]


def test_behind_others_only_where_others_wait(spool):
    assert not add(spool, 1, is_only_behind_others=True)
    assert not spool.holds_lines()
    assert add(spool, 1) and add(spool, 2, is_only_behind_others=True)
    assert read(spool) == [1, 2]


@settings(max_examples=40)  # each line is synced
@given(
    st.lists(
        st.one_of(st.integers(1, 3).map(lambda n: ("w", n)), st.sampled_from([("d", 2), ("f", 3), ("c", 0)]))
    ),
    st.sampled_from([1, 40, 10_000]),
)
def test_what_waits_is_what_was_written_and_not_drained(tmp_path_factory, actions, segment_bytes):
    """w: so many lines are written; d: two are drained; f: the rest, where it is no more than three; c: a new
    process goes on.
    """
    folder = tmp_path_factory.mktemp("spool")
    spool, waiting, n_lines = Spool(folder, 10**6, segment_bytes), [], 0
    for action, number in actions:
        if action == "w":
            added = [*range(n_lines, n_lines + number)]
            add(spool, *added)
            waiting, n_lines = waiting + added, n_lines + number
        elif action == "d":
            if lines := spool.read_lines(number):
                spool.mark_drained(lines[-1].end)
            waiting = waiting[number:]
        elif action == "f":
            with spool.finishing(number) as lines:
                assert len(lines) == (len(waiting) if len(waiting) <= number else 0)
            if len(waiting) <= number:
                waiting = []
                assert not spool.holds_lines()
        else:
            spool = Spool(folder, 10**6, segment_bytes)
        assert read(spool) == waiting


def test_no_more_than_may_wait_all_of_a_request_or_none(spool):
    add(spool, *range(30))
    before = spool.measure_bytes()
    with pytest.raises(LogUnavailable):
        add(spool, *range(60))
    assert (spool.measure_bytes(), spool.is_full()) == (before, True)
    assert add(spool, 30) and spool.is_full(), "a small one had room"
    with spool.finishing(100):
        pass
    assert not spool.is_full() and add(spool, 31) and read(spool) == [31]


def test_every_length_that_a_writers_death_can_leave(tmp_path):
    add(Spool(tmp_path / "whole", 1000), 1, 2, 3)
    (segment,) = (tmp_path / "whole").glob("*.spool")
    data = segment.read_bytes()
    for length in range(len(data) + 1):
        spool = Spool(tmp_path / str(length), 1000)
        add(spool, 0)
        (left,) = (tmp_path / str(length)).glob("*.spool")
        left.write_bytes(data[:length])
        whole = [1, 2, 3][: data[:length].count(b"\n")]
        assert read(spool) == whole
        add(spool, 4)
        assert read(spool) == [*whole, 4]


@pytest.mark.parametrize("call", ["write", "fdatasync"])
@pytest.mark.parametrize("n_before", [0, 1])
def test_a_full_disk_leaves_no_half_line_and_no_empty_segment(spool, monkeypatch, call, n_before):
    add(spool, *range(n_before))
    real_write = os.write

    def fail(handle, data=b""):
        if data:
            real_write(handle, data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(LogUnavailable):
        add(spool, 7)
    monkeypatch.undo()
    assert read(spool) == [*range(n_before)]
    assert spool.holds_lines() == bool(n_before)
    add(spool, 8)
    assert read(spool) == [*range(n_before), 8]


def test_a_failed_last_sending_leaves_all_that_waits(spool):
    add(spool, 1, 2)
    with pytest.raises(ConnectionError), spool.finishing(9):
        raise ConnectionError
    assert read(spool) == [1, 2]


@pytest.mark.parametrize("n_deleted", [0, 1])
def test_a_crash_while_it_is_emptied_hides_no_line(tmp_path, monkeypatch, n_deleted):
    """What was drained before the crash may be sent again; what comes after it is not hidden."""
    spool = Spool(tmp_path, 1000, segment_bytes=1)
    add(spool, 1)
    add(spool, 2)
    spool.mark_drained(spool.read_lines(1)[0].end)
    real, deleted = type(tmp_path).unlink, []

    def unlink(path, missing_ok=False):
        if path.suffix == ".spool" and len(deleted) == n_deleted:
            raise KeyboardInterrupt
        deleted.extend([path] if path.suffix == ".spool" else [])
        real(path, missing_ok)

    monkeypatch.setattr(type(tmp_path), "unlink", unlink)
    with pytest.raises(KeyboardInterrupt), spool.finishing(9):
        pass
    monkeypatch.undo()
    add(spool, 3)
    assert read(spool) == [1, 2, 3][n_deleted:]


def test_a_position_that_cannot_be_read_has_all_sent_again(spool, tmp_path, caplog):
    add(spool, 1, 2)
    spool.mark_drained(spool.read_lines(1)[0].end)
    assert read(spool) == [2]
    (tmp_path / "spool" / "position").write_text("1")
    assert read(spool) == [1, 2]
    assert "from its beginning" in caplog.text


def test_one_drains_at_a_time(spool, tmp_path):
    with spool.draining() as is_ours:
        assert not is_ours, "nothing waits"
    add(spool, 1)
    other = Spool(tmp_path / "spool", 1000)
    with spool.draining() as first, other.draining() as second:
        assert (first, second) == (True, False)
    with other.draining() as is_ours:
        assert is_ours


def test_threads_and_processes_lose_nothing_and_keep_each_ones_order(tmp_path):
    spools = [Spool(tmp_path, 10**6, segment_bytes=500) for _ in range(2)]

    def write(spool, base):
        for n in range(base, base + 25):
            add(spool, n)

    threads = [threading.Thread(target=write, args=(spools[n % 2], 100 * n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = read(spools[0], 1000)
    for n in range(8):
        assert [one for one in found if one // 100 == n] == [*range(100 * n, 100 * n + 25)]
    assert len(found) == 200
