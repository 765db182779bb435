"""Records that are synced together after an interval: a kill loses none, and what a sync loses is counted."""

import errno
import os
import threading
from itertools import count

import orjson
import pytest

from serving_app.storage.append_log import MAX_AGE, FileLimits
from serving_app.storage.interval_log import IntervalLog


@pytest.fixture
def log(tmp_path, clock):
    names = count(1)
    return IntervalLog(
        tmp_path, clock, lambda: f"worker-{next(names):02d}", limits=FileLimits(max_bytes=200), sync_seconds=0
    )


@pytest.fixture
def syncs(monkeypatch):
    """How large a file was at each sync."""
    sizes, real = [], os.fdatasync

    def sync(handle):
        sizes.append(os.fstat(handle).st_size)
        real(handle)

    monkeypatch.setattr(os, "fdatasync", sync)
    return sizes


def records(folder):
    files = sorted(folder.glob("*.jsonl*"))
    return [orjson.loads(line)["n"] for file in files for line in file.read_bytes().splitlines()]


def test_a_record_is_written_at_once_and_synced_later(log, tmp_path, syncs):
    log.append({"n": 1})
    log.append({"n": 2})
    assert (records(tmp_path), syncs) == ([1, 2], [])
    log.sync()
    log.sync()
    assert syncs == [16], "both together, and nothing twice"


def test_a_finished_file_is_on_disk(log, tmp_path, clock, syncs):
    log.append({"n": 1})
    clock.move(seconds=MAX_AGE.total_seconds())
    log.append({"n": 2})
    assert syncs == [8], "before `land` may take it"
    log.rotate(is_forced=True)
    assert syncs == [8, 8]
    assert [path.suffix for path in tmp_path.iterdir()] == [".jsonl", ".jsonl"]


def test_a_sync_that_fails_is_counted(log, tmp_path, monkeypatch):
    log.append({"n": 1})
    log.sync()
    log.append({"n": 2})
    log.append({"n": 3})

    def refuse(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", refuse)
    log.sync()
    assert (log.n_unlogged, log.problem) == (2, "the decision log cannot be written: Input/output error")
    monkeypatch.undo()
    log.append({"n": 4})
    log.sync()
    assert (log.n_unlogged, log.problem) == (2, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "worker-01.jsonl.open",
        "worker-02.jsonl.open",
    ]


def test_the_thread_syncs_what_was_written(tmp_path, clock, monkeypatch):
    synced = threading.Event()
    monkeypatch.setattr(os, "fdatasync", lambda _: synced.set())
    IntervalLog(tmp_path, clock, lambda: "worker", sync_seconds=0.001).append({"n": 1})
    assert synced.wait(30)
