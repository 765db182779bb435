"""How a file is written that somebody else reads: they find the old one or the new one, never a half of
either.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

FileStamp = tuple[int, int, int]
FileStamps = tuple[FileStamp | None, ...]


class LookTimer:
    """Tells who reads a file again and again when it is time to look whether it is another.

    A service that is asked a thousand times a second would spend a tenth of its time on that.
    """

    def __init__(self, every_seconds: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Args:
            every_seconds: 0: every time.
            clock: seconds, never set back.
        """
        self._every, self._clock, self._looked_at = every_seconds, clock, float("-inf")

    def is_due(self) -> bool:
        """Whether to look; one of several threads that ask at once is told to."""
        now = self._clock()
        if now - self._looked_at < self._every:
            return False
        self._looked_at = now
        return True

    def make_due(self) -> None:
        """Let the next look be now, as after one that has found something."""
        self._looked_at = float("-inf")


def write_text_atomically(path: Path, text: str) -> None:
    """Write a file, or write it anew: under a temporary name, synced, then renamed.

    Without the sync a loss of power may leave the new name with nothing behind it.
    """
    temporary = path.with_name(f".{path.name}.part")
    try:
        with temporary.open("w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(path)
    except OSError:  # on a full disk the half of it would take what room is left
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def read_file_stamps(*paths: Path | str) -> FileStamps:
    """What tells that files are others than before: number, time of change and size of each; None where there
    is none.
    """
    statuses = []
    for path in paths:
        try:
            statuses.append(make_file_stamp(os.stat(path)))  # noqa: PTH116 - at half the cost, every request
        except OSError:
            statuses.append(None)
    return tuple(statuses)


def make_file_stamp(status: os.stat_result) -> FileStamp:
    """What tells that a file is another than before: its number, time of change and size."""
    return status.st_ino, status.st_mtime_ns, status.st_size


def sync_folder(folder: Path) -> None:
    """Make names just given in a folder survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
