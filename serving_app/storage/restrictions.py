"""What must hold now, as answers ask for it: the home's store, or its twin in memory.

A store that is missing or damaged is taken for the safe side: nobody is answered for by name, and items are
shown as the snapshot says, until a night writes it anew.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from expectations.contracts.restrictions import (
    WORDS,
    RestrictionsDamaged,
    RestrictionsUnreadable,
    View,
    Word,
    newest,
)
from expectations.contracts.restrictions_store import Restrictions

VERIFY_EVERY = timedelta(minutes=10)


class NobodyByName(View):
    """The view of a store that cannot be read."""

    def __init__(self) -> None:
        super().__init__(lambda kind, name: None, lambda name: None)

    def may_be_personal(self, ids: Iterable[str], identities_version: int) -> bool:
        return False


class RestrictionStore(Protocol):
    """Where the service learns what must hold now. `view` is asked once an answer."""

    def view(self) -> AbstractContextManager[View]:
        """What holds at this moment."""

    def hear(self, kind: str, ids: Iterable[str], word: Word) -> None:
        """Write what was heard between two nights; every worker's next answer knows it.

        Args:
            kind: `CONSENTS` or `ERASURES`, of identifiers and customers, or `ITEMS`.
            ids: all ids of the one it is about that are at hand.

        Raises:
            RestrictionsUnreadable: there is no store to write to.
        """

    def problem(self) -> str:
        """Why the store cannot be read; empty when it can."""


class MemoryRestrictions:
    """The store's twin in memory."""

    def __init__(self) -> None:
        self.words: dict[str, dict[str, Word]] = {kind: {} for kind in WORDS}
        self.splits: dict[str, int] = {}

    @contextmanager
    def view(self) -> Iterator[View]:
        yield View(lambda kind, name: self.words[kind].get(name), self.splits.get)

    def hear(self, kind: str, ids: Iterable[str], word: Word) -> None:
        for name in ids:
            self.words[kind][name] = (
                newest([self.words[kind][name], word]) if name in self.words[kind] else word
            )

    def problem(self) -> str:
        return ""


class LmdbRestrictions:
    """The home's store; opened anew when another one stands in its place."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._store: Restrictions | None = None
        self._verified_at: datetime | None = None
        # A damaged file, read no second time, and why. Words alone: an error holds the store it was raised
        # in, and LMDB opens no second handle while there is a first.
        self._refused: tuple[tuple[int, int, int] | None, str] | None = None

    def _opened(self) -> Restrictions:
        store = self._store
        if store is None or not store.is_whole():
            with self._lock:
                if self._store is store:
                    self._store = None
                    self._store = self._open()
                store = self._store
        if store is None:
            raise RestrictionsUnreadable("the restrictions could not be opened")
        return store

    def _open(self) -> Restrictions:
        try:
            found = (self._folder / "data.mdb").stat()
        except OSError as error:
            raise RestrictionsUnreadable(f"the restrictions are not there: {error.strerror}") from error
        seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        if self._refused and self._refused[0] == seen:
            raise RestrictionsDamaged(self._refused[1])
        try:
            return Restrictions(self._folder)
        except RestrictionsDamaged as error:
            self._refused = (seen, str(error))
            # other reasons pass: LMDB opens no second handle while an answer under way holds the store of
            # before
            raise

    @contextmanager
    def view(self) -> Iterator[View]:
        try:
            opened = self._opened().view()
            view = opened.__enter__()
        except RestrictionsUnreadable:
            yield NobodyByName()
            return
        try:
            yield view
        finally:
            opened.__exit__(None, None, None)

    def hear(self, kind: str, ids: Iterable[str], word: Word) -> None:
        self._opened().hear(kind, ids, word)

    def refresh(self, now: datetime) -> None:
        """Read everything once more every `VERIFY_EVERY`: for a timer."""
        store = self._store
        if store is None or (self._verified_at and now - self._verified_at < VERIFY_EVERY):
            return
        self._verified_at = now
        try:
            store.verify()
        except (
            RestrictionsUnreadable
        ):  # the next answer opens what is there by then, and refuses it if it is damaged
            with self._lock:
                if self._store is store:
                    self._store = None

    def problem(self) -> str:
        try:
            self._opened()
        except RestrictionsUnreadable as error:
            return f"nobody gets a list of their own: {error}"
        return ""
