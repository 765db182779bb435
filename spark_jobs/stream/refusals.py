"""Who has said no, or is to be erased, since the night: the home's restrictions, asked in every batch."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from expectations.contracts.restrictions import CONSENTS, ERASURES, SPLITS, decode_permission
from expectations.contracts.restrictions_store import STATE, RestrictionDatabase

IsRefused = Callable[[Sequence[str]], bool]


class Refusals:
    """The restrictions of a home, as one snapshot's identities read them."""

    def __init__(self, folder: Path, identities_version: int) -> None:
        """
        Args:
            identities_version: of `core_identities`, as the snapshot knows it.
        """
        self._folder, self._version = folder, identities_version
        self._database: RestrictionDatabase | None = None
        self._writes: list[tuple[bytes, bytes]] = []  # how often each kind was written, as it was read last
        self._refused = frozenset[str]()

    @contextmanager
    def open(self) -> Iterator[IsRefused]:
        """Whether of somebody with these ids nothing may be counted now.

        Raises:
            RestrictionsUnreadable: they cannot be read, so nobody knows.
        """
        with self._find_database().open_view() as view:
            yield lambda ids: not view.may_be_personal(ids, self._version)

    def list_refused(self) -> frozenset[str]:
        """The ids of whom nothing may be counted now.

        Raises:
            RestrictionsUnreadable: they cannot be read.
        """
        database = self._find_database()
        if (writes := database.list_entries(STATE)) != self._writes:
            self._refused = frozenset(self._read_refused(database))
            self._writes = writes
        return self._refused

    def _read_refused(self, database: RestrictionDatabase) -> Iterator[str]:
        """Of consents, erasures and splits; ids that are longer than a key are not among them."""
        for kind in (CONSENTS, ERASURES, SPLITS):
            for key, value in database.list_entries(kind):
                is_split = kind == SPLITS and int.from_bytes(value) > self._version
                if key[:1] == b"/" and (is_split or (kind != SPLITS and not decode_permission(value)[0])):
                    yield key[1:].decode("utf-8", "surrogatepass")

    def _find_database(self) -> RestrictionDatabase:
        if self._database is None or not self._database.is_intact():
            self._writes, self._refused = [], frozenset()
            self._database = RestrictionDatabase(self._folder)  # another one was put into its place
        return self._database


@lru_cache(maxsize=2)
def open_refusals(folder: str, identities_version: int) -> Refusals:
    """The restrictions in a folder, opened once a process."""
    return Refusals(Path(folder), identities_version)


@contextmanager
def nobody_refuses() -> Iterator[IsRefused]:
    """In a replay, whose restrictions are not these."""
    yield lambda ids: False
