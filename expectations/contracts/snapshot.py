"""What a serving snapshot holds: its keys, spelled out here and nowhere else, and the records behind them.

One snapshot is one folder `serving/snapshots/<name>/`, an LMDB environment written once by `publish` and only
read after that. No personal values: a person is an `identifier_id` or a `customer_id`. Only customers who may
be personalised for (those of `feat_customers` who are not held back for review) have lists, slices and
identifiers in it.

Everyone else is in it as links alone, which say why an identifier is whose: an operator's question, that no
visitor's answer is made of.
"""

import hashlib
from datetime import date
from typing import Any, NamedTuple

import msgpack

from expectations.contracts.bought_items import BoughtItems
from expectations.contracts.fold_in import FoldInFactors
from expectations.contracts.ids import AS_GIVEN
from expectations.contracts.live_segments import LiveRules, SegmentBase
from expectations.contracts.packed_identity import (
    IdentifierLinks,
    Link,
    Review,
    pack_decisions,
    pack_links,
    pack_reviews,
    unpack_decisions,
    unpack_links,
    unpack_reviews,
)
from expectations.contracts.packed_lists import ListItem, ListVocabulary, ReasonItem
from expectations.contracts.steering import SteeringRecord

__all__ = [  # what stands behind the keys below
    "BoughtItems",
    "FoldInFactors",
    "IdentifierLinks",
    "Link",
    "ListItem",
    "ListVocabulary",
    "LiveRules",
    "ReasonItem",
    "Review",
    "SegmentBase",
    "SteeringRecord",
    "pack_decisions",
    "pack_links",
    "pack_reviews",
    "unpack_decisions",
    "unpack_links",
    "unpack_reviews",
]

# Raised when a key or a record changes its shape. `publish` writes this one; a layout that is not in
# `READABLE` is refused, so a service is updated before the night that publishes another one, and a roll-back
# may go to an older one.
LAYOUT = 4
# 1: lists with names instead of numbers, and no catalogue; 1 and 2: no manifest; 1 to 3: of an item nothing
# but what pages show
READABLE = (1, 2, 3, LAYOUT)
VERIFIED_SINCE = 3  # the layout from which a manifest stands beside the data
MAX_KEY_BYTES = 511  # LMDB's own limit

META = b"meta"
CATALOGUE = b"catalogue"  # what numbers in lists stand for: a packed `ListVocabulary`
# a packed `FoldInFactors`; not there without a model, nor in a snapshot made before there were any
FOLD_IN = b"fold-in"
# a packed `SteeringRecord`; not there where no weights were learned: then no list is steered
STEERING = b"steering"
# ids of the identity decisions it was made by; not there in a snapshot made before they were kept
DECISIONS = b"decisions"
REVIEWS = b"reviews"  # the queue, packed; not there in a snapshot made before links were kept
ITEMS = b"i/"  # what all keys of items begin with
CUSTOMERS = b"p/"  # what all keys of customers begin with
CUSTOMER_LISTS = b"c/"  # what all keys of personal lists begin with
IDENTIFIERS = b"x/"  # what all keys of identifiers begin with
LINKS = b"l/"  # what all keys of links begin with
# a packed `LiveRules`: the definitions that live between the nights; not there in a snapshot of before
LIVE_RULES = b"live-rules"
SEGMENT_BASES = b"g/"  # what all keys of segment bases begin with
SEGMENT_TIMERS = b"u/"  # what all keys of timers begin with
POPULAR = "popular"
NEW = "new"


class ItemFacts(NamedTuple):
    """What filters and pages need to know of an item. `price` is for display, in `currency`. From
    `category_path` on, a snapshot of layout 3 or older has none of it.

    Attributes:
        category_path: broadest first; `category` is its first.
        attributes: of the catalogue, as bounded by `item_rules.select_published_attributes`.
        is_consumable: may be recommended again after a purchase.
        repurchase_days: until it is wanted again; declared, or learned from its category; None: unknown.
        n_stock: None: the source does not say.
        ended_on: landing day of the first whole catalogue without it, ISO text; None: it is there.
        updated_at: of its catalogue record, ISO text, UTC; None: unknown.
        first_seen_at: ISO text, UTC.
        min_age: in years; None: for everybody.
        allowed_countries: as `item_rules.encode_country` writes them; None: wherever it is not blocked.
    """

    title: str | None
    category: str | None
    brand: str | None
    price: float | None
    currency: str | None
    image_url: str | None
    is_recommendable: bool
    is_in_stock: bool
    category_path: tuple[str, ...] = ()
    attributes: dict[str, str] = {}  # noqa: RUF012 - never written to; msgpack knows no other mapping
    is_consumable: bool = False
    repurchase_days: float | None = None
    n_stock: int | None = None
    ended_on: str | None = None
    updated_at: str | None = None
    first_seen_at: str | None = None
    min_age: int | None = None
    allowed_countries: tuple[str, ...] | None = None
    blocked_countries: tuple[str, ...] = ()

    @property
    def may_be_shown(self) -> bool:
        return self.is_recommendable and self.is_in_stock


