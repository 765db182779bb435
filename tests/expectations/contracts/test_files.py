"""A file that others read: what is under its name is whole, whatever ends the writer."""

import os
from pathlib import Path

import pytest

from expectations.contracts.files import LookTimer, write_text_atomically


def test_what_is_in_it_is_on_disk_before_its_name_and_its_name_before_the_writer_goes_on(
    tmp_path, monkeypatch
):
    done = []
    sync, replace = os.fsync, Path.replace
    monkeypatch.setattr(
        os,
        "fsync",
        lambda handle: (done.append(str(Path(f"/proc/self/fd/{handle}").readlink())), sync(handle))[1],
    )
    monkeypatch.setattr(Path, "replace", lambda path, to: (done.append("named"), replace(path, to))[1])
    write_text_atomically(tmp_path / "record.json", "{}")
    assert done == [str(tmp_path / ".record.json.part"), "named", str(tmp_path)]


def test_who_is_killed_before_the_name_leaves_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    write_text_atomically(path, "old")
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        write_text_atomically(path, "new")
    assert path.read_text() == "old"
    write_text_atomically(path, "new")
    assert path.read_text() == "new" and [one.name for one in tmp_path.iterdir()] == ["record.json"]


def test_a_look_is_due_once_in_its_time():
    seconds = [10.0]
    looks = LookTimer(5, lambda: seconds[0])
    assert looks.is_due() and not looks.is_due()
    seconds[0] = 14.9
    assert not looks.is_due()
    seconds[0] = 15.0
    assert looks.is_due() and not looks.is_due()
    looks.make_due()
    assert looks.is_due()
    every_time = LookTimer(clock=lambda: seconds[0])
    assert every_time.is_due() and every_time.is_due()
