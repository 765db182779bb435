"""The record of an engine: whom it names, whether that process is still the same, and who may read it."""

import os
from dataclasses import replace

import psutil
import pytest

from spark_jobs.engine.record import EngineRecord, read_record, write_record

ME = EngineRecord(
    os.getpid(), psutil.Process().create_time(), "identity", None, "sc://localhost:1", "secret", os.getpid()
)


def test_it_is_read_as_it_was_written_and_by_its_owner_alone(tmp_path):
    path = tmp_path / "engine" / "engine.json"
    write_record(path, ME)
    assert read_record(path) == ME
    assert path.stat().st_mode & 0o077 == 0, "the token in it lets anybody in"
    assert "secret" not in repr(ME)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"unknown": 1}'])
def test_what_is_no_record_is_none(tmp_path, text):
    (tmp_path / "engine.json").write_text(text)
    assert read_record(tmp_path / "engine.json") is None
    assert read_record(tmp_path / "nothing.json") is None


@pytest.mark.parametrize(
    ("record", "is_alive", "is_ready"),
    [
        pytest.param(ME, True, True, id="both processes are there and it has an address"),
        pytest.param(replace(ME, address=""), True, False, id="it is coming up"),
        pytest.param(
            replace(ME, created_at=1.0), False, False, id="its number belongs to another process now"
        ),
        pytest.param(replace(ME, jvm_pid=2**22 + 1), True, False, id="its JVM was killed"),
        pytest.param(replace(ME, pid=2**22 + 1), False, False, id="it was killed"),
    ],
)
def test_whether_it_lives(record, is_alive, is_ready):
    assert (record.is_alive, record.is_ready) == (is_alive, is_ready)
