"""The LMDB environment of live states, open, one transaction of it, and the locks beside it."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TextIO

import lmdb

from expectations.contracts.lmdb_environments import WatchedEnvironment
from serving_app.live.backends import get_timer_key
from serving_app.live.lmdb_values import find_next_outbox_key, pack_value, read_value

MAP_BYTES = 1 << 34  # address space, not disk; a million visitors of twenty events take some 1 GB
PATIENCE_SECONDS = 0.05  # for the write before; a request's own takes a millisecond or two


class LiveDatabase(WatchedEnvironment):
    """The environment of a home, open."""

    def __init__(self, folder: Path, look_every_seconds: float) -> None:
        super().__init__(
            folder,
            MAP_BYTES,
            n_databases=0,
            is_synced=False,
            patience_seconds=PATIENCE_SECONDS,
            look_every_seconds=look_every_seconds,
        )
        self._env.reader_check()  # slots of processes that were killed

    def is_current(self) -> bool:
        """Whether it is the one that lies there now."""
        try:
            return self._file.stat().st_ino == self._inode
        except OSError:
            return True  # nothing lies there, so nobody has replaced it

    def begin(self, is_write: bool) -> AbstractContextManager[lmdb.Transaction]:
        """A transaction; whoever begins it has asked whether the file is intact."""
        return self._begin_write() if is_write else self._env.begin()


class LmdbTransaction:
    """A `BackendTransaction` of LMDB."""

    def __init__(self, txn: lmdb.Transaction, minutes: int) -> None:
        self._txn, self._minutes = txn, minutes

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]:
        return [read_value(self._txn, key, self._minutes) for key in keys]

    def prepare(self, keys: Sequence[bytes]) -> None:
        pass

    def put(self, key: bytes, value: bytes) -> None:
        self._txn.put(key, pack_value(key, value, self._minutes))

    def delete(self, key: bytes) -> None:
        self._txn.delete(key)

    def set_timer(self, owner: str, before: int, due: int) -> None:
        if before:
            self.delete(get_timer_key(before, owner))
        if due:
            self.put(get_timer_key(due, owner), b"")

    def tell(self, line: bytes) -> None:
        self.put(find_next_outbox_key(self._txn), line)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Hold the lock under which one worker at a time opens or replaces the database."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f".{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def take_file_lock(file: Path) -> TextIO | None:
    """The file, locked until this process ends; None: another process has locked it."""
    with suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        handle = file.open("a")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except OSError:
            handle.close()
    return None


def touch(file: Path, seconds: float) -> None:
    """Make an empty file of a moment."""
    file.touch()
    os.utime(file, (seconds, seconds))


def is_younger(file: Path, seconds: float) -> bool:
    """Whether there is a file, of a later moment than this."""
    with suppress(OSError):
        return file.stat().st_mtime > seconds
    return False
