"""The record of an engine: whom it names, whether that process is still the same, and who may read it."""

import os
import subprocess
import sys
from dataclasses import replace

import psutil
import pytest

from spark_jobs.engine.client import end_abandoned_engine
from spark_jobs.engine.processes import list_engine_processes
from spark_jobs.engine.record import EngineRecord, is_client_gone, read_record, write_record
from spark_jobs.settings import Settings

PID, CREATED_AT = os.getpid(), psutil.Process().create_time()
NOBODY = 2**22 + 1  # a number that no process has
ME = EngineRecord(PID, CREATED_AT, "identity", None, "sc://localhost:1", "secret", PID, CREATED_AT)


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
        pytest.param(
            replace(ME, jvm_created_at=1.0), True, False, id="its JVM's number is another process's"
        ),
        pytest.param(replace(ME, jvm_pid=NOBODY), True, False, id="its JVM was killed"),
        pytest.param(replace(ME, pid=NOBODY), False, False, id="it was killed"),
    ],
)
def test_whether_it_lives(record, is_alive, is_ready):
    assert (record.is_alive, record.is_ready) == (is_alive, is_ready)


def test_nobody_else_s_process_is_an_engine_s():
    assert PID in [each.pid for each in list_engine_processes(ME)]
    reused = replace(ME, pid=NOBODY, created_at=1.0, jvm_created_at=1.0)
    assert list_engine_processes(reused) == [], "a number that was given out again, after the engine was gone"


@pytest.mark.parametrize(
    ("text", "is_gone"),
    [
        (f'{{"name": "ingest of r", "pid": {PID}}}', False),
        (f'{{"name": "ingest of r", "pid": {NOBODY}}}', True),
        ("", False),
        (None, False),
    ],
    ids=["it runs", "it is gone", "its record is being written", "none used it"],  # the same in each worker
)
def test_whether_the_step_that_used_it_was_killed(tmp_path, text, is_gone):
    if text is not None:
        (tmp_path / "client.json").write_text(text)
    assert is_client_gone(tmp_path / "client.json") == is_gone


def test_a_step_ends_what_a_killed_one_left_before_it_does_anything(tmp_path):
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    paths = settings.paths
    end_abandoned_engine(settings)
    assert not paths.engine.exists()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    night_s = replace(ME, pid=child.pid, created_at=psutil.Process(child.pid).create_time(), jvm_pid=0)
    write_record(paths.engine_record, night_s)
    end_abandoned_engine(settings)
    assert child.poll() is None, "the engine of a night whose last step ended well"
    paths.engine_client.write_text(f'{{"pid": {NOBODY}}}')
    end_abandoned_engine(settings)
    assert not night_s.is_alive and not paths.engine_client.exists()
    assert read_record(paths.engine_record) == night_s, "by which the next one lives as long"
