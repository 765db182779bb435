"""A verified copy of a snapshot's file that nobody else can change: it has no name.

LMDB maps the file it reads. When that file is cut short, the next read raises a signal (SIGBUS) that ends the
worker, whatever Python does; when bytes in it change, an answer is silently wrong. A file without a name
cannot be cut, overwritten or swapped. The workers of a machine share one copy: the first leaves a link to it,
`/proc/<pid>/fd/<n>`, and the file exists until the last worker has closed it.
"""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from expectations.contracts.home import HomePaths
from expectations.contracts.manifest import SnapshotDamaged

FOLDER = HomePaths(Path()).verified_snapshots.name
CHUNK_BYTES = 1 << 20


def open_private_copy(data: Path, link: Path, verify: Callable[[BinaryIO], None]) -> BinaryIO:
    """A private copy of a file, verified: another worker's where there is one, else a new one.

    Args:
        link: where a worker offers its copy to the others.

    Raises:
        SnapshotDamaged: by `verify`, of a new copy.
        FileNotFoundError: there is no such file to copy.
        OSError: there is no room for a copy, or no right to make one.
    """
    link.parent.mkdir(parents=True, exist_ok=True)
    with _copy_lock(link.parent):
        if shared := _open_shared(link, verify):
            return shared
        copy = tempfile.TemporaryFile(dir=link.parent)  # noqa: SIM115 - it is the caller's to close
        try:
            with data.open("rb") as source:
                shutil.copyfileobj(source, copy, CHUNK_BYTES)
            copy.flush()
            verify(copy)
        except BaseException:
            copy.close()
            raise
        _share(copy, link)
        return copy


@contextlib.contextmanager
def _copy_lock(folder: Path) -> Iterator[None]:
    """Let one worker in at a time, so that two that start together make one copy."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_shared(link: Path, verify: Callable[[BinaryIO], None]) -> BinaryIO | None:
    """The copy that a living worker offers; None where there is none, or the link leads to anything else."""
    try:
        if _is_open_here(link.stat()):
            return None
        file = link.open("rb")
    except OSError:
        return None
    try:
        if os.fstat(file.fileno()).st_nlink == 0:  # else it has a name, and others can change it
            verify(file)
            return file
    except SnapshotDamaged:
        pass  # another process has the worker's process id by now, and this is a file of that process
    file.close()
    return None


def _is_open_here(status: os.stat_result) -> bool:
    """Whether this process has the file open already: LMDB refuses a second handle on one file."""
    for handle in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.path.samestat(handle.stat(), status):
                return True
    return False


def _share(copy: BinaryIO, link: Path) -> None:
    """Link to the copy, so that other workers find it."""
    target = Path(f"/proc/{os.getpid()}/fd/{copy.fileno()}")
    if not target.exists():  # macOS has no /proc: there each worker has a copy of its own
        return
    temporary = link.with_name(f".{link.name}.part")
    with contextlib.suppress(OSError):  # then each worker makes a copy of its own
        for other in link.parent.iterdir():
            if other.is_symlink() and not other.exists():
                other.unlink()  # it belongs to a worker that ended
        temporary.unlink(missing_ok=True)
        temporary.symlink_to(target)
        temporary.replace(link)
