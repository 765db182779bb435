"""A server that starts others is ended whole, by the signal a terminal or an operator sends."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True);"
    " time.sleep(60)"
)
PARENT = f"""
import subprocess, sys, time
inner = subprocess.Popen([sys.executable, '-c', {STUBBORN!r}], start_new_session=True)
time.sleep(60)
"""
OURS = f"""
import sys
from operate import processes
processes.PATIENCE_SECONDS = 1
processes.end_process_tree.__defaults__ = (1,)
sys.exit(processes.run_process_group([sys.executable, '-c', {PARENT!r}]))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_that_was_started(number):
    ours = subprocess.Popen(
        [sys.executable, "-c", OURS], stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": "."}
    )
    assert ours.stdout.readline() == "up\n"
    started = psutil.Process(ours.pid).children(recursive=True)
    assert len(started) == 2, "the control: a server, and what it started in a session of its own"
    ours.send_signal(number)
    assert ours.wait(timeout=20) == 0
    _, alive = psutil.wait_procs(started, timeout=5)
    assert not alive


def test_a_program_that_ends_says_how():
    code = (
        "import sys; from operate.processes import run_process_group as run;"
        " sys.exit(run([sys.executable, '-c', 'exit(3)']))"
    )
    began = time.monotonic()
    assert (
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": "."}, check=False
        ).returncode
        == 3
    )
    assert time.monotonic() - began < 10


def test_a_program_ends_with_one_that_is_killed():
    """No orphan is left that would hold memory and ports."""
    code = """
import os, signal, subprocess
from operate.processes import kill_when_we_end
child = subprocess.Popen(["sleep", "60"], start_new_session=True)
guard = kill_when_we_end(child)
print(child.pid, guard.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": "."},
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    for pid in map(int, done.stdout.split()):
        with contextlib.suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(timeout=30)
