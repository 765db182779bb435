"""The record of an engine: which process it is, and where it answers; and whether it still lives."""

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil


@dataclass(frozen=True)
class EngineRecord:
    """One engine, as its record says.

    Attributes:
        pid, created_at: of the process; the system gives a number to another process once it is free.
        identity: what it was started for; see `identify_engine`.
        owner: the process that it ends with; None where it lives until it is stopped.
        address: `sc://localhost:<port>`; empty while it comes up.
        token: what a client must know. Other users of the machine cannot read the record.
        jvm_pid, jvm_created_at: of its JVM; 0 while it comes up.
    """

    pid: int
    created_at: float
    identity: str
    owner: int | None = None
    address: str = ""
    token: str = field(default="", repr=False)
    jvm_pid: int = 0
    jvm_created_at: float = 0.0

    @property
    def url(self) -> str:
        """Where a client connects, with the token."""
        return f"{self.address}/;token={self.token}"

    @property
    def is_ready(self) -> bool:
        """Whether it answers, or did when it was last asked: both of its processes are there."""
        return bool(self.address) and self.is_alive and self.has_jvm

    @property
    def has_jvm(self) -> bool:
        """Whether its JVM is there, and no other process of that number."""
        return bool(self.jvm_pid) and is_running(self.jvm_pid, self.jvm_created_at)

    @property
    def is_alive(self) -> bool:
        """Whether the process is there, and is the one that was recorded."""
        return is_running(self.pid, self.created_at)


def locate_scratch_folder(record_path: Path) -> Path:
    """The folder of what Spark spills and caches: beside the record, so that it goes with an engine that was
    killed, which deletes nothing.
    """
    return record_path.with_name("spark")


def is_client_gone(path: Path) -> bool:
    """Whether the file of who uses the engine names a process that is no longer there: a step was killed."""
    try:
        return not is_running(json.loads(path.read_text())["pid"])
    except (FileNotFoundError, ValueError, TypeError, KeyError):  # nobody, or half written
        return False


def is_running(pid: int, created_at: float | None = None) -> bool:
    """Whether there is a process of this number that has not ended; where a time is given, the one that was
    created then.
    """
    try:
        process = psutil.Process(pid)
        is_same = created_at is None or process.create_time() == created_at
        # Of one that has ended its number stays until its parent asks, which a container's first process
        # may never do.
        return is_same and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def read_record(path: Path) -> EngineRecord | None:
    """The record of a file; None where there is none, or it is not one."""
    try:
        return EngineRecord(**json.loads(path.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def write_record(path: Path, record: EngineRecord) -> None:
    """Write the record under its name at once, for its owner's eyes alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.touch(mode=0o600)
    part.write_text(json.dumps(asdict(record)))
    part.replace(path)
