"""Live states in an LMDB environment of the home, shared by all workers.

Nothing is synced: every event is in the event log before it is recorded here. The end of a process loses
nothing, the machine's memory has it. A loss of power may damage the file, so one that was written before the
machine started is set aside and begun anew, as is one that is cut or damaged.
"""

import itertools
import logging
import shutil
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TextIO, TypeVar

import lmdb

from expectations.contracts.live_states import LAYOUT
from expectations.contracts.lmdb_environments import DATA
from serving_app.live.backends import (
    DAY,
    MOST_FILLING_SECONDS,
    OUTBOX,
    TIMERS,
    BackendError,
    BackendTransaction,
    DueOwner,
    OutboxEntry,
    get_timer_key,
    is_of_forbidden,
    read_timer_key,
)
from serving_app.live.lmdb_database import (
    MAP_BYTES,
    LiveDatabase,
    LmdbTransaction,
    is_younger,
    lock_folder,
    take_file_lock,
    touch,
)
from serving_app.live.lmdb_values import AFTER_OUTBOX, ValueDamaged, has_outlived, list_range, read_value

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
ORIGIN = "origin"  # the file that says which layout, and which start of the machine, wrote the database
FILLING = "filling"  # the file that is there while what happened before is brought in
SWEPT_AT_ONCE = 500
SET_ASIDE_SECONDS = 7 * DAY

logger = logging.getLogger(__name__)

T = TypeVar("T")

DAMAGES = (lmdb.CorruptedError, lmdb.PageNotFoundError, lmdb.InvalidError, ValueDamaged)


def read_boot_id() -> str:
    """Which start of the machine this is; a word for all where the system does not say."""
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return "unknown"


