"""Item changes in an LMDB environment of the home, synced at every write.

The changes are numbered, and which items the newest were about is stored beside them: a worker that knows an
earlier number forgets what it remembers of those items alone.
"""

import fcntl
import logging
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import lmdb

from expectations.contracts.files import FileStamps, read_file_stamps
from expectations.contracts.lmdb_environments import DATA, LookAtFile, WatchedEnvironment
from expectations.contracts.restrictions import encode_key
from serving_app.catalogue.changes import NO_CHANGE, UNREADABLE, ItemChange, pack_change, unpack_change
from serving_app.catalogue.store import ChangesOutOfReach, NewChange, merge_all

MAP_BYTES = 1 << 33  # address space, not disk; a million changed items take some 200 MB
CHANGES, NEWEST = b"changes", b"newest"  # by item; the items of the newest changes, by number
N_NEWEST = 20_000
NUMBER_BYTES = 8
INSTEAD = "what they hid stays hidden, and prices are the catalogue's"

logger = logging.getLogger(__name__)


class ItemChangeDatabase(WatchedEnvironment):
    """The environment of a home, open."""

    def __init__(self, folder: Path, look_every_seconds: float) -> None:
        """
        Raises:
            OSError, lmdb.Error: it cannot be opened, or is damaged.
        """
        super().__init__(folder, MAP_BYTES, n_databases=2, look_every_seconds=look_every_seconds)
        self.check_length()
        self._changes = self._env.open_db(CHANGES, create=False)
        self._newest = self._env.open_db(NEWEST, create=False)
        self._env.reader_check()  # slots of processes that were killed
        self._newest_number: tuple[int, int] = (-1, 0)  # of a transaction, of a change

    @classmethod
    def create(cls, folder: Path) -> None:
        """An empty one, in the place of whatever is there; that is set aside."""
        temporary, set_aside = (
            folder.with_name(f".{folder.name}.{suffix}") for suffix in ("part", "set_aside")
        )
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        with lmdb.open(str(temporary), map_size=MAP_BYTES, max_dbs=2) as env:
            env.open_db(CHANGES)
            env.open_db(NEWEST)
        if folder.exists():
            shutil.rmtree(set_aside, ignore_errors=True)
            folder.rename(set_aside)
        temporary.rename(folder)

    def get_newest_number(self) -> int:
        """The number of the newest change, read anew only after a transaction."""
        transaction = self._env.info()["last_txnid"]
        if self._newest_number[0] != transaction:
            with self._env.begin() as txn:
                self._newest_number = transaction, self._read_newest_number(txn)
        return self._newest_number[1]

    def list_changed_ids(self, since: int) -> list[str] | None:
        """As `ItemChangeStore.list_changed_ids`."""
        with self._env.begin(db=self._newest) as txn, txn.cursor() as cursor:
            if not cursor.set_range((since + 1).to_bytes(NUMBER_BYTES)):
                return []
            if int.from_bytes(cursor.key()) != since + 1:
                return None
            return [value.decode() for value in cursor.iternext(keys=False)]

    def read(self, item_id: str) -> ItemChange:
        """What is known of an item."""
        with self._env.begin(db=self._changes) as txn:
            return self._get(txn, item_id)

    def record(self, changes: Sequence[NewChange]) -> list[ItemChange | None]:
        """As `ItemChangeStore.record`."""
        with self._begin_write() as txn:
            merged = merge_all(lambda item_id: self._get(txn, item_id), changes)
            # from a time on, so that those of a database made anew are no earlier one's
            number = self._read_newest_number(txn) or time.time_ns() // 1000
            for item_id, change in merged:
                if change is not None:
                    number, key = number + 1, encode_key(item_id)
                    txn.put(key, pack_change(key, change), db=self._changes)
                    txn.put(number.to_bytes(NUMBER_BYTES), item_id.encode(), db=self._newest)
                    txn.delete((number - N_NEWEST).to_bytes(NUMBER_BYTES), db=self._newest)
        return [change for _, change in merged]

    def _read_newest_number(self, txn: lmdb.Transaction) -> int:
        with txn.cursor(db=self._newest) as cursor:
            return int.from_bytes(cursor.key()) if cursor.last() else 0

    def _get(self, txn: lmdb.Transaction, item_id: str) -> ItemChange:
        key = encode_key(item_id)
        packed = txn.get(key, db=self._changes)
        return NO_CHANGE if packed is None else unpack_change(key, packed)


