"""A verified copy of a snapshot's file that nobody else can change: it has no name.

LMDB maps the file it reads. When that file is cut short underneath, the next read is a signal (SIGBUS) that
ends the worker, whatever Python does; when bytes in it change, an answer is silently wrong. A file without a
name cannot be cut, overwritten or swapped. The workers of a machine share one: the first leaves a link to it,
`/proc/<pid>/fd/<n>`, and the file lasts until the last worker has closed it.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from expectations.contracts.manifest import SnapshotDamaged

FOLDER = "verified"
CHUNK = 1 << 20


def open_copy(data: Path, link: Path, verify: Callable[[BinaryIO], None]) -> BinaryIO:
    """A private copy of a file, verified: another worker's where there is one, else a new one.

    Args:
        link: where a worker offers its copy to the others.

    Raises:
        SnapshotDamaged: by `verify`, of a new copy.
        FileNotFoundError: there is no such file to copy.
        OSError: there is no room for a copy, or no right to make one.
    """
    link.parent.mkdir(parents=True, exist_ok=True)
    with _turn(link.parent):
        if shared := _shared(link, verify):
            return shared
        copy = tempfile.TemporaryFile(dir=link.parent)  # noqa: SIM115 - it is the caller's to close
        try:
            with data.open("rb") as source:
                shutil.copyfileobj(source, copy, CHUNK)
            copy.flush()
            verify(copy)
        except BaseException:
            copy.close()
            raise
        _offer(copy, link)
        return copy


@contextlib.contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """One worker at a time, so that two that start together make one copy."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _shared(link: Path, verify: Callable[[BinaryIO], None]) -> BinaryIO | None:
    """The copy that a living worker offers; None where there is none, or the link leads to anything else."""
    try:
        if _is_open_here(link.stat()):
            return None
        file = link.open("rb")
    except OSError:
        return None
    try:
        if os.fstat(file.fileno()).st_nlink == 0:  # else it has a name, and is anybody's to change
            verify(file)
            return file
    except SnapshotDamaged:
        pass  # another process has the worker's number by now, and this is a file of its
    file.close()
    return None


def _is_open_here(status: os.stat_result) -> bool:
    """Whether this process has the file open already: LMDB refuses a second handle on one file."""
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.path.samestat(handle.stat(), status):
                return True
    return False


def _offer(copy: BinaryIO, link: Path) -> None:
    target = Path(f"/proc/{os.getpid()}/fd/{copy.fileno()}")
    if not target.exists():  # macOS has none: there each worker has a copy of its own
        return
    aside = link.with_name(f".{link.name}.part")
    with contextlib.suppress(OSError):  # not shared, no more
        for other in link.parent.iterdir():
            if other.is_symlink() and not other.exists():
                other.unlink()  # of a worker that ended
        aside.unlink(missing_ok=True)
        aside.symlink_to(target)
        aside.replace(link)
