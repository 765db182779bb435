"""The store of a home's restrictions: one LMDB environment, read with locking, with one sub-database a kind.

Every write is synced. A digest beside each kind reveals bytes that no transaction wrote, which could
otherwise hide a no.
"""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

import lmdb
import msgpack

from expectations.contracts.home import HomePaths
from expectations.contracts.lmdb_environments import WatchedEnvironment
from expectations.contracts.restrictions import (
    ITEMS,
    PERMISSION_KINDS,
    SPLITS,
    Permission,
    RestrictionsDamaged,
    RestrictionsUnreadable,
    RestrictionView,
    decode_permission,
    digest_entry,
    encode_key,
    encode_permission,
    find_newest_permission,
    merge_permissions,
)

FOLDER = HomePaths(Path()).restrictions
# Address space, not disk. A million people who said no, with three ids each, take some 400 MB.
MAP_BYTES = 1 << 32
STATE = "state"  # by kind: how often it was written, and a digest of what it holds
DATABASES = (*PERMISSION_KINDS, SPLITS, STATE)


NOTHING_STORED = RestrictionView(lambda kind, name: None, lambda name: None, has_item_permissions=False)


class StoredView(RestrictionView):
    """A view of one transaction. It reads by methods: with functions of its own as attributes it would be a
    cycle, and its transaction would stay until somebody looks for cycles.
    """

    def __init__(
        self, txn: lmdb.Transaction, databases: Mapping[str, object], is_empty: Mapping[str, bool]
    ) -> None:
        """
        Args:
            is_empty: by kind whether it holds nothing: most shops hide no item by name, and an answer asks
                for a dozen.
        """
        self._txn, self._databases, self._is_empty = txn, databases, is_empty
        self.has_item_permissions = not is_empty[ITEMS]

    def __exit__(self, *_: object) -> None:
        self._txn.abort()

    def _get_permission(self, kind: str, name: str) -> Permission | None:
        found = self._get(kind, name)
        return None if found is None else decode_permission(found)

    def _get_split_version(self, name: str) -> int | None:
        found = self._get(SPLITS, name)
        return None if found is None else int.from_bytes(found)

    def _get(self, kind: str, name: str) -> bytes | None:
        if self._is_empty[kind]:
            return None
        try:
            return self._txn.get(encode_key(name), db=self._databases[kind])
        except lmdb.Error as error:
            raise RestrictionsUnreadable("the restrictions are damaged") from error


