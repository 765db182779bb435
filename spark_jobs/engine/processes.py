"""Starting an engine and ending it: one at a time under a record, whoever held the name before."""

import contextlib
import hashlib
import logging
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from spark_jobs.engine.record import (
    EngineRecord,
    is_running,
    locate_scratch_folder,
    read_record,
    write_record,
)

ROOT = Path(__file__).resolve().parents[2]
logger = logging.getLogger(__name__)
PATIENCE_SECONDS = 180.0  # a cluster may be slow to answer; on two busy cores a local one takes 15 s
END_SECONDS = 20.0
LOOK_EVERY_SECONDS = 0.1
LOG_CHARACTERS = 4000  # of its log, when it does not come up


class EngineError(RuntimeError):
    """The engine did not come up; the message ends with its log."""


def identify_engine(master: str, memory: str, code_hash: str) -> str:
    """What an engine is started for; a step whose master, memory, checkout, code or Python is another does
    not use it.
    """
    parts = (master, memory, code_hash, str(ROOT), sys.executable)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


class EngineStarter:
    """Starts engines under one record.

    Attributes:
        record_path: where the record lies.
        client_path: a file that is there while a step uses the engine.
        log_path: what it prints while it comes up; errors of its jobs go to the steps that asked.
    """

    def __init__(self, record_path: Path, client_path: Path, log_path: Path) -> None:
        self.record_path, self.client_path, self.log_path = record_path, client_path, log_path

    def start(self, master: str, memory: str, identity: str, owner: int | None = None) -> EngineRecord:
        """A new engine that answers; one that was there before is ended.

        Raises:
            EngineError: it ended, or did not answer in time.
        """
        self.end()
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        arguments = ["--record", str(self.record_path), "--client", str(self.client_path)]
        arguments += ["--master", master, "--memory", memory]
        with self.log_path.open("w") as log:
            # A session of its own: whoever ends the task that starts it does not end it with that.
            process = subprocess.Popen(
                [sys.executable, "-m", "spark_jobs.engine.server", *arguments],
                cwd=ROOT,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        created_at = psutil.Process(process.pid).create_time()
        write_record(self.record_path, EngineRecord(process.pid, created_at, identity, owner))
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            record = read_record(self.record_path)
            if record and record.is_ready:
                logger.info(f"an engine answers at {record.address} (process {record.pid})")
                return record
            if process.poll() is not None or time.monotonic() > until:
                self.end()
                log_text = self.log_path.read_text(errors="replace")
                raise EngineError(f"Spark did not start; {self.log_path} ends:\n{log_text[-LOG_CHARACTERS:]}")
            time.sleep(LOOK_EVERY_SECONDS)

    def end(self) -> None:
        """End the recorded engine and all it started, so that nothing of it writes any more; then no record
        is left.
        """
        record = read_record(self.record_path)
        if record is not None:
            end_processes(list_engine_processes(record))
        self.record_path.unlink(missing_ok=True)
        shutil.rmtree(locate_scratch_folder(self.record_path), ignore_errors=True)


def list_engine_processes(record: EngineRecord) -> list[psutil.Process]:
    """The engine's living processes: itself, its JVM and their children."""
    found: dict[int, psutil.Process] = {}
    for pid in (record.pid if record.is_alive else 0, record.jvm_pid if record.has_jvm else 0):
        with contextlib.suppress(psutil.NoSuchProcess):
            if pid:
                process = psutil.Process(pid)
                found |= {each.pid: each for each in [process, *process.children(recursive=True)]}
    return list(found.values())


def end_processes(processes: Sequence[psutil.Process]) -> None:
    """End these processes: asked first, then killed."""
    for process in processes[:1]:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in wait_for_processes(processes):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    wait_for_processes(processes)


def wait_for_processes(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Wait until these processes have ended, for a while; those that have not."""
    until = time.monotonic() + END_SECONDS
    while alive := [process for process in processes if is_running(process.pid, process.create_time())]:
        if time.monotonic() > until:
            break
        psutil.wait_procs(alive, timeout=LOOK_EVERY_SECONDS)  # so that those we started ourselves are gone
    return alive
