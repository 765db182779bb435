"""Memberships as events come: in the transaction that records the event."""

from collections.abc import Iterable, Sequence

from expectations.contracts.live_states import get_told_key
from segments.standing import EVENT
from serving_app.live.backends import BackendTransaction, get_memberships_key
from serving_app.live.consent import ConsentWords
from serving_app.live.events import PURCHASE, LiveEvent
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.behaviour import list_segment_events
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.night import LiveNight
from serving_app.memberships.owners import (
    MAY_TELL,
    add_events,
    delete_record,
    deny,
    end_memberships,
    find_owner,
    move_owner,
    read_record,
)
from serving_app.memberships.record import NO_RECORD, HeldEvent, OwnerRecord
from serving_app.memberships.told import When


class MembershipRecorder:
    """What the live states call with each event that they store; see `live.observer`."""

    def __init__(self, nights: LiveNights) -> None:
        self._nights = nights

    def list_keys(self, roots: Iterable[str]) -> list[bytes]:
        """The keys of what will be asked for."""
        night = self._nights.find_current()
        if night is None:
            return []
        owners = {owner for root in roots for owner in (root, find_owner(night, root))}
        return [MAY_TELL, *(key(owner) for owner in owners for key in (get_memberships_key, get_told_key))]

    def record(
        self,
        transaction: BackendTransaction,
        event: LiveEvent,
        root: str,
        received_day: int,
        analytics: ConsentWords,
    ) -> None:
        night = self._nights.find_current()
        if night is None:
            return
        owner, when = find_owner(night, root), find_when(event)
        bring_along(transaction, night, root, owner, when)
        if analytics.is_no:
            deny(transaction, night, owner, analytics.no_at, when, EVENT)
            return
        record = read_record(transaction, owner)
        if record.is_denied and analytics.yes_at > record.standing.decided_at:
            delete_record(transaction, owner, record)
        events = list_segment_events(event, night.snapshot, night.calendar, night.order_feeds)
        if events and to_microseconds(event.occurred_at) >= analytics.get_since():
            currency = find_currency(night, event, owner, record)
            held = [HeldEvent(received_day, each, currency) for each in events]
            add_events(transaction, night, owner, held, when)

    def join(self, transaction: BackendTransaction, from_root: str, to_root: str, event: LiveEvent) -> None:
        """What was one's becomes another's."""
        night = self._nights.find_current()
        if night is None:
            return
        one, other, when = find_owner(night, from_root), find_owner(night, to_root), find_when(event)
        bring_along(transaction, night, from_root, one, when)
        bring_along(transaction, night, to_root, other, when)
        if one != other:
            move_owner(transaction, night, one, other, when)

    def forget(self, transaction: BackendTransaction, roots: Sequence[str], event: LiveEvent) -> None:
        """Of some roots nothing may be stored any more: their memberships end."""
        night = self._nights.find_current()
        versions = night.versions if night else {}
        owners = {find_owner(night, root) for root in roots} if night else set(roots)
        for owner in sorted(owners):
            end_memberships(transaction, owner, find_when(event), EVENT, versions)


def find_currency(night: LiveNight, event: LiveEvent, owner: str, record: OwnerRecord) -> str | None:
    """The currency of a purchase's amounts, as `HeldEvent` has it: all are added where no order of the
    visitor's has come, nor will come by a feed, as the night adds them.
    """
    if event.event_type != PURCHASE:
        return None
    is_compared = event.source in night.order_feeds or night.find_currency(owner, record)
    return event.currency or "" if is_compared else None


def bring_along(transaction: BackendTransaction, night: LiveNight, root: str, owner: str, when: When) -> None:
    """Bring what came under a root before the night knew whose it is, if nobody has done so yet."""
    if root != owner and read_record(transaction, root) != NO_RECORD:
        move_owner(transaction, night, root, owner, when)


def find_when(event: LiveEvent) -> When:
    """When an event was received."""
    return When(to_microseconds(event.received_at - event.calendar_lag), to_microseconds(event.received_at))
