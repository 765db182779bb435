"""What live segments begin with each night: their definitions, and of each customer the state of the last
absorbed day. `export` makes it, `publish` puts it into the snapshot, the service goes on from it.
"""

from typing import Any, NamedTuple

import msgpack

NEVER = 1 << 62  # as a moment at which something changes: none


class LiveText(NamedTuple):
    """A definition's text.

    Attributes:
        version: a digest of it, as the log of deployments has it.
        is_live: False: it is here because a live one names it.
    """

    segment_id: str
    text: str
    version: str
    is_live: bool


class LiveRules(NamedTuple):
    """The definitions that live between the nights.

    Attributes:
        fingerprint: of the program that made the states; another one cannot read them.
        item_lists: the items of each list that they name.
        order_feeds: sources whose purchases the night counts by their orders alone.
    """

    fingerprint: str
    texts: tuple[LiveText, ...]
    item_lists: dict[str, tuple[str, ...]]
    order_feeds: tuple[str, ...] = ()


class SegmentBase(NamedTuple):
    """What live segments begin with for one customer, at the end of the last absorbed day. Moments are
    microseconds since 1970, UTC.

    Attributes:
        state: a packed `SegmentState`; empty: there is no event that it would be of.
        fields: what the definitions ask for, by name.
        stays: in the segments of which they ask how long: id, entered, left.
        lists: on which they ask whether the customer is.
        members: of the live segments, since when.
        changes_at: before which time alone changes nothing; `NEVER`: it never does.
        others: of the segments that the night alone works out, since when.
        left: of all segments that were left lately, since when.
        currency: in which amounts of theirs are added, that of their first order; empty where they have none,
            or no definition asks for amounts.
    """

    state: bytes = b""
    fields: dict[str, Any] = {}  # noqa: RUF012 - never written to; msgpack knows no other mapping
    stays: tuple[tuple[str, int, int | None], ...] = ()
    lists: tuple[str, ...] = ()
    members: dict[str, int] = {}  # noqa: RUF012
    changes_at: int = NEVER
    others: dict[str, int] = {}  # noqa: RUF012
    left: dict[str, int] = {}  # noqa: RUF012
    currency: str = ""


def pack_segment_base(base: SegmentBase) -> bytes:
    """The base as bytes: its fields in order."""
    return msgpack.packb(tuple(base))


def unpack_segment_base(packed: bytes) -> SegmentBase:
    """The base that `pack_segment_base` made these bytes of.

    Raises:
        ValueError: they are none of these.
    """
    try:
        return SegmentBase(*msgpack.unpackb(packed, use_list=False))
    except (TypeError, msgpack.UnpackException) as error:
        raise ValueError("not a packed base") from error


def pack_live_rules(rules: LiveRules) -> bytes:
    """The definitions as bytes."""
    return msgpack.packb(tuple(rules))


def unpack_live_rules(packed: bytes) -> LiveRules:
    """The definitions that `pack_live_rules` made these bytes of.

    Raises:
        ValueError: they are none of these.
    """
    try:
        fingerprint, texts, item_lists, *later = msgpack.unpackb(packed, use_list=False)
        return LiveRules(fingerprint, tuple(LiveText(*each) for each in texts), item_lists, *later)
    except (TypeError, ValueError, msgpack.UnpackException) as error:
        raise ValueError("not packed live rules") from error
