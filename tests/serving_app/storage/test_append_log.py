"""An answer waits for its record: nothing acknowledged is lost, whatever happens to the worker or
the disk.
"""

import errno
import fcntl
import os
import shutil
import threading
import time
from datetime import timedelta
from itertools import count
from pathlib import Path

import orjson
import pytest

from expectations.contracts.impressions import ADDED_BY_INGEST, FIELDS, build_impression
from expectations.contracts.lake import CORE_IMPRESSIONS
from expectations.contracts.log_files import finish_abandoned_files
from expectations.contracts.tables import ContractError
from serving_app import background_tasks
from serving_app.storage.append_log import MAX_AGE, AppendLog, FileLimits
from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.log_files import delete_files_before


@pytest.fixture
def log(tmp_path, clock):
    names = count(1)
    return AppendLog(tmp_path, clock, lambda: f"worker-{next(names):02d}", limits=FileLimits(max_bytes=200))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def records(folder):
    return [
        orjson.loads(line)["n"]
        for path in sorted(folder.glob("*.jsonl*"))
        for line in path.read_bytes().splitlines()
    ]


def test_a_record_is_on_disk_when_append_returns(log, tmp_path):
    assert names(tmp_path) == [], "no record, no file"
    log.append({"n": 1})
    assert names(tmp_path) == ["worker-01.jsonl.open"]
    assert records(tmp_path) == [1]


def test_files_are_finished_by_size_by_age_and_at_the_end(log, tmp_path, clock):
    log.append({"n": 1, "pad": "x" * 200})
    log.append({"n": 2})
    assert names(tmp_path) == ["worker-01.jsonl", "worker-02.jsonl.open"]
    clock.move(seconds=MAX_AGE.total_seconds())
    log.append({"n": 3})
    assert names(tmp_path) == ["worker-01.jsonl", "worker-02.jsonl", "worker-03.jsonl.open"]
    log.rotate()
    assert "worker-03.jsonl.open" in names(tmp_path), "too young"
    clock.move(seconds=MAX_AGE.total_seconds())
    log.rotate()
    assert names(tmp_path) == [f"worker-0{n}.jsonl" for n in (1, 2, 3)], (
        "a quiet worker's file is finished too"
    )
    log.append({"n": 4})
    log.rotate(is_forced=True)
    assert names(tmp_path)[-1] == "worker-04.jsonl"
    assert records(tmp_path) == [1, 2, 3, 4]


