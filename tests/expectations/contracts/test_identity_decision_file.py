"""The file of decisions: appended to by many writers, on a full disk, and behind a writer that was killed."""

import multiprocessing
import os

import pytest

from expectations.contracts import identity_decisions as file
from expectations.contracts.identity_decision_file import append_decision, read_decisions
from tests.expectations.contracts.test_identity_decisions import decision, text


def test_appended_one_after_the_other(tmp_path):
    path, taken = (
        tmp_path / "identity" / "decisions.csv",
        [decision(minutes=n, b=1 + n % 3) for n in range(5)],
    )
    for one in taken:
        append_decision(path, one)
    assert read_decisions(path) == taken
    assert path.read_text() == text(*taken)


@pytest.mark.parametrize(
    ("held", "kept", "torn"),
    [
        pytest.param(file.HEADER[:20], [], None, id="killed in the header"),
        pytest.param(file.HEADER, [], None, id="killed behind the header"),
        pytest.param(
            text(decision()) + decision(minutes=1).line[:40],
            [decision()],
            decision(minutes=1).line[:40],
            id="in a line",
        ),
        pytest.param(text(decision())[:-7], [], decision().quoted_line[:-7], id="in the reason"),
        pytest.param(
            text(decision(reason="zwei Brüder")).encode().partition(b"\xbc")[0],
            [],
            decision(reason="zwei Brüder").quoted_line.encode().partition(b"\xbc")[0],
            id="in a letter",
        ),
        pytest.param(text(decision())[:-1], [decision()], None, id="an editor that ends no last line"),
        pytest.param(
            f"{file.HEADER}\n{decision().line}",
            [decision()],
            None,
            id="an editor that ends no line and quotes nothing",
        ),
    ],
)
def test_appended_to_what_a_killed_writer_left(tmp_path, held, kept, torn):
    path, new = tmp_path / "decisions.csv", decision("join", minutes=9)
    path.write_bytes(held if isinstance(held, bytes) else held.encode())
    assert read_decisions(path) == kept
    append_decision(path, new)
    assert read_decisions(path) == [*kept, new]
    assert path.read_text() == (text(*kept, new) if torn or not kept else held + "\n" + new.quoted_line)
    torn_file = tmp_path / "decisions.csv.torn"
    torn = torn.encode() if isinstance(torn, str) else torn
    assert (torn_file.read_bytes() if torn_file.exists() else None) == (torn and torn + b"\n"), (
        "not lost without a word"
    )


def test_a_full_disk_leaves_the_file_as_it_was(tmp_path, monkeypatch):
    path, write = tmp_path / "decisions.csv", os.write
    append_decision(path, decision())
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:30]))
    with pytest.raises(OSError, match="no room for a whole line"):
        append_decision(path, decision("join", minutes=1))
    assert path.read_text() == text(decision())


N_WORKERS, N_FILES = 4, 40


def add_many(folder, worker, all_here):
    for n in range(N_FILES):
        all_here.wait(timeout=60)  # so that all make the file at once
        for minute in range(2):
            append_decision(
                folder / f"{n}.csv", decision(minutes=minute, by=f"worker {worker}", reason="x" * 400)
            )


def test_many_writers_lose_nothing(tmp_path):
    here = multiprocessing.get_context("fork")
    all_here = here.Barrier(N_WORKERS)
    workers = [here.Process(target=add_many, args=(tmp_path, n, all_here)) for n in range(N_WORKERS)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert [one.exitcode for one in workers] == [0] * N_WORKERS
    for file_ in (tmp_path / f"{n}.csv" for n in range(N_FILES)):
        taken = read_decisions(file_)
        assert len(taken) == 2 * N_WORKERS
        for n in range(N_WORKERS):
            mine = [one for one in taken if one.decided_by == f"worker {n}"]
            assert mine == [
                decision(minutes=minute, by=f"worker {n}", reason="x" * 400) for minute in range(2)
            ]
