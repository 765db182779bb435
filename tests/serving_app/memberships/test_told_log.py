"""The log of transitions: each line once, whoever has the lead, and in the order in which they were told."""

import itertools

from expectations.contracts.transitions import encode_transition
from serving_app.memberships import told_log
from serving_app.memberships.told_log import TransitionLog
from serving_app.storage.append_log import AppendLog
from tests.serving_app.conftest import Clock
from tests.serving_app.triggers.transitions import make_transition

LINES = [encode_transition(make_transition(n)) for n in range(6)]


def make_workers(folder):
    """Two workers, whose files have names in the order in which they are opened."""
    names = itertools.count(1)
    return [
        TransitionLog(AppendLog(folder, Clock(), lambda: f"file-{next(names)}"), folder) for _ in range(2)
    ]


def test_who_has_the_lead_again_writes_behind_the_other_and_nothing_twice(tmp_path):
    one, other = make_workers(tmp_path)
    for worker, lines in ((one, LINES[:2]), (other, LINES[1:4]), (one, LINES[2:])):
        worker.look_again()
        worker.append_new(lines)
    assert list(other.read_lines()) == LINES


def test_what_is_no_transition_stops_nothing(tmp_path):
    one, _ = make_workers(tmp_path)
    one.append_new([b"", b"{", LINES[0]])
    assert list(one.read_lines()) == LINES[:1]


def test_a_file_that_is_finished_meanwhile_is_read(tmp_path, monkeypatch):
    one, other = make_workers(tmp_path)
    one.append_new(LINES)
    open_files = told_log.list_files(tmp_path)
    one.look_again()
    monkeypatch.setattr(told_log, "list_files", lambda folder: open_files)
    assert list(other.read_lines()) == LINES


def test_of_many_files_the_newest_are_looked_at(tmp_path, monkeypatch):
    monkeypatch.setattr(told_log, "LINES_LOOKED_AT", 2)
    one, other = make_workers(tmp_path)
    for line in LINES:
        one.look_again()
        one.append_new([line])
    (tmp_path / "file-1.jsonl").unlink()  # as if read: it would be there again
    other.append_new(LINES[-2:])
    assert list(other.read_lines()) == LINES[1:]
