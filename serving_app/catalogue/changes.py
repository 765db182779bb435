"""What is known of an item beyond its catalogue record, field by field, and what both come to.

Each field has the time of its newest change. The catalogue's own is its record's `updated_at`: a change that
is not older holds, so a night whose record is older undoes nothing, and one whose record is newer needs
nobody to withdraw the change.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import msgpack

from expectations.contracts.restrictions import digest_entry
from expectations.contracts.snapshot import ItemFacts

PRICE, N_STOCK, IS_IN_STOCK, IS_RECOMMENDABLE = "price", "n_stock", "is_in_stock", "is_recommendable"
FIELDS = (PRICE, N_STOCK, IS_IN_STOCK, IS_RECOMMENDABLE)
DIGEST_BYTES = 8
NEVER_OLD = 1 << 62


class FieldChange(NamedTuple):
    """The newest value of a field.

    Attributes:
        value: None: the catalogue's holds again.
        at: microseconds since 1970.
    """

    value: float | int | bool | None
    at: int


ItemChange = Mapping[str, FieldChange]
NO_CHANGE: ItemChange = {}
# Of a record that is not what was written: it may have said that the item must not be shown.
UNREADABLE: ItemChange = {IS_RECOMMENDABLE: FieldChange(False, NEVER_OLD)}


def to_microseconds(moment: datetime) -> int:
    """A moment as microseconds since 1970."""
    return round(moment.timestamp() * 1_000_000)


def merge_change(stored: ItemChange, values: Mapping[str, float | int | bool | None], at: int) -> ItemChange:
    """What is known of an item after these values became so at `at`; of two of one time the later
    received holds.

    What could not be read is replaced by whatever comes. A stock is in stock or not: `n_stock` says so of
    both, unless `is_in_stock` stands beside it.
    """
    if N_STOCK in values and IS_IN_STOCK not in values:
        n_stock = values[N_STOCK]
        values = {**values, IS_IN_STOCK: None if n_stock is None else n_stock > 0}
    newer = {
        name: FieldChange(value, at)
        for name, value in values.items()
        if name not in stored or stored[name].at <= at or stored[name].at == NEVER_OLD
    }
    return {**stored, **newer}


def apply_change(item: ItemFacts, change: ItemChange, published_at: int) -> ItemFacts:
    """An item's facts with its change.

    Args:
        published_at: when the item's snapshot was made. A record that claims to be from later is from then.
    """
    recorded_at = min(read_microseconds(item.updated_at), published_at)
    values = {
        name: newest.value
        for name, newest in change.items()
        if newest.value is not None and newest.at >= recorded_at
    }
    return item._replace(**values) if values else item


def read_microseconds(text: str | None) -> int:
    """A time in ISO text as microseconds since 1970; 0 where there is none."""
    return to_microseconds(datetime.fromisoformat(text)) if text else 0


def pack_change(key: bytes, change: ItemChange) -> bytes:
    """A change as it lies in the store: a digest of key and content, then the content."""
    content = msgpack.packb({name: tuple(newest) for name, newest in change.items()})
    return digest_entry(key, content).to_bytes(DIGEST_BYTES) + content


def unpack_change(key: bytes, packed: bytes) -> ItemChange:
    """The change that `pack_change` packed; `UNREADABLE` where it is another."""
    digest, content = packed[:DIGEST_BYTES], packed[DIGEST_BYTES:]
    if digest != digest_entry(key, content).to_bytes(DIGEST_BYTES):
        return UNREADABLE
    try:
        return {name: FieldChange(*row) for name, row in msgpack.unpackb(content).items()}
    except (ValueError, TypeError, AttributeError, msgpack.UnpackException):
        return UNREADABLE