class CustomerSlice(NamedTuple):
    """The slice of a profile that a page may see. `last_order_at` is ISO text, UTC."""

    country: str | None
    segment_ids: tuple[str, ...]
    rfm_segment: str | None
    n_orders: int
    last_order_at: str | None
    is_known: bool


class SnapshotMeta(NamedTuple):
    """Where a snapshot comes from. `published_at` is ISO text, UTC; `table_versions` are those of the tables
    it was made of.

    `item_case` is what the shop's catalogue says of letter case in item ids (`contracts.ids`); a snapshot
    made before there was such a rule has none. `time_zone` is the shop's, by whose days events are landed.
    `absorbed_date` is the last of these days whose events the snapshot all knows, ISO; empty: `landing_date`.
    """

    layout: int
    run_id: str
    landing_date: str
    published_at: str
    model_version: str
    code_hash: str
    table_versions: dict[str, int]
    item_case: str = AS_GIVEN
    time_zone: str = "UTC"
    absorbed_date: str = ""

    def get_absorbed_date(self) -> date:
        """The day up to whose end the service's live state drops what was received."""
        return date.fromisoformat(self.absorbed_date or self.landing_date)


def get_customer_list_key(customer_id: str) -> bytes:
    """Key of a customer's personal list: a packed list."""
    return _key("c/", customer_id)


def get_audience_list_key(audience: str) -> bytes:
    """Key of an audience's list (`popular`, `new`, `country:<country>`, `segment:<id>`, both joined by `|`):
    a packed list.
    """
    return _key("a/", audience)


def get_similar_list_key(item_id: str) -> bytes:
    """Key of the items similar to an item: a packed list."""
    return _key("s/", item_id)


def get_next_list_key(item_id: str) -> bytes:
    """Key of the items that sessions go on with after an item: a packed list. Not there in a snapshot made
    before there were any.
    """
    return _key("t/", item_id)


def get_item_key(item_id: str) -> bytes:
    """Key of an item's facts: a packed `ItemFacts`."""
    return _key("i/", item_id)


def get_bought_items_key(customer_id: str) -> bytes:
    """Key of what a customer bought before the night and is not due again: packed `BoughtItems`. Not there
    for one who bought nothing of the kind, nor in a snapshot made before it was kept.
    """
    return _key("b/", customer_id)


def get_customer_key(customer_id: str) -> bytes:
    """Key of a customer's slice: a packed `CustomerSlice`."""
    return _key("p/", customer_id)


def get_traits_key(customer_id: str) -> bytes:
    """Key of a customer's traits: those that are known, as a JSON object. Not there for one of whom none is,
    nor in a snapshot made before there were any.
    """
    return _key("v/", customer_id)


def get_segment_base_key(customer_id: str) -> bytes:
    """Key of what live segments begin with for a customer: a packed `SegmentBase`. Not there of who said no
    to analytics, nor in a snapshot made before there were any.
    """
    return _key("g/", customer_id)


def get_segment_timer_key(changes_at: int, customer_id: str = "") -> bytes:
    """Key of a moment at which a customer's membership can change without an event, in order of time: no
    value.
    """
    return SEGMENT_TIMERS + changes_at.to_bytes(8) + customer_id.encode()


def read_segment_timer_key(key: bytes) -> tuple[int, str]:
    """The moment and the customer of a key of `get_segment_timer_key`."""
    head = len(SEGMENT_TIMERS) + 8
    return int.from_bytes(key[len(SEGMENT_TIMERS) : head]), key[head:].decode()


def get_identifier_key(identifier_id: str) -> bytes:
    """Key of an identifier: the `customer_id` it belongs to now, as text."""
    return _key("x/", identifier_id)


def get_identifier_links_key(identifier_id: str) -> bytes:
    """Key of an identifier's links: a packed `IdentifierLinks`."""
    return _key("l/", identifier_id)


def get_former_customer_key(customer_id: str) -> bytes:
    """Key of a `customer_id` that is no longer used: the one it resolves to now, as text."""
    return _key("o/", customer_id)


def list_audiences(country: str | None, segments: tuple[str, ...]) -> list[str]:
    """The audiences a customer belongs to, narrowest first: segment and country, then segment, then country.

    Args:
        segments: the segments to try, in the order they are to be tried.
    """
    both = [f"segment:{segment}|country:{country}" for segment in segments] if country else []
    return [
        *both,
        *[f"segment:{segment}" for segment in segments],
        *([f"country:{country}"] if country else []),
    ]


def pack_record(
    record: ItemFacts | CustomerSlice | SnapshotMeta | FoldInFactors | SteeringRecord,
) -> bytes:
    """A record as bytes: its fields in order."""
    return msgpack.packb(tuple(record))


def unpack_record(kind: type, packed: bytes) -> Any:
    """The record of this kind; sequences come back as tuples.

    Raises:
        TypeError: the number of fields is not that of the kind, so another layout wrote it.
    """
    return kind(*msgpack.unpackb(packed, use_list=False))


def _key(prefix: str, name: str) -> bytes:
    key = (prefix + name).encode()
    # A shop's item id may be of any length; LMDB refuses a long key, for writing and for reading.
    return key if len(key) <= MAX_KEY_BYTES else f"{prefix}#{hashlib.sha256(key).hexdigest()}".encode()
