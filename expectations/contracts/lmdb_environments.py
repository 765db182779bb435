"""LMDB environments that several parts of a process share, one handle on a file, and that notice when their
file is cut, exchanged or overwritten beneath them.
"""

import errno
import fcntl
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from expectations.contracts.files import (
    FileStamp,
    FileStamps,
    LookTimer,
    make_file_stamp,
    read_file_stamps,
)

DATA = "data.mdb"  # LMDB's own name
PAGE = 4096
LOCK = ".turn"  # locked while somebody writes
POLL_SECONDS = 0.0005

_environments: "weakref.WeakValueDictionary[str, lmdb.Environment]" = weakref.WeakValueDictionary()
_environments_lock = threading.Lock()


def open_shared_environment(
    folder: Path, inode: int, map_bytes: int, n_databases: int, is_synced: bool = True
) -> lmdb.Environment:
    """The process's one handle on an environment: a second one would release the first one's locks.

    Args:
        inode: of its file: another file in the same place is another environment.
        is_synced: every commit is on the disk before it returns; otherwise a loss of power may damage the
            file, the end of a process not.
    """
    name = f"{folder.resolve()}#{inode}"
    with _environments_lock:
        environment = _environments.get(name)
        if environment is None:
            environment = _environments[name] = lmdb.open(
                str(folder),
                map_size=map_bytes,
                max_dbs=n_databases,
                create=False,
                sync=is_synced,
                metasync=is_synced,
            )
        return environment


class WatchedEnvironment:
    """An environment, open for reading and writing; many processes may have it open."""

    def __init__(
        self,
        folder: Path,
        map_bytes: int,
        n_databases: int,
        is_synced: bool = True,
        patience_seconds: float | None = None,
        look_every_seconds: float = 0.0,
    ) -> None:
        """
        Args:
            patience_seconds: how long a write waits for the one before it; None: for ever.
            look_every_seconds: how old `was_intact_lately` may be.

        Raises:
            OSError, lmdb.Error: it cannot be opened.
        """
        self._file, self._patience_seconds = folder / DATA, patience_seconds
        self._inode = self._file.stat().st_ino
        self._env = open_shared_environment(folder, self._inode, map_bytes, n_databases, is_synced)
        self._n_bytes = 0
        self._path, self._looks = str(self._file), LookTimer(look_every_seconds)
        self._written: tuple[FileStamps, int] = (), -1  # nothing yet that it could differ from
        self._is_as_written(make_file_stamp(self._file.stat()))

    def check_length(self) -> None:
        """Called before a page is read, as opening a sub-database does: a page beyond the end of a file that
        was cut ends the process by a signal.

        Raises:
            lmdb.CorruptedError: the file is shorter than it says.
        """
        n_bytes = (self._env.info()["last_pgno"] + 1) * self._env.stat()["psize"]
        if self._file.stat().st_size < n_bytes:
            raise lmdb.CorruptedError("cut off")

    def is_intact(self) -> bool:
        """Whether the file is still the one that was opened, as long as it says, and changed by transactions
        alone.

        To read one that was cut or overwritten in place ends a process by a signal, or hides a no.
        """
        try:
            status = os.stat(self._path)  # noqa: PTH116 - a text's costs half as much as a Path's
            if status.st_ino != self._inode or status.st_size < max(self._n_bytes, 2 * PAGE):
                return False
            self._n_bytes = (self._env.info()["last_pgno"] + 1) * self._env.stat()["psize"]
            if status.st_size < self._n_bytes:  # another process may have made it longer meanwhile
                status = os.stat(self._path)  # noqa: PTH116
        except OSError:
            return False
        return status.st_size >= self._n_bytes and self._is_as_written(make_file_stamp(status))

    def was_intact_lately(self) -> bool:
        """As `is_intact`, looked at now and then: for reads. A transaction of another process is read at once
        all the same.
        """
        if not self._looks.is_due() or self.is_intact():
            return True
        self._looks.make_due()
        return False

    def _is_as_written(self, stamp: FileStamp) -> bool:
        before = self._written  # once: another thread may replace it meanwhile
        if (stamp,) == before[0]:
            return True
        try:
            with (self._file.parent / LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                now = self._stamp()
        except BlockingIOError:
            return True  # a write is under way, and what held before it is still read
        except OSError:
            return False
        if now[1] == before[1]:
            return False  # bytes have changed, and no transaction has been committed
        self._written = now
        return True

    def _stamp(self) -> tuple[FileStamps, int]:
        """What tells that the file is another than before, and the number of the newest transaction: a write
        changes both.
        """
        return read_file_stamps(self._file), self._env.info()["last_txnid"]

    @contextmanager
    def _begin_write(self) -> Iterator[lmdb.Transaction]:
        """A transaction that writes; `is_intact` can tell it apart from bytes that anybody else changes.

        Raises:
            TimeoutError: the write before it has not ended in time, as of a process that was stopped.
        """
        with (self._file.parent / LOCK).open("a") as lock:
            self._wait_for_turn(lock.fileno())
            with self._env.begin(write=True) as txn:
                yield txn
            self._written = self._stamp()

    def _wait_for_turn(self, lock: int) -> None:
        if self._patience_seconds is None:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return
        until = time.monotonic() + self._patience_seconds
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > until:
                    raise TimeoutError(errno.ETIMEDOUT, "another process is writing") from None
                time.sleep(POLL_SECONDS)


LookAtFile = Callable[[WatchedEnvironment], bool]  # `is_intact` or `was_intact_lately`
