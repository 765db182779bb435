"""What is stored of one visitor, as pure functions: a record and an event make the next record.

A record is made of sets of which the newest are retained, so neither the order of arrival nor an event that
arrives twice changes anything: what is derived, as the cart, follows the order in which things happened.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from serving_app.live.consent import NO_WORDS, ConsentWords
from serving_app.live.events import CART, CLICK, PURCHASE, UNCART, VIEW, LiveEvent
from serving_app.live.packing import pack, unpack
from serving_app.live.sessions import Sessions, add_visit, merge_sessions
from serving_app.live.timestamps import to_microseconds

# Of each of the two: a burst of views pushes no purchase out. A visitor of the sample shop's busiest day has
# 40 events.
MOST_EVENTS = 150
OLDEST = 30 * 24 * 3600 * 1_000_000  # microseconds
MOST_PIECES = 10_000
LONGEST_ID = 500  # of an item; no catalogue has a longer one, and a record stays small
LOOKS, BASKET = (VIEW, CLICK), (CART, UNCART, PURCHASE)


class StoredEvent(NamedTuple):
    """What one event says of one item.

    Attributes:
        at: when it occurred, microseconds since 1970.
        tag: of its message id; tells events of one moment apart.
        received_day: the shop's day on which it was received, as `date.toordinal`; which night absorbs it.
    """

    at: int
    tag: int
    item_id: str
    event_type: str
    quantity: int
    received_day: int


class VisitorRecord(NamedTuple):
    """All that is stored of a visitor besides exposures; bounded.

    Attributes:
        looks: views and clicks, oldest first.
        basket: what changes the cart, oldest first.
        newest_at: when the newest event occurred, of any type; 0: none.
        received_at: when the latest was received; ages are counted from here.
        analytics: the words on analytics, which hide traits; what is stored stays.
    """

    looks: tuple[StoredEvent, ...] = ()
    basket: tuple[StoredEvent, ...] = ()
    sessions: Sessions = ()
    consent: ConsentWords = NO_WORDS
    newest_at: int = 0
    received_at: int = 0
    analytics: ConsentWords = NO_WORDS


EMPTY_RECORD = VisitorRecord()


def add_event(record: VisitorRecord, event: LiveEvent, received_day: int) -> VisitorRecord:
    """The record with an event. One that was done while a no held leaves no trace but its words of consent.

    Args:
        received_day: of the shop, as `date.toordinal`.
    """
    at, received_at = to_microseconds(event.occurred_at), to_microseconds(event.received_at)
    consent = record.consent.add(event.has_personalization_consent, at)
    tag = int.from_bytes(
        hashlib.blake2b(event.message_id.encode("utf-8", "surrogatepass"), digest_size=4).digest()
    )
    stored = [
        StoredEvent(
            at, tag, item.item_id, event.event_type, max(0, min(item.quantity, MOST_PIECES)), received_day
        )
        for item in event.items[:MOST_EVENTS]
        if len(item.item_id) <= LONGEST_ID
    ]
    return _bound(
        VisitorRecord(
            _unite(record.looks, stored if event.event_type in LOOKS else []),
            _unite(record.basket, stored if event.event_type in BASKET else []),
            add_visit(record.sessions, event.session_id, at),
            consent,
            max(record.newest_at, at),
            max(record.received_at, received_at),
            record.analytics.add(event.has_analytics_consent, at),
        )
    )


def merge_records(one: VisitorRecord, other: VisitorRecord) -> VisitorRecord:
    """The record of two that are one visitor's."""
    return _bound(
        VisitorRecord(
            _unite(one.looks, other.looks),
            _unite(one.basket, other.basket),
            merge_sessions(one.sessions, other.sessions),
            one.consent.merge(other.consent),
            max(one.newest_at, other.newest_at),
            max(one.received_at, other.received_at),
            one.analytics.merge(other.analytics),
        )
    )


def pack_record(record: VisitorRecord) -> bytes:
    """The record as bytes: its fields in order."""
    return pack(record)


def unpack_record(packed: bytes) -> VisitorRecord:
    """The record that `pack_record` made these bytes of.

    Raises:
        ValueError: these are not a record's bytes.
    """
    try:
        # Records of before have no words on analytics.
        looks, basket, sessions, consent, newest_at, received_at, *analytics = unpack(packed)
        return VisitorRecord(
            tuple(map(StoredEvent._make, looks)),
            tuple(map(StoredEvent._make, basket)),
            sessions,
            ConsentWords(*consent),
            newest_at,
            received_at,
            ConsentWords(*analytics[0]) if analytics else NO_WORDS,
        )
    except (TypeError, ValueError) as error:
        raise ValueError("not the record of a visitor") from error


def _unite(one: tuple[StoredEvent, ...], other: Iterable[StoredEvent]) -> tuple[StoredEvent, ...]:
    """Both, oldest first. Of one event received on two days the first day holds: it was absorbed with it."""
    other = list(other)
    if not other:
        return one
    if len(other) == 1 and (not one or one[-1][:4] < other[0][:4]):  # as nearly always
        return (*one, other[0])
    by_event = {}
    for event in sorted((*one, *other)):
        first = by_event.setdefault(event[:4], event)
        if event.received_day < first.received_day:
            by_event[event[:4]] = event
    return tuple(by_event.values())


def _bound(record: VisitorRecord) -> VisitorRecord:
    """The record without what is too old, too many, or was done while a no held."""
    if record.consent.is_no:
        return record._replace(looks=(), basket=(), sessions=())
    since = max(record.received_at - OLDEST, record.consent.get_since())
    return record._replace(
        looks=_retain_newest(record.looks, since),
        basket=_retain_newest(record.basket, since),
        sessions=tuple(session for session in record.sessions if session[0] >= since),
    )


def _retain_newest(events: tuple[StoredEvent, ...], since: int) -> tuple[StoredEvent, ...]:
    newest = events[-MOST_EVENTS:]
    return newest if not newest or newest[0].at >= since else tuple(e for e in newest if e.at >= since)