class LmdbBackend:
    """A `LiveBackend` on disk.

    Attributes:
        begun_anew: why this process has begun it anew, so that somebody must fill it; empty: it has not.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        read_boot_id: Callable[[], str] = read_boot_id,
        look_every_seconds: float = 0.0,
    ) -> None:
        """
        Args:
            folder: made where it is not there.
            look_every_seconds: how often a read looks whether the file is another.
            read_boot_id: which start of the machine this is.
        """
        self._folder, self._clock, self._boot_id = folder, clock, read_boot_id()
        self._look_every = look_every_seconds
        self._set_aside = folder.with_name(f".{folder.name}.set_aside")
        self._lock, self._swept_to = threading.Lock(), b""
        self._database: LiveDatabase | None = None
        self._lead: TextIO | None = None
        self.begun_anew = ""

    def read(self, keys: Sequence[bytes]) -> list[bytes | None]:
        minutes = self._get_minutes()
        return self._run(lambda txn: [read_value(txn, key, minutes) for key in keys])

    def update(self, change: Callable[[BackendTransaction], None], is_patient: bool = False) -> None:
        self._run(lambda txn: change(LmdbTransaction(txn, self._get_minutes())), is_write=True)

    def sweep(self, is_forbidden: Callable[[str], bool]) -> None:
        minutes = self._get_minutes()

        def list_next(txn: lmdb.Transaction) -> list[tuple[bytes, bytes]]:
            with txn.cursor() as cursor:
                if not cursor.set_range(self._swept_to):
                    return []
                return list(itertools.islice(cursor.iternext(), SWEPT_AT_ONCE))

        rows = self._run(list_next)
        self._swept_to = rows[-1][0] + b"\0" if len(rows) == SWEPT_AT_ONCE else b""
        outlived = [key for key, packed in rows if has_outlived(key, packed, minutes)]
        forbidden = [key for key, _ in rows if is_of_forbidden(key, is_forbidden)]

        def delete(txn: lmdb.Transaction) -> None:
            for key in outlived:
                if has_outlived(key, txn.get(key), minutes):
                    txn.delete(key)
            for key in forbidden:
                txn.delete(key)

        if outlived or forbidden:
            self._run(delete, is_write=True)
        self._delete_set_aside()

    def list_due(self, now: int, most: int) -> list[DueOwner]:
        end = get_timer_key(now + 1, "")
        rows = self._run(lambda txn: list_range(txn, TIMERS, end, most))
        return [read_timer_key(key) for key, _ in rows]

    def read_outbox(self, most: int) -> list[OutboxEntry]:
        minutes = self._get_minutes()

        def read(txn: lmdb.Transaction) -> list[OutboxEntry]:
            rows = list_range(txn, OUTBOX, AFTER_OUTBOX, most)
            return [OutboxEntry(key, read_value(txn, key, minutes) or b"") for key, _ in rows]

        return self._run(read)

    def empty_outbox(self, entries: Sequence[OutboxEntry]) -> None:
        self._run(lambda txn: [txn.delete(entry.name) for entry in entries], is_write=True)

    def list_keys(self, prefix: bytes, after: bytes, most: int) -> tuple[list[bytes], bytes]:
        end = prefix[:-1] + bytes([prefix[-1] + 1])
        rows = self._run(lambda txn: list_range(txn, after + b"\0" if after else prefix, end, most))
        keys = [key for key, _ in rows]
        return keys, keys[-1] if len(keys) == most else b""

    def is_filling(self) -> bool:
        self.read([])  # it may be about to be begun anew
        return is_younger(self._folder / FILLING, self._clock().timestamp() - MOST_FILLING_SECONDS)

    def end_filling(self) -> None:
        (self._folder / FILLING).unlink(missing_ok=True)

    def take_lead(self) -> bool:
        self._lead = self._lead or take_file_lock(self._folder.with_name(f".{self._folder.name}.lead"))
        return self._lead is not None

    def _get_minutes(self) -> int:
        return int(self._clock().timestamp()) // 60

    def _run(self, work: Callable[[lmdb.Transaction], T], is_write: bool = False) -> T:
        """What some work in a transaction gives.

        Raises:
            BackendError: the file cannot be used now. LMDB's own words, which hold the path, are left out.
        """
        try:
            database = self._find_database(is_write)
            try:
                with database.begin(is_write) as txn:
                    return work(txn)
            except DAMAGES:
                with self._lock, lock_folder(self._folder):
                    if self._database is database and database.is_current():
                        self._begin_anew("it was damaged")
                    self._database = None
                raise
        except (OSError, lmdb.Error, ValueDamaged) as error:
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            raise BackendError(f"the live states cannot be used: {reason}") from error

    def _find_database(self, is_write: bool) -> LiveDatabase:
        database = self._database
        if database is None or not (database.is_intact() if is_write else database.was_intact_lately()):
            with self._lock:
                if self._database is database:
                    self._database = None
                    del database
                    self._database = self._open()
                database = self._database
        if database is None:
            raise BackendError("the live states could not be opened")
        return database

    def _open(self) -> LiveDatabase:
        """What is there, where it can be trusted; otherwise an empty one in its place."""
        with lock_folder(self._folder):
            if reason := self._find_distrust():
                self._begin_anew(reason)
            with suppress(*DAMAGES):
                database = LiveDatabase(self._folder, self._look_every)
                if database.is_intact():
                    return database
                del database  # LMDB opens no second handle while there is a first
            self._begin_anew("it was cut off or damaged")
            return LiveDatabase(self._folder, self._look_every)

    def _find_distrust(self) -> str:
        if not self._folder.exists():
            return "it is new"
        try:
            if not (self._folder / DATA).stat().st_size:
                return "it was emptied"
            layout, boot_id = (self._folder / ORIGIN).read_text().split()
        except (OSError, ValueError):
            return "it was taken away, or does not say who wrote it"
        if layout != str(LAYOUT):
            return "another version wrote it"
        return "" if boot_id == self._boot_id else "the machine has started since it was written"

    def _delete_set_aside(self) -> None:
        """It holds what people did who may have said no since; somebody may look at it for a week."""
        with suppress(OSError):
            set_aside_at = self._set_aside.stat().st_ctime
            if self._clock().timestamp() - set_aside_at > SET_ASIDE_SECONDS:
                shutil.rmtree(self._set_aside)

    def _begin_anew(self, reason: str) -> None:
        """An empty database; whoever has the old one open notices. The old one is set aside, one at most."""
        temporary = self._folder.with_name(f".{self._folder.name}.part")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        with lmdb.open(str(temporary), map_size=MAP_BYTES):
            pass
        (temporary / ORIGIN).write_text(f"{LAYOUT} {self._boot_id}\n")
        touch(temporary / FILLING, self._clock().timestamp())
        if self._folder.exists():
            shutil.rmtree(self._set_aside, ignore_errors=True)
            self._folder.rename(self._set_aside)
            logger.warning("the live states were begun anew: %s", reason)
        self.begun_anew = reason
        temporary.rename(self._folder)
