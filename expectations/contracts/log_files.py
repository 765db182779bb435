"""The files of the service's logs, as the service that writes them and the night that lands them see them.

A file is `<name>.jsonl.open` while it is written, under a lock that its writer holds, and `<name>.jsonl` once
finished. So a file whose lock is free belongs to a worker that died, and whoever finds it finishes it.
"""

import fcntl
import logging
import os
from pathlib import Path

from expectations.contracts.files import sync_folder
from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX, TORN_SUFFIX

logger = logging.getLogger(__name__)


def finish_abandoned_files(folder: Path) -> list[Path]:
    """Finish what workers that died were writing; return the finished files.

    A last line without its end is moved to `<name>.torn`: its answer never went out, and it is not lost
    silently.
    """
    finished = []
    for path in sorted(folder.glob(f"[!.]*{OPEN_SUFFIX}")):
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # finished meanwhile
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and (result := _finish_abandoned_file(path, handle)):
                finished.append(result)
        except BlockingIOError:
            pass  # its writer lives
        finally:
            os.close(handle)
    return finished


def _finish_abandoned_file(path: Path, handle: int) -> Path | None:
    """The finished file of an abandoned one; None where it holds no whole record."""
    data = path.read_bytes()
    n_whole = data.rfind(b"\n") + 1
    if n_whole < len(data):
        torn = path.with_name(path.name.removesuffix(OPEN_SUFFIX) + TORN_SUFFIX)
        with torn.open("wb") as out:
            out.write(data[n_whole:])
            out.flush()
            os.fsync(out.fileno())
        os.ftruncate(handle, n_whole)
        logger.warning(
            "%s: a worker died in the middle of a line; its %d bytes are in %s",
            path.name,
            len(data) - n_whole,
            torn.name,
        )
    os.fsync(handle)
    if not n_whole:
        path.unlink()
        return None
    finished = get_finished_path(path)
    path.rename(finished)
    sync_folder(path.parent)
    return finished


def get_finished_path(path: Path) -> Path:
    """The path that an open file has once it is finished."""
    return path.with_name(path.name.removesuffix(OPEN_SUFFIX) + FINISHED_SUFFIX)