def test_threads_share_syncs_and_lose_nothing(log, tmp_path, monkeypatch):
    """The first sync lasts until every other thread waits; the second carries all that waited."""
    syncs, real = [], os.fdatasync

    def sync(handle):
        syncs.append(handle)
        written = sum(each.read_bytes().count(b"\n") for each in tmp_path.rglob("*.jsonl*"))
        until = time.monotonic() + 30
        while len(syncs) == 1 and written + len(log._commits._queue) < 8 and time.monotonic() < until:
            time.sleep(0.001)
        real(handle)

    monkeypatch.setattr(os, "fdatasync", sync)
    threads = [threading.Thread(target=log.append, args=({"n": n},)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(records(tmp_path)) == list(range(8))
    assert len(syncs) <= 2
    monkeypatch.undo()
    threads = [
        threading.Thread(target=lambda base=base: [log.append({"n": base + i}) for i in range(25)])
        for base in range(8, 208, 25)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(records(tmp_path)) == list(range(208))


def test_a_dead_workers_file_is_finished_and_its_torn_line_kept(tmp_path, clock, caplog):
    (tmp_path / "dead.jsonl.open").write_bytes(b'{"n":1}\n{"n":2}\n{"n":')
    (tmp_path / "unlucky.jsonl.open").write_bytes(b'{"n"')
    (tmp_path / "early.jsonl.open").write_bytes(b"")
    AppendLog(tmp_path, clock, lambda: "new")
    assert names(tmp_path) == ["dead.jsonl", "dead.torn", "unlucky.torn"]
    assert records(tmp_path) == [1, 2]
    assert (tmp_path / "dead.torn").read_bytes() == b'{"n":'
    assert "its 5 bytes are in dead.torn" in caplog.text


def test_every_length_a_death_can_leave(tmp_path):
    whole = b'{"n":1}\n{"n":22}\n{"n":333}\n'
    for length in range(len(whole) + 1):
        folder = tmp_path / str(length)
        folder.mkdir()
        (folder / "dead.jsonl.open").write_bytes(whole[:length])
        finish_abandoned_files(folder)
        assert records(folder) == [1, 22, 333][: whole[:length].count(b"\n")]
        kept = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
        assert kept == whole[:length], "not a byte is lost"


def test_a_living_workers_file_is_left_alone(log, tmp_path):
    log.append({"n": 1})
    assert finish_abandoned_files(tmp_path) == []
    assert names(tmp_path) == ["worker-01.jsonl.open"]
    log.append({"n": 2})
    assert records(tmp_path) == [1, 2]


@pytest.mark.parametrize("call", ["write", "fdatasync", "ftruncate"])
def test_a_disk_that_stays_full_leaves_no_file_a_request(log, tmp_path, monkeypatch, caplog, call):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", refuse)
    if call != "ftruncate":
        monkeypatch.setattr(os, call, refuse)
    for n in range(20):
        with pytest.raises(LogUnavailable):
            log.append({"n": n})
    assert names(tmp_path) == []
    assert log.n_unlogged == 20
    assert caplog.text.count("No space left on device") == 1, "told once"
    monkeypatch.undo()
    log.append({"n": 20})
    assert (log.problem, log.n_unlogged) == ("", 20)


def test_once_there_is_room_a_quiet_worker_says_so(log, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", refuse)
    with pytest.raises(LogUnavailable):
        log.append({"n": 1})
    monkeypatch.undo()
    log.rotate()
    assert (log.problem, log.n_unlogged, names(tmp_path)) == ("", 1, [])


def test_a_disk_that_is_full_at_the_start(tmp_path, clock, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert "No space left" in AppendLog(tmp_path / "log", clock, lambda: "worker").problem


def test_a_log_deleted_under_its_writer_is_counted_and_begun_anew(log, tmp_path, clock):
    log.append({"n": 1})
    log.append({"n": 2})
    shutil.rmtree(tmp_path)
    log.append({"n": 3})
    assert (records(tmp_path), log.n_unlogged) == ([3], 2)
    shutil.rmtree(tmp_path)
    clock.move(seconds=MAX_AGE.total_seconds())
    with pytest.raises(FileNotFoundError):
        log.rotate()
    log.append({"n": 4})
    assert (records(tmp_path), log.n_unlogged) == ([4], 3)


def test_what_is_written_between_a_deletion_and_the_next_look_is_counted(tmp_path, clock):
    log = AppendLog(tmp_path, clock, lambda: "worker", look_every_seconds=3600)
    log.append({"n": 1})
    log.append({"n": 2})  # looks
    (tmp_path / "worker.jsonl.open").unlink()
    log.append({"n": 3})
    log.rotate(is_forced=True)
    assert (records(tmp_path), log.n_unlogged) == ([], 3)


def test_finished_logs_are_kept_as_long_as_declared(tmp_path, clock):
    for name, days in (("a.jsonl", 91), ("b.jsonl", 89), ("c.torn", 91), ("d.jsonl.open", 91)):
        (tmp_path / name).write_text("{}\n")
        then = (clock() - timedelta(days=days)).timestamp()
        os.utime(tmp_path / name, (then, then))
    assert delete_files_before(tmp_path, clock() - timedelta(days=90)) == ["a.jsonl", "c.torn"]
    assert names(tmp_path) == ["b.jsonl", "d.jsonl.open"]


@pytest.mark.parametrize("call", ["write", "fdatasync"])
def test_a_full_disk_is_told_and_leaves_no_half_record(log, tmp_path, monkeypatch, call):
    log.append({"n": 1})
    real_write = os.write

    def half_then_full(handle, data):
        real_write(handle, data[:3])
        raise OSError(errno.ENOSPC, "No space left on device")

    def refuse(handle):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, call, half_then_full if call == "write" else refuse)
    with pytest.raises(LogUnavailable):
        log.append({"n": 2})
    assert "the decision log cannot be written" in log.problem
    monkeypatch.undo()
    log.append({"n": 3})
    assert log.problem == ""
    log.rotate(is_forced=True)
    assert records(tmp_path) == [1, 3], "what was refused is nowhere, what was acknowledged is"


def test_a_full_disk_does_not_end_the_rotation(log, monkeypatch, caplog):
    tried, rotated = [], threading.Event()

    def rotate():
        tried.append(1)
        if len(tried) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        rotated.set()

    monkeypatch.setattr(log, "rotate", rotate)
    stop = background_tasks.repeat_tasks({"rotating the log": log.rotate}, every_seconds=0.01)
    assert rotated.wait(5), "the thread ended with the first error"
    stop.set()
    assert "rotating the log failed: No space left" in caplog.text


def test_the_lock_is_held_before_the_name_can_be_seen(tmp_path, clock, monkeypatch):
    seen, real = [], fcntl.flock

    def watch(handle, how):
        seen.extend(names(tmp_path))
        real(handle, how)

    monkeypatch.setattr(fcntl, "flock", watch)
    AppendLog(tmp_path, clock, lambda: "worker").append({"n": 1})
    assert seen == [".worker.jsonl.open"]


def test_the_record_is_an_impression_before_it_has_a_day():
    assert set(FIELDS) | set(ADDED_BY_INGEST) == set(CORE_IMPRESSIONS.columns)
    whole = dict.fromkeys(FIELDS) | {
        "items": [{"item_id": "a", "rank": 1, "score": 1.0, "source": "personal"}]
    }
    assert tuple(build_impression(dict(reversed(whole.items())))) == FIELDS
    for wrong in ({**whole, "more": 1}, {"items": []}, {**whole, "items": [{"item_id": "a"}]}):
        with pytest.raises(ContractError):
            build_impression(wrong)
