"""Files come, grow, are finished and taken away while they are read: no line is read twice or left out."""

from datetime import timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.storage.append_log import AppendLog, FileLimits
from serving_app.storage.event_log import START, LogUnavailable, move_position
from serving_app.storage.log_reader import LogReader
from tests.serving_app.conftest import Clock


@pytest.fixture
def new_name():
    names = count(1)
    return lambda: f"{next(names):04d}"


@pytest.fixture
def log(tmp_path, clock, new_name):
    return AppendLog(tmp_path, clock, new_name)


def read(reader, position=START, most=100):
    found = reader.read_lines(position, most)
    return [each.line for each in found], move_position(position, found)


@given(st.lists(st.sampled_from("wwwwfrrRd"), max_size=40), st.integers(1, 3))
def test_one_writers_lines_are_read_once_and_in_order(tmp_path_factory, actions, most):
    """w: a line is written; f: the file is finished; r: lines are read; R: a new reader goes on; d: the
    writer dies in the middle of a line, and another follows.
    """
    folder, names = tmp_path_factory.mktemp("log"), count(1)
    log = AppendLog(folder, Clock(), lambda: f"{next(names):04d}")
    reader, written, found, position = LogReader(folder), [], [], START
    for action in actions:
        if action == "w":
            written.append(b'{"n":%d}' % len(written))
            log.append_lines(written[-1:])
        elif action == "f":
            log.rotate(is_forced=True)
        elif action == "d":
            (folder / f"{next(names):04d}.jsonl.open").write_bytes(b'{"n":')
            log.rotate(is_forced=True)
        else:
            reader = LogReader(folder) if action == "R" else reader
            lines, position = read(reader, position, most)
            found += lines
    while True:
        lines, position = read(reader, position, most)
        if not lines:
            break
        found += lines
    assert found == written


def test_a_line_is_read_when_it_is_whole(tmp_path):
    file = tmp_path / "0001.jsonl.open"
    file.write_bytes(b'{"n":1}\n{"n":')
    lines, position = read(LogReader(tmp_path))
    assert (lines, position) == ([b'{"n":1}'], {"0001": 8})
    assert LogReader(tmp_path).find_end() == position
    with file.open("ab") as out:
        out.write(b"2}\n")
    assert read(LogReader(tmp_path), position)[0] == [b'{"n":2}']


def test_what_was_taken_away_is_gone_for_who_has_not_read_it(log, tmp_path):
    log.append({"n": 1})
    log.rotate(is_forced=True)
    (tmp_path / "0001.jsonl").unlink()
    log.append({"n": 2})
    assert read(log) == ([b'{"n":2}'], {"0002": 8})


def test_positions_name_only_files_that_are_there(log, tmp_path):
    for n in (1, 2):
        log.append({"n": n})
        log.rotate(is_forced=True)
    log.commit_position("lake", read(log)[1])
    assert log.get_position("lake") == {"0001": 8, "0002": 8}
    (tmp_path / "0001.jsonl").unlink()
    log.commit_position("lake", log.get_position("lake"))
    assert log.get_position("lake") == {"0002": 8}


def test_a_file_that_is_finished_between_the_look_and_the_reading(log, tmp_path, monkeypatch):
    log.append({"n": 1})
    listed = log._list_files()
    log.rotate(is_forced=True)
    monkeypatch.setattr(log, "_list_files", lambda: listed)
    assert read(log)[0] == [b'{"n":1}']
    assert log.find_end() == {"0001": 8}
    (tmp_path / "0001.jsonl").unlink()
    assert read(log)[0] == [], "taken away as well"
    assert log.find_end() == {"0001": 0}


def test_a_finished_file_that_was_read_is_not_opened_again(log, tmp_path, monkeypatch):
    log.append({"n": 1})
    log.rotate(is_forced=True)
    position = read(log)[1]
    (tmp_path / "0001.jsonl").chmod(0o000)
    monkeypatch.setattr("pathlib.Path.open", lambda *_: pytest.fail("opened"))
    assert read(log, position) == ([], position)


def test_files_are_of_the_size_and_age_that_their_log_wants(tmp_path, clock, new_name):
    log = AppendLog(tmp_path, clock, new_name, FileLimits(max_age=timedelta(hours=1)))
    log.append({"n": 1})
    clock.move(minutes=59)
    log.rotate()
    assert (tmp_path / "0001.jsonl.open").exists()
    clock.move(minutes=1)
    log.rotate()
    assert (tmp_path / "0001.jsonl").exists()


def test_what_cannot_be_read_is_said_and_not_taken_for_nothing(log, tmp_path, monkeypatch):
    log.append({"n": 1})
    log.commit_position("lake", START)
    (tmp_path / ".positions" / "lake.json").write_text('{"0001":')
    with pytest.raises(LogUnavailable, match="how far lake has read"):
        log.get_position("lake")

    def refuse(*_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("pathlib.Path.open", refuse)
    for call in (lambda: log.read_lines(START, 1), lambda: log.commit_position("lake", START)):
        with pytest.raises(LogUnavailable, match="Input/output error"):
            call()


def test_a_log_that_nobody_has_written_is_empty(tmp_path):
    reader = LogReader(tmp_path / "none")
    assert (read(reader), reader.find_end()) == (([], START), START)
