"""A durable log of JSON records, one file a worker: an append returns when its records are on disk.

A file is `<name>.jsonl.open` while it is written and `<name>.jsonl` once finished, which is when `land` may
copy it. Threads that append at once share one sync. A live worker holds a lock on its open file, so a file
whose lock is free belongs to a dead one: any worker finishes it, and moves a torn last line to `<name>.torn`,
where it can be seen.
"""

import fcntl
import logging
import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

import orjson

from expectations.contracts.files import LookTimer, sync_folder
from expectations.contracts.impressions import OPEN_SUFFIX
from expectations.contracts.log_files import finish_abandoned_files, get_finished_path
from serving_app.storage.event_log import LogUnavailable
from serving_app.storage.log_reader import LogReader
from serving_app.storage.shared_commit import Entry, SharedCommit

PROBE_BYTES = 64 << 10  # room for the records of a second
MAX_AGE = timedelta(minutes=1)  # how long a record may wait before `land` can see it

logger = logging.getLogger(__name__)


class FileLimits(NamedTuple):
    """When a file is finished: how many bytes it holds, and how old it is, at most."""

    max_bytes: int = 32 << 20
    max_age: timedelta = MAX_AGE


LIMITS = FileLimits()


class _Lines(Entry):
    """Lines on their way to the disk, and the day whose file they belong to."""

    def __init__(self, lines: bytes, n_records: int, day: date | None) -> None:
        super().__init__()
        self.lines, self.n_records, self.day = lines, n_records, day


class AppendLog(LogReader):
    """One worker's log, safe for many threads: an `EventLog`. It opens its file with the first record and
    must not be used across a fork. What it reads is what all workers wrote.

    Attributes:
        problem: why records cannot be written now; empty when they can.
        n_unlogged: records of this worker that are not on disk: refused, or in a file that somebody deleted.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        new_name: Callable[[], str],
        limits: FileLimits = LIMITS,
        title: str = "the decision log",
        look_every_seconds: float = 0.0,
    ) -> None:
        """
        Args:
            look_every_seconds: how often a write looks whether somebody deleted the file.
            new_name: a name that no file in the folder has; names in order of time keep the log readable.
            title: what messages call it.
        """
        super().__init__(folder, title)
        self._clock, self._new_name, self._limits = clock, new_name, limits
        self._looks = LookTimer(look_every_seconds)
        self._commits = SharedCommit(self._commit)
        self._commit_lock = self._commits.lock
        self._file: int | None = None
        self._path, self._size, self._opened_at, self._n_records = folder, 0, clock(), 0
        self._day: date | None = None
        self.problem, self.n_unlogged = "", 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            finish_abandoned_files(folder)
        except OSError as error:  # a full disk must not keep a worker from starting
            self._set_problem(error)

    def append(self, record: dict) -> None:
        """Write one record, as `append_lines` does."""
        self.append_lines([orjson.dumps(record)])

    def append_lines(
        self, lines: Sequence[bytes], day: date | None = None, keys: Sequence[bytes] | None = None
    ) -> None:
        """Write records, each JSON without a line end, all of them or none; they are on disk when this
        returns.

        Args:
            day: that they belong to, where a file may hold records of one day alone.
            keys: not used: what one worker writes is in one order.

        Raises:
            LogUnavailable: they are not, and will not be.
        """
        entry = _Lines(b"\n".join([*lines, b""]), len(lines), day)
        self._commits.submit(entry)
        if entry.error:
            raise LogUnavailable(f"{self._title} cannot be written") from entry.error

    def describe_problem(self) -> str:
        """`problem`."""
        return self.problem

    def rotate(self, *, is_forced: bool = False) -> None:
        """Finish the file when it is old enough or forced: for a timer, so that no quiet worker's file waits.

        It also finishes the files of workers that died and checks whether `problem` still holds.

        Raises:
            OSError: the disk refuses it still.
        """
        with self._commit_lock:
            if self._file is not None and (is_forced or self._is_old()):
                self._finish()
        finish_abandoned_files(self._folder)
        with self._commit_lock:
            if self.problem:  # a worker without requests would never find out
                self._probe()

    def _probe(self) -> None:
        """Clear `problem` when records could be written now.

        Raises:
            OSError: they could not.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=self._folder) as probe:
            probe.write(bytes(PROBE_BYTES))
            probe.flush()
        self.problem = ""

    def _commit(self, batch: Sequence[_Lines]) -> None:
        for day, entries in groupby(batch, key=lambda entry: entry.day):
            self._commit_day(day, list(entries))

    def _commit_day(self, day: date | None, entries: Sequence[_Lines]) -> None:
        error, n_records = None, sum(entry.n_records for entry in entries)
        try:
            self._write(b"".join(entry.lines for entry in entries), day)
            self._n_records += n_records
            self.problem = ""
        except OSError as caught:
            error = caught
            self.n_unlogged += n_records
            self._set_problem(caught)
        for entry in entries:
            entry.is_done, entry.error = True, error

    def _set_problem(self, error: OSError) -> None:
        problem = f"{self._title} cannot be written: {error.strerror}"
        if problem != self.problem:  # once, not at every request
            logger.error("%s", problem)
        self.problem = problem

    def _write(self, data: bytes, day: date | None) -> None:
        # what is written to a deleted file would be lost silently
        if self._file is not None and self._looks.is_due() and os.fstat(self._file).st_nlink == 0:
            logger.error("%s was deleted with %d records in it", self._path.name, self._n_records)
            self.n_unlogged += self._n_records
            os.close(self._file)
            self._file = None
        if self._file is not None and (
            day != self._day or self._size >= self._limits.max_bytes or self._is_old()
        ):
            self._finish()
        if self._file is None:
            self._open()
            self._day = day
        try:
            sent = 0
            while sent < len(data):
                sent += os.write(self._file, data[sent:])
            self._make_durable()
        except OSError:
            # Half a batch must not count as served; what was durable before stays. After a failed sync this
            # file is unreliable: it is given up, and finished like a dead worker's.
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

    def _is_old(self) -> bool:
        return self._clock() - self._opened_at >= self._limits.max_age

    def _make_durable(self) -> None:
        """Bring what was written to the disk before it is acknowledged."""
        os.fdatasync(self._file)

    def _open(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._path = self._folder / f"{self._new_name()}{OPEN_SUFFIX}"
        hidden = self._path.with_name(f".{self._path.name}")
        handle = os.open(hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o640)
        try:
            # locked before its name can be seen by workers that look for abandoned files
            fcntl.flock(handle, fcntl.LOCK_EX)
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
            self._path.rename(get_finished_path(self._path))
        except FileNotFoundError:
            logger.error("%s was deleted with %d records in it", self._path.name, self._n_records)
            self.n_unlogged += self._n_records
        finally:
            os.close(handle)
        sync_folder(self._folder)
