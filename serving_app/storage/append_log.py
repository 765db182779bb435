"""The durable log of every list served: an answer goes out when its record is on disk, or could not be put
there and is counted.

One file a worker, `<name>.jsonl.open` while it is written, `<name>.jsonl` once finished, which is when `land`
may take it. Threads that answer at once share one sync. A live worker holds a lock on its open file, so a
file whose lock can be had belongs to a dead one: any worker finishes it, and puts a torn last line aside
under `<name>.torn`, where it can be seen.
"""

import contextlib
import fcntl
import logging
import os
import tempfile
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson

from expectations.contracts.files import sync_folder
from expectations.contracts.impressions import FINISHED, OPEN, TORN

FOLDER = "decision_log"
MAX_BYTES = 32 << 20
PROBE_BYTES = 64 << 10  # room for the records of a second
MAX_AGE = timedelta(minutes=1)  # how long a record may wait before `land` can see it

logger = logging.getLogger(__name__)


class LogUnavailable(RuntimeError):  # noqa: N818 - reads as what it says
    """The record could not be made durable."""


class _Entry:
    """One line on its way to the disk."""

    def __init__(self, line: bytes) -> None:
        self.line, self.is_done, self.error = line, False, None


class DecisionLog:
    """One worker's log, safe for many threads. Opens its file with the first record; must not be carried over
    a fork.

    Attributes:
        problem: why records cannot be written now; empty when they can.
        n_unlogged: records of this worker that are not on disk: could not be written, or were in a file that
            somebody deleted.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        new_name: Callable[[], str],
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """
        Args:
            new_name: a name that no file in the folder has; names in order of time keep the log readable.
        """
        self._folder, self._clock, self._new_name, self._max_bytes = folder, clock, new_name, max_bytes
        self._queue_lock, self._commit_lock = threading.Lock(), threading.Lock()
        self._queue: list[_Entry] = []
        self._file: int | None = None
        self._path, self._size, self._opened_at, self._n_records = folder, 0, clock(), 0
        self.problem, self.n_unlogged = "", 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            finish_abandoned(folder)
        except OSError as error:  # a full disk must not keep a worker from starting
            self._tell(error)

    def append(self, record: dict) -> None:
        """Write one record; it is on disk when this returns.

        Raises:
            LogUnavailable: it is not, and will not be.
        """
        entry = _Entry(orjson.dumps(record) + b"\n")
        with self._queue_lock:
            self._queue.append(entry)
        with self._commit_lock:
            if not entry.is_done:  # or another thread's sync has taken this one along
                with self._queue_lock:
                    batch, self._queue = self._queue, []
                self._commit(batch)
        if entry.error:
            raise LogUnavailable("the decision log cannot be written") from entry.error

    def rotate(self, *, whatever: bool = False) -> None:
        """Finish the file when it is old enough, or `whatever` its age: for a timer, so that a quiet worker's
        file does not wait.

        Files of workers that died are finished on the same occasion, and `problem` is looked into.

        Raises:
            OSError: the disk refuses it still.
        """
        with self._commit_lock:
            if self._file is not None and (whatever or self._clock() - self._opened_at >= MAX_AGE):
                self._finish()
        finish_abandoned(self._folder)
        with self._commit_lock:
            if self.problem:  # of a worker that nobody has asked since
                self._try()

    def _try(self) -> None:
        """Find out whether records could be written now.

        Raises:
            OSError: they could not.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
        self.problem = ""

    def _commit(self, batch: list[_Entry]) -> None:
        error = None
        try:
            self._write(b"".join(entry.line for entry in batch))
            self._n_records += len(batch)
            self.problem = ""
        except OSError as caught:
            error = caught
            self.n_unlogged += len(batch)
            self._tell(caught)
        for entry in batch:
            entry.is_done, entry.error = True, error

    def _tell(self, error: OSError) -> None:
        problem = f"the decision log cannot be written: {error.strerror}"
        if problem != self.problem:  # once, not at every request
            logger.error("%s", problem)
        self.problem = problem

    def _write(self, data: bytes) -> None:
        if (
            self._file is not None and os.fstat(self._file).st_nlink == 0
        ):  # what is written to it would be lost without a word
            logger.error("%s was deleted with %d records in it", self._path.name, self._n_records)
            self.n_unlogged += self._n_records
            os.close(self._file)
            self._file = None
        if self._file is not None and (
            self._size >= self._max_bytes or self._clock() - self._opened_at >= MAX_AGE
        ):
            self._finish()
        if self._file is None:
            self._open()
        try:
            sent = 0
            while sent < len(data):
                sent += os.write(self._file, data[sent:])
            os.fdatasync(self._file)
        except OSError:
            # Half a batch must not be taken for served; what was durable before stays. After a failed sync
            # nothing more may be trusted to this file: it is let go, and finished like a dead worker's.
            handle, self._file = self._file, None
            try:
                if self._size:
                    os.ftruncate(handle, self._size)
                else:  # or every request on a full disk would leave an empty file
                    self._path.unlink(missing_ok=True)
            finally:
                os.close(handle)
            raise
        self._size += len(data)

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path = self._folder / f"{self._new_name()}{OPEN}"
        hidden = self._path.with_name(f".{self._path.name}")
        handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        try:
            fcntl.flock(
                handle, fcntl.LOCK_EX
            )  # held before the name can be seen by those who look for the dead
            hidden.rename(self._path)
            sync_folder(self._folder)
        except OSError:
            os.close(handle)
            hidden.unlink(missing_ok=True)
            self._path.unlink(missing_ok=True)
            raise
        self._file, self._size, self._opened_at, self._n_records = handle, 0, self._clock(), 0

    def _finish(self) -> None:
        handle, self._file = self._file, None
        try:
            self._path.rename(finished_name(self._path))
        except FileNotFoundError:
            logger.error("%s was deleted with %d records in it", self._path.name, self._n_records)
            self.n_unlogged += self._n_records
        finally:
            os.close(handle)
        sync_folder(self._folder)


