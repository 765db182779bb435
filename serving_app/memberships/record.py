"""What is stored of an owner of memberships: a customer, or the id of a visitor whom no night knows yet.

The state itself is not stored: it is the night's base with the events since. These stand behind each other as
they came, so one more costs no more than itself.
"""

from collections.abc import Iterable
from contextlib import suppress
from typing import NamedTuple

import msgpack

from segments.events import Event
from segments.standing import NOBODY_YET, Standing
from serving_app.live.packing import pack

MOST_EVENTS = 1_000  # that no night has absorbed; of more the newest
SLACK = 200  # more before the oldest are taken away, which costs a reading of all
DAYS_KEPT = 3  # that a night has absorbed: a roll-back to an earlier one needs them again


class HeldEvent(NamedTuple):
    """An event, and the shop's day on which it was received, as `date.toordinal`.

    Attributes:
        currency: of its amount, until that is added: empty of one that does not say it; None: as the amounts
            of its owner are, or of whom all are added.
    """

    received_day: int
    event: Event
    currency: str | None = None


class OwnerRecord(NamedTuple):
    """Memberships of an owner between two nights.

    Attributes:
        tag: the snapshot whose base and definitions the standing is of.
        joined: customers whose base is this owner's too since they turned out to be one.
        n_held: how many events `body` has.
        body: the events, packed behind each other.
        currency: of the amounts in them, where the night knows of no order.
    """

    tag: str
    joined: tuple[str, ...]
    standing: Standing
    n_held: int
    body: bytes
    currency: str = ""

    @property
    def is_denied(self) -> bool:
        """Whether they said no to analytics: nothing is counted until a newer yes."""
        return self.tag == DENIED_TAG

    @property
    def is_moved(self) -> bool:
        """Whether they turned out to be somebody else, with whom they are counted until a night says so."""
        return self.tag == MOVED_TAG


NO_RECORD = OwnerRecord("", (), NOBODY_YET, 0, b"")
DENIED_TAG, MOVED_TAG = "/denied", "/moved"  # no names of snapshots


def make_denied(no_at: int) -> OwnerRecord:
    """What is stored of who said no to analytics at a moment."""
    return NO_RECORD._replace(tag=DENIED_TAG, standing=NOBODY_YET._replace(decided_at=no_at))


def make_moved(moved_at: int) -> OwnerRecord:
    """What is stored of a customer who turned out to be another at a moment."""
    return NO_RECORD._replace(tag=MOVED_TAG, standing=NOBODY_YET._replace(decided_at=moved_at))


def add_held(record: OwnerRecord, events: Iterable[HeldEvent]) -> OwnerRecord:
    """The record with some more events behind the others."""
    rows = [pack((one.received_day, *trim(one.event))) for one in events]
    return record._replace(n_held=record.n_held + len(rows), body=record.body + b"".join(rows))


def read_held(body: bytes) -> list[HeldEvent]:
    """The events of a body, in the order in which they came; where it is damaged, those before.

    A body that cannot be read would stop the events of its owner, and the timers of all.
    """
    unpacker = msgpack.Unpacker(use_list=False, unicode_errors="surrogatepass")
    unpacker.feed(body)
    events: list[HeldEvent] = []
    with suppress(TypeError, ValueError, msgpack.UnpackException):
        for day, *event in unpacker:
            events.append(HeldEvent(day, Event(*event)))
    return events


def bound(record: OwnerRecord, absorbed_day: int) -> OwnerRecord:
    """The record without what is too old or too much, if it is time to look.

    Args:
        absorbed_day: of the published night, as `date.toordinal`.
    """
    if record.n_held < MOST_EVENTS + SLACK:
        return record
    return drop_old(record, absorbed_day)


def drop_old(record: OwnerRecord, absorbed_day: int) -> OwnerRecord:
    """The record without what is too old or too much; each event once, with its first day of receipt."""
    by_id: dict[str, HeldEvent] = {}
    for one in read_held(record.body):
        known = by_id.setdefault(one.event.event_id, one)
        if one.received_day < known.received_day:
            by_id[one.event.event_id] = one
    kept = [one for one in by_id.values() if one.received_day > absorbed_day - DAYS_KEPT]
    return add_held(record._replace(n_held=0, body=b""), kept[-MOST_EVENTS:])


def pack_owner(record: OwnerRecord) -> bytes:
    """The record as bytes: what is decided, then the events."""
    members, changes_at, decided_at = record.standing
    head = (record.tag, record.joined, list(members.items()), changes_at, decided_at, record.n_held)
    head += (record.currency,) if record.currency else ()
    packed = pack(head)
    return len(packed).to_bytes(4) + packed + record.body


def unpack_owner(packed: bytes) -> OwnerRecord:
    """The record that `pack_owner` made these bytes of.

    Raises:
        ValueError: they are none of these.
    """
    end = 4 + int.from_bytes(packed[:4])
    try:
        head = msgpack.unpackb(packed[4:end], use_list=False, unicode_errors="surrogatepass")
        tag, joined, members, changes_at, decided_at, n_held, *currency = head
        standing = Standing(dict(members), changes_at, decided_at)
        return OwnerRecord(tag, joined, standing, n_held, packed[end:], *currency)
    except (TypeError, ValueError, msgpack.UnpackException) as error:
        raise ValueError("not the memberships of an owner") from error


def trim(event: Event) -> tuple:
    """The event's values up to the last that is known."""
    end = max(place for place, value in enumerate(event) if value is not None)
    return tuple(event[: end + 1])
