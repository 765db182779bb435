"""One snapshot as the service reads it, and where it comes from."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from expectations.contracts import snapshot as contract
from expectations.contracts.ids import normalise_id


class SnapshotUnreadable(RuntimeError):  # noqa: N818 - reads as what it says
    """A published snapshot is damaged, cannot be opened, or is of a layout that this build does not know.
    Holds no path.
    """


class Snapshot:
    """One immutable snapshot. An answer is made from one of these only, however often readers are switched
    meanwhile.
    """

    def __init__(self, name: str, get: Callable[[bytes], bytes | None]) -> None:
        """
        Args:
            name: its folder's name.
            get: the value of a key, or None.

        Raises:
            SnapshotUnreadable: it says nothing about itself, or is of another layout.
        """
        self.name, self._get, self._items = name, get, {}
        packed = get(contract.META)
        if packed is None:
            raise SnapshotUnreadable(f"snapshot {name} does not say where it comes from")
        try:
            self.meta = contract.unpack(contract.Meta, packed)
        except (TypeError, ValueError) as error:
            raise SnapshotUnreadable(f"snapshot {name} cannot be read") from error
        if self.meta.layout not in contract.READABLE:
            raise SnapshotUnreadable(
                f"snapshot {name} has layout {self.meta.layout}; this build reads {contract.READABLE}"
            )
        catalogue = get(contract.CATALOGUE)
        self._catalogue = (
            contract.ListVocabulary.of_bytes(catalogue) if catalogue else contract.ListVocabulary()
        )

    @classmethod
    def of(cls, name: str, pairs: Iterable[tuple[bytes, bytes]]) -> "Snapshot":
        """A snapshot in memory."""
        return cls(name, dict(pairs).get)

    def list(self, key: bytes) -> Sequence[contract.ListItem]:
        """A ranked list; empty when there is none."""
        packed = self._get(key)
        return self._catalogue.unpack(packed) if packed else []

    def item(self, item_id: str) -> contract.Item | None:
        """An item's facts. Kept once read: a snapshot never changes, and every answer asks for its items'
        facts.
        """
        if item_id not in self._items:
            packed = self._get(contract.item(item_id))
            if packed is None:
                return None  # not kept: anyone may ask for any name
            self._items[item_id] = contract.unpack(contract.Item, packed)
        return self._items[item_id]

    def item_id(self, text: str) -> str:
        """An item's id in the normal form of the shop's catalogue: `85123a` is `85123A` where letter case
        tells nothing.
        """
        return normalise_id(text, "item_id", self.meta.item_case)

    def customer(self, customer_id: str) -> contract.Customer | None:
        packed = self._get(contract.customer(customer_id))
        return contract.unpack(contract.Customer, packed) if packed else None

    def current_id(self, customer_id: str) -> str | None:
        """The id that an id of any age stands for now; None for one that was never issued or may not be
        personalised for.
        """
        if self._get(contract.customer(customer_id)) is not None:
            return customer_id
        now = self._get(contract.former_customer(customer_id))
        return now.decode() if now else None

    def whose(self, identifier_id: str) -> str | None:
        """The customer an identifier belongs to."""
        found = self._get(contract.identifier(identifier_id))
        return found.decode() if found else None

    def linked(self, identifier_id: str) -> contract.Linked | None:
        """An identifier's links: an operator's question, no visitor's answer."""
        packed = self._get(contract.links(identifier_id))
        return contract.unpack_links(packed) if packed else None

    def reviews(self) -> Sequence[contract.Review] | None:
        """The review queue, most urgent first; None in a snapshot that was made before links were kept."""
        packed = self._get(contract.REVIEWS)
        return None if packed is None else contract.unpack_reviews(packed)

    def decision_ids(self) -> frozenset[str] | None:
        """Ids of the identity decisions it was made by; None in a snapshot that was made before they were
        kept.
        """
        packed = self._get(contract.DECISIONS)
        return None if packed is None else contract.unpack_decisions(packed)


class SnapshotStore(Protocol):
    """Where the service finds what is published."""

    def current(self) -> Snapshot | None:
        """What readers see now, asked once a request; None when nothing readable was ever published."""

    def problem(self) -> str:
        """What is wrong with what is published, and what is served instead; empty when nothing is."""


class MemorySnapshots:
    """The store's twin in memory: `publish` replaces what readers see."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self._snapshot = snapshot

    def publish(self, snapshot: Snapshot | None) -> None:
        self._snapshot = snapshot

    def current(self) -> Snapshot | None:
        return self._snapshot

    def problem(self) -> str:
        return "" if self._snapshot else "nothing has been published yet"
