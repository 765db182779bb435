"""Who is told, inside the transaction, of what the live states record."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from serving_app.live.backends import BackendTransaction
from serving_app.live.consent import ConsentWords
from serving_app.live.events import LiveEvent


class EventObserver(Protocol):
    """Keeps something of its own beside the records of visitors; what it writes is committed with them."""

    def list_keys(self, roots: Iterable[str]) -> list[bytes]:
        """The keys that it will read of some roots, to be read in one round trip."""

    def record(
        self,
        transaction: BackendTransaction,
        event: LiveEvent,
        root: str,
        received_day: int,
        analytics: ConsentWords,
    ) -> None:
        """An event was recorded under a root, whose words on analytics are these."""

    def join(self, transaction: BackendTransaction, from_root: str, to_root: str, event: LiveEvent) -> None:
        """What was recorded under a root is another root's from now on."""

    def forget(self, transaction: BackendTransaction, roots: Sequence[str], event: LiveEvent) -> None:
        """Nothing may be stored under some roots any more."""


class NoObserver:
    """Nobody."""

    def list_keys(self, roots: Iterable[str]) -> list[bytes]:
        return []

    def record(
        self,
        transaction: BackendTransaction,
        event: LiveEvent,
        root: str,
        received_day: int,
        analytics: ConsentWords,
    ) -> None:
        pass

    def join(self, transaction: BackendTransaction, from_root: str, to_root: str, event: LiveEvent) -> None:
        pass

    def forget(self, transaction: BackendTransaction, roots: Sequence[str], event: LiveEvent) -> None:
        pass


NOBODY = NoObserver()