def finish_abandoned(folder: Path) -> list[Path]:
    """Finish what workers that died were writing; returns the files made.

    A last line without its end is moved to `<name>.torn`: its answer never went out, but it is not lost
    without a word.
    """
    made = []
    for path in sorted(folder.glob(f"[!.]*{OPEN}")):
        try:
            handle = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # finished meanwhile
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and (kept := _without_torn_line(path, handle)):
                made.append(kept)
        except BlockingIOError:
            pass  # its writer lives
        finally:
            os.close(handle)
    return made


def _without_torn_line(path: Path, handle: int) -> Path | None:
    data = path.read_bytes()
    whole = data.rfind(b"\n") + 1
    if whole < len(data):
        torn = path.with_name(path.name.removesuffix(OPEN) + TORN)
        with torn.open("wb") as out:
            out.write(data[whole:])
            out.flush()
            os.fsync(out.fileno())
        os.ftruncate(handle, whole)
        logger.warning(
            "%s: a worker died in the middle of a line; its %d bytes are in %s",
            path.name,
            len(data) - whole,
            torn.name,
        )
    os.fsync(handle)
    if not whole:
        path.unlink()
        return None
    made = finished_name(path)
    path.rename(made)
    sync_folder(path.parent)
    return made


def finished_name(path: Path) -> Path:
    """An open file's name once it is finished."""
    return path.with_name(path.name.removesuffix(OPEN) + FINISHED)


def delete_older(folder: Path, before: datetime) -> list[str]:
    """Delete finished and torn files last written before a moment; returns their names. A night takes
    finished ones before.
    """
    names = []
    for path in sorted([*folder.glob(f"*{FINISHED}"), *folder.glob(f"*{TORN}")]):
        with contextlib.suppress(FileNotFoundError):  # another worker or a night was first
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()
                names.append(path.name)
    if names:
        logger.warning(
            "%d decision logs that no night has taken are older than they are kept for, and deleted",
            len(names),
        )
    return names
