"""Where `restrictions.py` keeps its words: one LMDB environment of a home, read with locking, with one
sub-database a kind.

Every write is synced. A digest beside each kind tells bytes that nobody wrote, which would else be a no that
nobody hears.
"""

import fcntl
import hashlib
import shutil
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import lmdb
import msgpack

from expectations.contracts.files import Stamp, stamps
from expectations.contracts.restrictions import (
    SPLITS,
    WORDS,
    RestrictionsDamaged,
    RestrictionsUnreadable,
    View,
    Word,
    merged,
    newest,
    pack,
    unpack,
)
from expectations.contracts.snapshot import MAX_KEY_BYTES

FOLDER = Path("serving") / "restrictions"
# Address space, not disk. A million people who said no, with three ids each, take some 400 MB.
MAP_BYTES = 1 << 32
STATE = "state"  # by kind: how often it was written, and a digest of what it holds
DATABASES = (*WORDS, SPLITS, STATE)
PAGE = 4096
TURN = ".turn"  # locked by whoever writes

_open: "weakref.WeakValueDictionary[str, lmdb.Environment]" = weakref.WeakValueDictionary()
_lock = threading.Lock()


class Restrictions:
    """The store of a home, open for reading and writing; many processes may have it open."""

    def __init__(self, folder: Path) -> None:
        """
        Raises:
            RestrictionsUnreadable: there is none, or what is there is damaged.
        """
        self._file = folder / "data.mdb"
        try:
            self._inode = self._file.stat().st_ino
            self._env = _environment(folder, self._inode)
            self._databases = {name: self._env.open_db(name.encode(), create=False) for name in DATABASES}
            self._n_bytes = 0
            self._written: tuple[Stamp, int] = (), -1  # nothing yet that it could differ from
            self._is_as_written()
            self._env.reader_check()  # slots of processes that were killed
        except (OSError, lmdb.Error) as error:
            # LMDB's own words hold the path.
            why = error.strerror if isinstance(error, OSError) else type(error).__name__
            raise RestrictionsUnreadable(f"the restrictions cannot be opened: {why}") from error
        self.verify()

    @classmethod
    def create(cls, folder: Path) -> "Restrictions":
        """An empty store, in the place of whatever is there. Who has the old one open sees that it is
        another.
        """
        aside = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(aside, ignore_errors=True)
        aside.mkdir(parents=True)
        with lmdb.open(str(aside), map_size=MAP_BYTES, max_dbs=len(DATABASES)) as env:
            for name in DATABASES:
                env.open_db(name.encode())
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
        return cls(folder)

    def is_whole(self) -> bool:
        """Whether the file is still the one that was opened, as long as it says, and changed by nobody but
        `hear` and `publish`.

        To read one that was cut or overwritten in place ends a process by a signal, or un-hears a no.
        """
        try:
            found = self._file.stat()
        except OSError:
            return False
        if found.st_ino != self._inode or found.st_size < max(self._n_bytes, 2 * PAGE):
            return False
        self._n_bytes = (self._env.info()["last_pgno"] + 1) * self._env.stat()["psize"]
        return found.st_size >= self._n_bytes and self._is_as_written()

    def _is_as_written(self) -> bool:
        if stamps(self._file) == self._written[0]:
            return True
        try:
            with (self._file.parent / TURN).open("a") as turn:
                fcntl.flock(turn, fcntl.LOCK_SH | fcntl.LOCK_NB)
                now = self._stamp()
        except BlockingIOError:
            return True  # a write is under way, and what held before it is still read
        except OSError:
            return False
        if now[1] == self._written[1]:
            return False  # bytes have changed, and no transaction has been committed
        self._written = now
        return True

    def _stamp(self) -> tuple[Stamp, int]:
        """What tells that the file is another than before, and the number of the newest transaction: a write
        changes both.
        """
        return stamps(self._file), self._env.info()["last_txnid"]

    @contextmanager
    def _write_turn(self) -> Iterator[lmdb.Transaction]:
        """A transaction that writes, told apart from bytes that anybody else changes."""
        with (self._file.parent / TURN).open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            with self._env.begin(write=True) as txn:
                yield txn
            self._written = self._stamp()

    def verify(self) -> None:
        """
        Raises:
            RestrictionsDamaged: what is held is not what was written.
        """
        if not self.is_whole():
            raise RestrictionsDamaged("the restrictions are cut off, or another's")
        try:
            with self._env.begin() as txn:
                for kind in (*WORDS, SPLITS):
                    found = 0
                    for key, value in txn.cursor(db=self._databases[kind]):
                        found ^= _digest(key, value)
                    if found != self._state(txn, kind)[1]:
                        raise RestrictionsDamaged(f"the restrictions are damaged: {kind}")
        except (lmdb.Error, msgpack.UnpackException, ValueError, TypeError) as error:
            raise RestrictionsDamaged(f"the restrictions are damaged: {type(error).__name__}") from error

    @contextmanager
    def view(self) -> Iterator[View]:
        """What holds now, read in one transaction.

        Raises:
            RestrictionsUnreadable: the file was cut, deleted or exchanged, or LMDB has no slot for one more
                reader.
        """
        if not self.is_whole():
            raise RestrictionsUnreadable("the restrictions are cut off, or another's")
        try:
            reading = self._env.begin()
        except lmdb.Error as error:
            raise RestrictionsUnreadable(
                f"the restrictions cannot be read: {type(error).__name__}"
            ) from error
        with reading as txn:

            def get(kind: str, name: str) -> bytes | None:
                try:
                    return txn.get(key_of(name), db=self._databases[kind])
                except lmdb.Error as error:
                    raise RestrictionsUnreadable("the restrictions are damaged") from error

            yield View(
                lambda kind, name: unpack(found) if (found := get(kind, name)) is not None else None,
                lambda name: int.from_bytes(found) if (found := get(SPLITS, name)) is not None else None,
            )

    def n_writes(self, kind: str) -> int:
        """How often this kind was written: whoever keeps something of it asks whether that is still so."""
        with self._env.begin() as txn:
            return self._state(txn, kind)[0]

    def hear(self, kind: str, ids: Iterable[str], word: Word) -> None:
        """Write a word for these ids where none newer is held; durable when this returns, and known to every
        next answer.
        """
        with self._write_turn() as txn:
            newer = {}
            for key in map(key_of, ids):
                held = txn.get(key, db=self._databases[kind])
                if held is None or newest([unpack(held), word]) is word:
                    newer[key] = pack(word)
            self._write(txn, kind, newer, [])

    def publish(self, night: Mapping[str, Mapping[str, Word]], splits: Mapping[str, int]) -> None:
        """Write a night's whole truth in one transaction: each kind that `night` names, as `merged` says, and
        the splits.
        """
        with self._write_turn() as txn:
            for kind, words in night.items():
                held = {key: unpack(value) for key, value in txn.cursor(db=self._databases[kind])}
                after = merged(held, {key_of(name): word for name, word in words.items()})
                self._exchange(txn, kind, {key: pack(word) for key, word in after.items()})
            self._exchange(txn, SPLITS, {key_of(name): since.to_bytes(8) for name, since in splits.items()})

    def live(self, kind: str) -> set[bytes]:
        """Keys of words heard between nights (`key_of`): what a night must say its own word of, whatever that
        is.
        """
        with self._env.begin() as txn:
            words = ((key, unpack(value)) for key, value in txn.cursor(db=self._databases[kind]))
            return {key for key, word in words if word.is_live}

    def splits(self) -> dict[str, int]:
        """Since which version of `core_identities` each id is no longer one with somebody."""
        with self._env.begin() as txn:
            return {
                key[1:].decode(): int.from_bytes(value)
                for key, value in txn.cursor(db=self._databases[SPLITS])
            }

    def _state(self, txn: lmdb.Transaction, kind: str) -> tuple[int, int]:
        """How often the kind was written, and the digest of all it holds."""
        packed = txn.get(kind.encode(), db=self._databases[STATE])
        n_writes, digest = msgpack.unpackb(packed) if packed else (0, 0)
        return n_writes, digest

    def _exchange(self, txn: lmdb.Transaction, kind: str, after: Mapping[bytes, bytes]) -> None:
        gone = [key for key, _ in txn.cursor(db=self._databases[kind]) if key not in after]
        self._write(txn, kind, after, gone)

    def _write(
        self, txn: lmdb.Transaction, kind: str, puts: Mapping[bytes, bytes], deletes: Iterable[bytes]
    ) -> None:
        (n_writes, digest), database, is_changed = self._state(txn, kind), self._databases[kind], False
        for key in deletes:
            digest, is_changed = digest ^ _digest(key, txn.pop(key, db=database)), True
        for key, value in puts.items():
            old = txn.get(key, db=database)
            if old == value:
                continue
            digest ^= _digest(key, value) ^ (_digest(key, old) if old is not None else 0)
            is_changed = txn.put(key, value, db=database)
        if is_changed:
            txn.put(kind.encode(), msgpack.packb((n_writes + 1, digest)), db=self._databases[STATE])


def key_of(name: str) -> bytes:
    """An id as a key; LMDB takes no long one."""
    key = b"/" + name.encode("utf-8", "surrogatepass")
    return key if len(key) <= MAX_KEY_BYTES else b"#" + hashlib.sha256(key).hexdigest().encode()


def _digest(key: bytes, value: bytes) -> int:
    """Of one entry; the exclusive or of all is a kind's, so that a write need not read the others."""
    return int.from_bytes(hashlib.blake2b(key + b"\0" + value, digest_size=8).digest())


def _environment(folder: Path, inode: int) -> lmdb.Environment:
    """The process's one handle on this file: a second one would undo the first one's locks."""
    name = f"{folder.resolve()}#{inode}"
    with _lock:
        found = _open.get(name)
        if found is None:
            found = _open[name] = lmdb.open(
                str(folder), map_size=MAP_BYTES, max_dbs=len(DATABASES), create=False
            )
        return found
