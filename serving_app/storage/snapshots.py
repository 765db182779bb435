"""One snapshot as the service reads it."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import cached_property
from itertools import islice, takewhile
from typing import Any

from expectations.contracts import snapshot as contract
from expectations.contracts.census import CENSUS, Census, fold_category
from expectations.contracts.ids import normalise_id
from expectations.contracts.live_segments import unpack_live_rules, unpack_segment_base

NOTHING_PUBLISHED = "nothing has been published yet"
MAX_CACHED_ITEMS = 100_000  # of 1.5 kB with five attributes, in each worker


class SnapshotUnreadable(RuntimeError):  # noqa: N818 - reads as what it says
    """A published snapshot is damaged, cannot be opened, or is of a layout that this build does not know.
    Holds no path.
    """


class Snapshot:
    """One immutable snapshot. An answer is made from one of these only, however often another is published
    meanwhile.

    Attributes:
        name: its folder's name.
        meta: which run made it, when, with which model and tables.
    """

    def __init__(
        self,
        name: str,
        get: Callable[[bytes], bytes | None],
        iterate_keys: Callable[[bytes], Iterator[bytes]] = lambda first: iter(()),
    ) -> None:
        """
        Args:
            get: the value of a key, or None.
            iterate_keys: the keys from one on, in order.

        Raises:
            SnapshotUnreadable: it says nothing about itself, or is of another layout.
        """
        self.name, self._get, self._iterate_keys, self._items = name, get, iterate_keys, {}
        packed = get(contract.META)
        if packed is None:
            raise SnapshotUnreadable(f"snapshot {name} does not say where it comes from")
        try:
            self.meta = contract.unpack_record(contract.SnapshotMeta, packed)
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
    def from_pairs(cls, name: str, pairs: Iterable[tuple[bytes, bytes]]) -> "Snapshot":
        """A snapshot in memory, of keys and values."""
        values = dict(pairs)
        return cls(name, values.get, lambda first: (key for key in sorted(values) if key >= first))

    def compute_age_seconds(self, now: datetime) -> float:
        """Seconds since the snapshot was made, to the millisecond."""
        return round((now - self._published_at).total_seconds(), 3)

    @cached_property
    def _published_at(self) -> datetime:
        return datetime.fromisoformat(self.meta.published_at)

    def read_list(self, key: bytes) -> Sequence[contract.ListItem]:
        """A recommendation list, best first; empty when there is none."""
        packed = self._get(key)
        return self._catalogue.unpack(packed) if packed else []

    @property
    def vocabulary(self) -> contract.ListVocabulary:
        """What numbers in its lists stand for."""
        return self._catalogue

    def read_steering(self) -> contract.SteeringRecord | None:
        """The learned weights of live behaviour; None where there are none."""
        packed = self._get(contract.STEERING)
        return contract.unpack_record(contract.SteeringRecord, packed) if packed else None

    def read_fold_in(self) -> contract.FoldInFactors | None:
        """The factors that fresh events are folded into; None where there are none."""
        packed = self._get(contract.FOLD_IN)
        return contract.unpack_record(contract.FoldInFactors, packed) if packed else None

    def read_item(self, item_id: str) -> contract.ItemFacts | None:
        """An item's facts. Cached: a snapshot never changes, and every answer needs its items' facts."""
        item = self._items.get(item_id)
        if item is None:
            packed = self._get(contract.get_item_key(item_id))
            if packed is None:
                return None  # not cached: a client may send any id
            item = contract.unpack_record(contract.ItemFacts, packed)
            if len(self._items) >= MAX_CACHED_ITEMS:
                self._items.clear()
            self._items[item_id] = item
        return item

    def iterate_items(self, most: int) -> Iterator[tuple[str, contract.ItemFacts]]:
        """Items with their facts in the order of their ids, so many at most; none is cached."""
        for key in islice(self._iterate_keys(contract.ITEMS), most):
            if not key.startswith(contract.ITEMS):
                return
            if packed := self._get(key):
                name = key.removeprefix(contract.ITEMS).decode()
                yield name, contract.unpack_record(contract.ItemFacts, packed)

    def normalise_item_id(self, text: str) -> str:
        """An item's id in the normal form of the shop's catalogue: `85123a` is `85123A` where letter case
        tells nothing.
        """
        return normalise_id(text, "item_id", self.meta.item_case)

    def read_customer(self, customer_id: str) -> contract.CustomerSlice | None:
        """The slice of a customer's profile; None for an unknown customer."""
        packed = self._get(contract.get_customer_key(customer_id))
        return contract.unpack_record(contract.CustomerSlice, packed) if packed else None

    def read_traits(self, customer_id: str) -> dict[str, Any]:
        """The traits of a customer that are known, by name."""
        packed = self._get(contract.get_traits_key(customer_id))
        return json.loads(packed) if packed else {}

    def read_live_rules(self) -> contract.LiveRules | None:
        """The definitions that live between the nights; None in a snapshot of before."""
        packed = self._get(contract.LIVE_RULES)
        return unpack_live_rules(packed) if packed else None

    def read_segment_base(self, customer_id: str) -> contract.SegmentBase | None:
        """What live segments begin with for a customer; None: there is nothing of them."""
        packed = self._get(contract.get_segment_base_key(customer_id))
        return unpack_segment_base(packed) if packed else None

    def list_segment_timers(self, after: bytes, until: int, most: int) -> list[bytes]:
        """Keys of timers (`contract.read_segment_timer_key`) behind one and up to a moment, in order."""
        end, first = contract.get_segment_timer_key(until + 1), after + b"\0" if after else b""
        keys = self._iterate_keys(first or contract.SEGMENT_TIMERS)
        return list(islice(takewhile(lambda key: key < end, keys), most))

    def iterate_customers(self, after: str = "") -> Iterator[str]:
        """The customers behind one, in the order of their ids."""
        first = contract.get_customer_key(after) + (b"\0" if after else b"")
        for key in self._iterate_keys(first):
            if not key.startswith(contract.CUSTOMERS):
                return
            yield key.removeprefix(contract.CUSTOMERS).decode()

    def read_bought_items(self, customer_id: str) -> contract.BoughtItems | None:
        """What a customer bought before the night and was not due again then; None: nothing."""
        packed = self._get(contract.get_bought_items_key(customer_id))
        return contract.BoughtItems(packed, self._catalogue) if packed else None

    def resolve_customer_id(self, customer_id: str) -> str | None:
        """The id that an id of any age stands for now; None for one that was never issued or may not be
        personalised for.
        """
        if self._get(contract.get_customer_key(customer_id)) is not None:
            return customer_id
        current = self._get(contract.get_former_customer_key(customer_id))
        return current.decode() if current else None

    def iterate_customers_with_lists(self) -> Iterator[str]:
        """The customers who have a list of their own, in the order of their ids, which are hashes."""
        for key in self._iterate_keys(contract.CUSTOMER_LISTS):
            if not key.startswith(contract.CUSTOMER_LISTS):
                return
            yield key.removeprefix(contract.CUSTOMER_LISTS).decode()

    def find_customer_id(self, identifier_id: str) -> str | None:
        """The customer to whom an identifier belongs."""
        customer_id = self._get(contract.get_identifier_key(identifier_id))
        return customer_id.decode() if customer_id else None

    def read_links(self, identifier_id: str) -> contract.IdentifierLinks | None:
        """An identifier's links in the identity graph, for operators; None for an unknown identifier."""
        packed = self._get(contract.get_identifier_links_key(identifier_id))
        return contract.unpack_links(packed) if packed else None

    def read_reviews(self) -> Sequence[contract.Review] | None:
        """The review queue, most urgent first; None in a snapshot that was made before links were stored."""
        packed = self._get(contract.REVIEWS)
        return None if packed is None else contract.unpack_reviews(packed)

    @cached_property
    def _census(self) -> Census | None:
        """None in a snapshot that was made before categories and segments were counted."""
        packed = self._get(CENSUS)
        return Census.of_bytes(packed) if packed else None

    def count_items_of_category(self, category: str) -> int | None:
        """Items of a category, whatever the letter case of its name; None: not known."""
        census = self._census
        return None if census is None else census.categories.get(fold_category(category), 0)

    def count_customers_of_segment(self, segment_id: str) -> int | None:
        """Customers in a segment; None: not known, as of one that lives between the nights."""
        census = self._census
        return None if census is None or segment_id in self._live else census.segments.get(segment_id, 0)

    @cached_property
    def _live(self) -> frozenset[str]:
        """The segments that live between the nights."""
        rules = self.read_live_rules()
        return frozenset(each.segment_id for each in rules.texts if each.is_live) if rules else frozenset()

    def read_decision_ids(self) -> frozenset[str] | None:
        """Ids of the identity decisions it was made by; None in a snapshot that was made before they were
        stored.
        """
        packed = self._get(contract.DECISIONS)
        return None if packed is None else contract.unpack_decisions(packed)