class RestrictionDatabase(WatchedEnvironment):
    """The store of a home, open for reading and writing; many processes may have it open."""

    def __init__(self, folder: Path, look_every_seconds: float = 0.0) -> None:
        """
        Raises:
            RestrictionsUnreadable: there is none, or what is there is damaged.
        """
        try:
            super().__init__(folder, MAP_BYTES, len(DATABASES), look_every_seconds=look_every_seconds)
            self.check_length()
            self._databases = {name: self._env.open_db(name.encode(), create=False) for name in DATABASES}
            self._env.reader_check()  # slots of processes that were killed
        except (OSError, lmdb.Error) as error:
            # LMDB's own words hold the path.
            why = error.strerror if isinstance(error, OSError) else type(error).__name__
            raise RestrictionsUnreadable(f"the restrictions cannot be opened: {why}") from error
        self._empty: tuple[int, Mapping[str, bool]] = -1, {}  # by kind, as after the transaction of a number
        self.verify()

    @classmethod
    def create(cls, folder: Path) -> "RestrictionDatabase":
        """An empty store, in the place of whatever is there. Whoever has the old one open notices it by
        `is_intact`.
        """
        temporary = folder.with_name(f".{folder.name}.part")
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir(parents=True)
        with lmdb.open(str(temporary), map_size=MAP_BYTES, max_dbs=len(DATABASES)) as env:
            for name in DATABASES:
                env.open_db(name.encode())
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        return cls(folder)

    def verify(self) -> None:
        """Compare everything stored with its digests.

        Raises:
            RestrictionsDamaged: what is stored is not what was written.
        """
        if not self.is_intact():
            raise RestrictionsDamaged("the restrictions are cut off, or another's")
        try:
            with self._env.begin() as txn:
                for kind in (*PERMISSION_KINDS, SPLITS):
                    digest = 0
                    for key, value in txn.cursor(db=self._databases[kind]):
                        digest ^= digest_entry(key, value)
                    if digest != self._read_state(txn, kind)[1]:
                        raise RestrictionsDamaged(f"the restrictions are damaged: {kind}")
        except (lmdb.Error, msgpack.UnpackException, ValueError, TypeError) as error:
            raise RestrictionsDamaged(f"the restrictions are damaged: {type(error).__name__}") from error

    def open_view(self) -> RestrictionView:
        """What holds now, read in one transaction, which ends with the view.

        Raises:
            RestrictionsUnreadable: the file was cut, deleted or exchanged, or LMDB has no slot for one more
                reader.
        """
        if not self.was_intact_lately():
            raise RestrictionsUnreadable("the restrictions are cut off, or another's")
        try:
            number, is_empty = self._empty
            if number == self._env.info()["last_txnid"] and all(is_empty.values()):
                return NOTHING_STORED  # of a shop in which nobody has said no yet
            txn = self._env.begin()
            return StoredView(txn, self._databases, self._find_empty(txn))
        except lmdb.Error as error:
            raise RestrictionsUnreadable(
                f"the restrictions cannot be read: {type(error).__name__}"
            ) from error

    def _find_empty(self, txn: lmdb.Transaction) -> Mapping[str, bool]:
        """By kind whether it holds nothing; looked up anew after a write.

        Raises:
            lmdb.Error: the file is damaged.
        """
        number, is_empty = self._empty
        if number != txn.id():
            is_empty = {
                kind: txn.stat(self._databases[kind])["entries"] == 0 for kind in (*PERMISSION_KINDS, SPLITS)
            }
            self._empty = txn.id(), is_empty
        return is_empty

    def record_permission(self, kind: str, ids: Iterable[str], permission: Permission) -> None:
        """Write a permission for these ids where none newer is stored; durable when this returns, and known
        to every next answer.
        """
        self.record_permissions(kind, dict.fromkeys(ids, permission))

    def record_permissions(self, kind: str, permissions: Mapping[str, Permission]) -> None:
        """As `record_permission`, each id its own, in one transaction."""
        with self._begin_write() as txn:
            newer = {}
            for name, permission in permissions.items():
                key = encode_key(name)
                stored = txn.get(key, db=self._databases[kind])
                if (
                    stored is None
                    or find_newest_permission([decode_permission(stored), permission]) is permission
                ):
                    newer[key] = encode_permission(permission)
            self._write(txn, kind, newer, [])

    def write_run_permissions(
        self, permissions: Mapping[str, Mapping[str, Permission]], splits: Mapping[str, int]
    ) -> None:
        """Write all that a run knows in one transaction: permissions by kind and id, merged with live ones
        (`merge_permissions`), and the splits.
        """
        with self._begin_write() as txn:
            for kind, of_run in permissions.items():
                stored = {
                    key: decode_permission(value) for key, value in txn.cursor(db=self._databases[kind])
                }
                after = merge_permissions(stored, {encode_key(name): one for name, one in of_run.items()})
                self._replace(txn, kind, {key: encode_permission(one) for key, one in after.items()})
            self._replace(
                txn, SPLITS, {encode_key(name): since.to_bytes(8) for name, since in splits.items()}
            )

    def find_live_keys(self, kind: str) -> set[bytes]:
        """Keys (`encode_key`) of permissions recorded between runs: the next run must write its own of each,
        a yes too.
        """
        return {key for key, value in self.list_entries(kind) if decode_permission(value).is_live}

    def list_entries(self, kind: str) -> list[tuple[bytes, bytes]]:
        """All that is stored of a kind."""
        with self._env.begin() as txn:
            return list(txn.cursor(db=self._databases[kind]))

    def _read_state(self, txn: lmdb.Transaction, kind: str) -> tuple[int, int]:
        """How often the kind was written, and the digest of all its entries."""
        packed = txn.get(kind.encode(), db=self._databases[STATE])
        n_writes, digest = msgpack.unpackb(packed) if packed else (0, 0)
        return n_writes, digest

    def _replace(self, txn: lmdb.Transaction, kind: str, after: Mapping[bytes, bytes]) -> None:
        gone = [key for key, _ in txn.cursor(db=self._databases[kind]) if key not in after]
        self._write(txn, kind, after, gone)

    def _write(
        self, txn: lmdb.Transaction, kind: str, puts: Mapping[bytes, bytes], deletes: Iterable[bytes]
    ) -> None:
        (n_writes, digest), database, is_changed = self._read_state(txn, kind), self._databases[kind], False
        for key in deletes:
            digest, is_changed = digest ^ digest_entry(key, txn.pop(key, db=database)), True
        for key, value in puts.items():
            old = txn.get(key, db=database)
            if old == value:
                continue
            digest ^= digest_entry(key, value) ^ (digest_entry(key, old) if old is not None else 0)
            is_changed = txn.put(key, value, db=database)
        if is_changed:
            txn.put(kind.encode(), msgpack.packb((n_writes + 1, digest)), db=self._databases[STATE])
