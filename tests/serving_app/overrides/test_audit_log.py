"""No kill, full disk or second writer leaves a change without its entry in the audit log, or an entry without
its change.
"""

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from expectations.contracts.home import HomePaths
from serving_app.overrides import audit_log, file_store
from serving_app.overrides.audit_log import AuditLog
from serving_app.overrides.file_store import FileOverrides
from tests.serving_app.overrides.calls import add, delete, make_override

N_WRITES = 30
WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from serving_app.overrides.changes import VersionConflict
from serving_app.overrides.file_store import FileOverrides
from tests.serving_app.conftest import NOW
from tests.serving_app.overrides.calls import change
from tests.serving_app.overrides.test_audit_log import N_WRITES

store, n_written = FileOverrides(Path(sys.argv[1])), 0
while n_written < N_WRITES:
    [stored] = store.read_all()
    try:
        change(store, replace(stored, priority=stored.priority + 1), NOW, {stored.version})
    except VersionConflict:
        continue
    n_written += 1
"""


class Killed(BaseException):
    """The process ends here."""


def read_file(home):
    path = HomePaths(home).override_audit
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [(entry["number"], entry["override_id"]) for entry in map(json.loads, lines)]


def read_log(store):
    return [(entry["number"], entry["override_id"]) for entry in store.iterate_audit()]


def kill(*_):
    raise Killed


def refuse(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_killed_between_the_change_and_its_entry(tmp_path, clock, monkeypatch):
    store = FileOverrides(tmp_path)
    add(store, make_override(1, clock()))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(AuditLog, "append", kill)
        add(store, make_override(2, clock()))
    fresh = FileOverrides(tmp_path)
    assert read_file(tmp_path) == [(1, "o_1")]
    assert read_log(fresh) == [(2, "o_2"), (1, "o_1")], "it is read from the state"
    add(fresh, make_override(3, clock()))
    assert read_file(tmp_path) == [(1, "o_1"), (2, "o_2"), (3, "o_3")]


def test_the_control_without_what_waits_the_entry_is_lost(tmp_path, clock, monkeypatch):
    store = FileOverrides(tmp_path)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(AuditLog, "append", kill)
        add(store, make_override(1, clock()))
    monkeypatch.setattr(file_store, "select_waiting", lambda entries, number: entries[-1:])
    add(store, make_override(2, clock()))
    assert [override_id for _, override_id in read_file(tmp_path)] == ["o_2"]


def test_killed_before_the_change_there_is_no_entry(tmp_path, clock, monkeypatch):
    store = FileOverrides(tmp_path)
    add(store, make_override(1, clock()))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr("expectations.contracts.state_file.write_text_atomically", kill)
        delete(store, "o_1", clock())
    fresh = FileOverrides(tmp_path)
    assert read_log(fresh) == [(1, "o_1")] and len(fresh.read_all()) == 1


def test_half_a_line_is_written_again(tmp_path, clock, monkeypatch):
    store = FileOverrides(tmp_path)
    add(store, make_override(1, clock()))
    add(store, make_override(2, clock()))
    path = HomePaths(tmp_path).override_audit
    path.write_bytes(path.read_bytes()[:-40])
    assert read_log(store) == [(2, "o_2"), (1, "o_1")]
    add(store, make_override(3, clock()))
    assert read_file(tmp_path) == [(1, "o_1"), (2, "o_2"), (3, "o_3")]


def test_a_full_disk_makes_entries_wait_and_says_so(tmp_path, clock, monkeypatch, caplog):
    store = FileOverrides(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(audit_log.os, "fsync", lambda _: None)
        patch.setattr(AuditLog, "append", refuse)
        add(store, make_override(1, clock()))
        add(store, make_override(2, clock()))
        store.refresh()
        assert len(store.read_all()) == 2
        assert read_log(store) == [(2, "o_2"), (1, "o_1")] and read_file(tmp_path) == []
        assert store.describe_problem() == (
            "the audit log of overrides cannot be written: No space left on device; its newest entries wait"
        )
        assert caplog.text.count("cannot be written") == 1
    store.refresh()
    assert (read_file(tmp_path), store.describe_problem()) == ([(1, "o_1"), (2, "o_2")], "")


def test_a_lost_log_and_lost_overrides_count_on(tmp_path, clock):
    store, paths = FileOverrides(tmp_path), HomePaths(tmp_path)
    for number in (1, 2, 3):
        add(store, make_override(number, clock()))
    paths.override_audit.unlink()
    add(store, make_override(4, clock()))
    assert read_file(tmp_path) == [(3, "o_3"), (4, "o_4")]
    for path in (tmp_path / "serving" / "state").glob("overrides*"):
        path.unlink()
    add(FileOverrides(tmp_path), make_override(5, clock()))
    assert read_file(tmp_path) == [(3, "o_3"), (4, "o_4"), (5, "o_5")]


def test_a_long_log_is_read_backwards_block_by_block(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_log, "BLOCK_BYTES", 7)
    log = AuditLog(tmp_path / "folder" / "audit.jsonl")
    assert (log.read_last_number(), [*log.iterate_newest_first()]) == (0, [])
    for first in (1, 4):
        log.append([{"number": number, "text": "é" * number} for number in range(first, first + 3)])
    with (tmp_path / "folder" / "audit.jsonl").open("a") as file:
        file.write('garbage\n[1]\n\n{"number": "x"}\n{"torn": ')
    assert [entry["number"] for entry in log.iterate_newest_first()] == [6, 5, 4, 3, 2, 1]
    log.append([{"number": 7}])
    assert log.read_last_number() == 7
    assert (tmp_path / "folder" / "audit.jsonl").read_bytes().endswith(b'"x"}\n{"number":7}\n')


def test_two_writers_lose_no_update(tmp_path, clock):
    add(FileOverrides(tmp_path), make_override(1, clock()))
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    writers = [subprocess.Popen(command, cwd=Path(__file__).parents[3]) for _ in range(2)]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    [stored] = FileOverrides(tmp_path).read_all()
    assert (stored.priority, stored.version) == (2 * N_WRITES, 1 + 2 * N_WRITES)
    entries = [*FileOverrides(tmp_path).iterate_audit()]
    assert [entry["number"] for entry in entries] == [*range(1 + 2 * N_WRITES, 0, -1)]
    chain = [(entry["before"]["version"], entry["after"]["version"]) for entry in entries[:-1]]
    assert chain == [(version, version + 1) for version in range(2 * N_WRITES, 0, -1)]
