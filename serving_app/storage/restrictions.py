"""What must hold now, as the service reads it from the home's LMDB store.

When the store is missing or damaged, the service takes the safe side until a run writes it anew: nobody is
answered for by name, and items are shown as the snapshot says.
"""

import threading
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import lmdb

from expectations.contracts.lmdb_environments import LookAtFile, WatchedEnvironment
from expectations.contracts.restrictions import (
    Permission,
    RestrictionsDamaged,
    RestrictionsUnreadable,
    RestrictionView,
)
from expectations.contracts.restrictions_store import RestrictionDatabase

VERIFY_EVERY = timedelta(minutes=10)


class FailSafeView(RestrictionView):
    """The view of a store that cannot be read: nobody may be answered for by name."""

    def __init__(self) -> None:
        super().__init__(lambda kind, name: None, lambda name: None)

    def may_be_personal(self, ids: Iterable[str], identities_version: int) -> bool:
        return False


class LmdbRestrictions:
    """A `RestrictionStore` on disk; opened anew when another file stands in its place."""

    def __init__(self, folder: Path, look_every_seconds: float = 0.0) -> None:
        """
        Args:
            look_every_seconds: how often an answer looks whether the file is another.
        """
        self._folder, self._look_every, self._lock = folder, look_every_seconds, threading.Lock()
        self._database: RestrictionDatabase | None = None
        self._verified_at: datetime | None = None
        # A damaged file, which is not read again, and why. The sentence alone: an exception refers to the
        # database it was raised in, and LMDB opens no second handle while there is a first.
        self._refused: tuple[tuple[int, int, int] | None, str] | None = None

    def open_view(self) -> RestrictionView:
        try:
            return self._find_database(WatchedEnvironment.was_intact_lately).open_view()
        except RestrictionsUnreadable:
            return FailSafeView()

    def record_permission(self, kind: str, ids: Iterable[str], permission: Permission) -> None:
        self.record_permissions(kind, dict.fromkeys(ids, permission))

    def record_permissions(self, kind: str, permissions: Mapping[str, Permission]) -> None:
        try:
            self._find_database().record_permissions(kind, permissions)
        except (OSError, lmdb.Error) as error:
            why = type(error).__name__  # their own words may hold a path
            raise RestrictionsUnreadable(f"the restrictions cannot be written: {why}") from error

    def refresh(self, now: datetime) -> None:
        """Verify the whole store once more every `VERIFY_EVERY`: for a timer."""
        database = self._database
        if database is None or (self._verified_at and now - self._verified_at < VERIFY_EVERY):
            return
        self._verified_at = now
        try:
            database.verify()
        except RestrictionsUnreadable:
            # the next answer opens what is there by then, and refuses it if it is damaged
            with self._lock:
                if self._database is database:
                    self._database = None

    def describe_problem(self) -> str:
        try:
            self._find_database()
        except RestrictionsUnreadable as error:
            return f"nobody gets a list of their own: {error}"
        return ""

    def _find_database(self, is_usable: LookAtFile = WatchedEnvironment.is_intact) -> RestrictionDatabase:
        """The database, opened anew where what was open is not usable."""
        database = self._database
        if database is None or not is_usable(database):
            with self._lock:
                if self._database is database:
                    self._database = None
                    self._database = self._open()
                database = self._database
        if database is None:
            raise RestrictionsUnreadable("the restrictions could not be opened")
        return database

    def _open(self) -> RestrictionDatabase:
        try:
            status = (self._folder / "data.mdb").stat()
        except OSError as error:
            raise RestrictionsUnreadable(f"the restrictions are not there: {error.strerror}") from error
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._refused and self._refused[0] == stamp:
            raise RestrictionsDamaged(self._refused[1])
        try:
            return RestrictionDatabase(self._folder, self._look_every)
        except RestrictionsDamaged as error:
            self._refused = (stamp, str(error))
            # other reasons pass: LMDB opens no second handle while an answer under way holds the database of
            # before
            raise