class LmdbItemChanges:
    """An `ItemChangeStore` on disk, made by the first change."""

    def __init__(self, folder: Path, look_every_seconds: float = 0.0) -> None:
        """
        Args:
            look_every_seconds: how often a read looks whether the file is another.
        """
        self._folder, self._look_every, self._lock = folder, look_every_seconds, threading.Lock()
        self._path = str(folder / DATA)  # a text's status costs half as much as a Path's
        self._database: ItemChangeDatabase | None = None
        self._refused: FileStamps = ()  # what stood there when it could not be opened
        self._problem = ""

    def get_newest_number(self) -> int:
        try:
            database = self._find_database()
            return database.get_newest_number() if database else 0
        except lmdb.Error:
            return 0

    def list_changed_ids(self, since: int) -> list[str] | None:
        try:
            database = self._find_database()
            return database.list_changed_ids(since) if database else None
        except lmdb.Error:
            return None

    def read(self, item_id: str) -> ItemChange:
        try:
            database = self._find_database()
            return database.read(item_id) if database else NO_CHANGE
        except lmdb.Error:
            return UNREADABLE

    def record(self, changes: Sequence[NewChange]) -> list[ItemChange | None]:
        try:
            with self._lock_folder():
                database = self._find_database(WatchedEnvironment.is_intact)
                if database is None:
                    database = self._make_database()
                return database.record(changes)
        except (OSError, lmdb.Error) as error:
            # LMDB's own message holds the path
            reason = error.strerror if isinstance(error, OSError) else type(error).__name__
            raise ChangesOutOfReach(
                f"The changes cannot be written: {reason}. Nothing was changed."
            ) from error

    def describe_problem(self) -> str:
        self._find_database()
        return self._problem

    def _find_database(
        self, is_usable: LookAtFile = WatchedEnvironment.was_intact_lately
    ) -> ItemChangeDatabase | None:
        """The database, opened anew when another file stands in its place; None where there is none that can
        be read.
        """
        database = self._database
        if database is not None and is_usable(database):
            return database
        stamps = read_file_stamps(self._path)
        if database is None and stamps == self._refused:
            return None
        with self._lock:
            if self._database is database:
                self._database = None
                del database  # LMDB opens no second handle while there is a first
                self._database = self._open()
                self._refused = stamps if self._database is None else ()
            return self._database

    def _open(self) -> ItemChangeDatabase | None:
        try:
            database = ItemChangeDatabase(self._folder, self._look_every)
            if not database.is_intact():
                raise lmdb.CorruptedError("cut off")
        except FileNotFoundError:
            self._set_problem("they are gone" if self._folder.exists() else "")
        except (OSError, lmdb.Error) as error:
            self._set_problem(type(error).__name__)
        else:
            self._set_problem("")
            return database
        return None

    def _set_problem(self, reason: str) -> None:
        problem = f"the changes of items cannot be read: {reason}; {INSTEAD}" if reason else ""
        if problem and problem != self._problem:
            logger.error("%s", problem)
        self._problem = problem

    def _make_database(self) -> ItemChangeDatabase:
        """
        Raises:
            OSError, lmdb.Error: it cannot be made.
        """
        with self._lock:
            ItemChangeDatabase.create(self._folder)
            self._database = ItemChangeDatabase(self._folder, self._look_every)
            self._problem = ""
            return self._database

    @contextmanager
    def _lock_folder(self) -> Iterator[None]:
        """Hold the lock under which one worker at a time makes or writes the database."""
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with self._folder.with_name(f".{self._folder.name}.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
