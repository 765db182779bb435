"""A port that is taken, and a second server on one home, are sentences and not tracebacks."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from operate import airflow
from operate.ports import parse_port, refuse_taken_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_names_the_setting_to_change(taken_port):
    with pytest.raises(
        SystemExit,
        match=rf"port {taken_port} of 127\.0\.0\.1 cannot be listened on .*set SOME_PORT to a free",
    ):
        refuse_taken_port(taken_port, "SOME_PORT")
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    refuse_taken_port(free, "SOME_PORT")


@pytest.mark.parametrize("value", ["", "0", "65536", "http", "-1", "٨٠"])
def test_a_port_is_a_number(value):
    with pytest.raises(SystemExit, match=r"SOME_PORT is .* from 1 to 65535"):
        parse_port(value, "SOME_PORT")


@pytest.mark.parametrize(
    ("module", "setting"),
    [("operate.mlflow_pages", "MLFLOW_PORT"), ("operate.scheduler", "AIRFLOW__API__PORT")],
)
def test_servers_say_so_and_end(module, setting, taken_port, tmp_path):
    env = {**os.environ, "CONCIERGE_HOME": str(tmp_path), setting: str(taken_port), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-m", module], env=env, capture_output=True, text=True, timeout=60)
    assert (
        done.returncode == 1
        and f"set {setting} to a free port" in done.stderr
        and "Traceback" not in done.stderr
    )


def test_a_second_scheduler_of_a_home_is_refused(tmp_path):
    env = airflow.build_environment(tmp_path, "local[1]")
    (tmp_path / "airflow").mkdir()
    with (
        FileLock(tmp_path / "airflow" / ".scheduler.lock"),
        pytest.raises(SystemExit, match="is running already"),
    ):
        airflow.run_scheduler(env, lambda: pytest.fail("nothing may be announced"))
