"""What is stored of an owner of memberships: a customer, or the id of a visitor whom no night knows yet."""

from collections.abc import Iterable
from typing import NamedTuple

from segments.events import Event
from segments.standing import NOBODY_YET, Standing
from serving_app.live.packing import pack, unpack

MOST_EVENTS = 1_000  # that no night has absorbed; of more the newest
DAYS_KEPT = 3  # behind the newest day of receipt: a roll-back to an earlier night needs them again


class HeldEvent(NamedTuple):
    """An event, and the shop's day on which it was received, as `date.toordinal`."""

    received_day: int
    event: Event


class OwnerRecord(NamedTuple):
    """Memberships of an owner between two nights.

    Attributes:
        tag: the snapshot whose base and definitions the state is of.
        state: packed; of the base and all events since.
        held: the events that the base may not know.
    """

    tag: str
    state: bytes
    held: tuple[HeldEvent, ...]
    standing: Standing


NO_RECORD = OwnerRecord("", b"", (), NOBODY_YET)
DENIED = NO_RECORD._replace(tag="/denied")  # of who said no to analytics: nothing is counted until a yes


def hold(held: tuple[HeldEvent, ...], events: Iterable[HeldEvent]) -> tuple[HeldEvent, ...]:
    """The events with some more: each once, with its first day of receipt; bounded."""
    by_id = {one.event.event_id: one for one in held}
    for one in events:
        known = by_id.get(one.event.event_id)
        if known is None or one.received_day < known.received_day:
            by_id[one.event.event_id] = one
    newest = max((one.received_day for one in by_id.values()), default=0)
    return tuple(one for one in by_id.values() if one.received_day > newest - DAYS_KEPT)[-MOST_EVENTS:]


def pack_owner(record: OwnerRecord) -> bytes:
    """The record as bytes: its fields in order, events without what is unknown at their end."""
    held = [(day, trim(event)) for day, event in record.held]
    standing = (list(record.standing.members.items()), *record.standing[1:])
    return pack((record.tag, record.state, held, standing))


def unpack_owner(packed: bytes) -> OwnerRecord:
    """The record that `pack_owner` made these bytes of.

    Raises:
        ValueError: they are none of these.
    """
    try:
        tag, state, held, (members, changes_at, decided_at) = unpack(packed)
        events = tuple(HeldEvent(day, Event(*event)) for day, event in held)
        return OwnerRecord(tag, state, events, Standing(dict(members), changes_at, decided_at))
    except (TypeError, ValueError) as error:
        raise ValueError("not the memberships of an owner") from error


def trim(event: Event) -> tuple:
    """The event's values up to the last that is known."""
    end = max(place for place, value in enumerate(event) if value is not None)
    return tuple(event[: end + 1])
