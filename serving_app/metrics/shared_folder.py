"""The folder that a server's processes share: the counts of its workers, and whether it is about to end.

This module imports nothing of prometheus_client: the library reads the variable when it is imported, and
workers are forks of the process that sets it.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# Workers write their counts into mapped files. On a full disk such a write ends the process by a signal, so
# they lie in memory where the machine has a folder for that.
MEMORY_FOLDER = Path("/dev/shm")
PROCESSES = Path("/proc")
PREFIX = "concierge-metrics-"
ENDING = "ending"


def make_shared_folder() -> Path:
    """A new folder in which this server's workers share their counts; whoever makes it deletes it. Those that
    a killed server left are deleted.
    """
    parent = MEMORY_FOLDER if os.access(MEMORY_FOLDER, os.W_OK) else Path(tempfile.gettempdir())
    for folder in parent.glob(f"{PREFIX}*"):
        if not is_running(folder.name.removeprefix(PREFIX).partition("-")[0]):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))


def find_shared_folder() -> Path | None:
    """The folder of this server; None in a process that counts for itself."""
    return Path(os.environ[FOLDER_VARIABLE]) if FOLDER_VARIABLE in os.environ else None


def announce_end() -> None:
    """Let the workers of this server know that it will end."""
    if folder := find_shared_folder():
        (folder / ENDING).touch()


class EndNotice:
    """Tells a worker whether its server is about to end; every request asks it."""

    def __init__(self, look_every_seconds: float = 0.1) -> None:
        self._every, self._looked_at, self._is_ending = look_every_seconds, float("-inf"), False

    def is_ending(self) -> bool:
        """Whether the server is about to end."""
        if not self._is_ending and (now := time.monotonic()) - self._looked_at >= self._every:
            folder = find_shared_folder()
            self._looked_at, self._is_ending = now, folder is not None and (folder / ENDING).exists()
        return self._is_ending


def forget_dead_workers(folder: Path) -> None:
    """Delete what workers that ended say of the present. Their counts stay, or a total would fall."""
    for file in folder.glob("gauge_live*_*.db"):
        if not is_running(file.stem.rpartition("_")[2]):
            file.unlink(missing_ok=True)


def is_running(pid: str) -> bool:
    """Whether a process has this number; True where that cannot be told."""
    return not pid.isdecimal() or not PROCESSES.exists() or (PROCESSES / pid).exists()
