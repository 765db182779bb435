"""The segments that a visitor is shown in: one answer for profiles, audiences, overrides and filters."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from expectations.contracts.snapshot import CustomerSlice
from segments.standing import pass_time
from serving_app.live.packing import unpack_or
from serving_app.live.state import LiveState
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.night import LiveNight
from serving_app.memberships.record import NO_RECORD, OwnerRecord, unpack_owner
from serving_app.storage.snapshots import Snapshot

# In segments alone: what else filters ask of a customer is null of a stranger.
STRANGER = CustomerSlice(None, (), None, None, None, is_known=False)


class ShownSegments:
    """Reads memberships as they are now."""

    def __init__(self, nights: LiveNights, find_lag: Callable[[datetime], timedelta]) -> None:
        """
        Args:
            find_lag: by how much the shop's own calendar lags the clock.
        """
        self._nights, self._find_lag = nights, find_lag

    def prepare(self, snapshot: Snapshot | None) -> None:
        """Compile the definitions of a snapshot, before an answer waits for it."""
        self._nights.find(snapshot)

    def read_visitor(
        self, snapshot: Snapshot, customer_id: str | None, live: LiveState, now: datetime
    ) -> CustomerSlice | None:
        """A customer's slice, in the segments of this moment; of a stranger who is in one these alone; None
        where nothing is known.
        """
        profile = snapshot.read_customer(customer_id) if customer_id else None
        segment_ids = self.list_segments(snapshot, customer_id, profile, live, now)
        if profile is None:
            return STRANGER._replace(segment_ids=segment_ids) if segment_ids else None
        return profile if segment_ids == profile.segment_ids else profile._replace(segment_ids=segment_ids)

    def list_segments(
        self,
        snapshot: Snapshot,
        customer_id: str | None,
        profile: CustomerSlice | None,
        live: LiveState,
        now: datetime,
    ) -> tuple[str, ...]:
        """The segments of a customer, or of a visitor whom no night knows; by the night alone where the live
        states cannot be read.
        """
        by_night = profile.segment_ids if profile else ()
        night = self._nights.find(snapshot)
        if night is None or not live.is_read or (not profile and not live.memberships):
            return by_night
        owner, record = select_owner(night, customer_id, live)
        moment = to_microseconds(now - self._find_lag(now)) + 1
        members = find_standing(night, owner, record, moment)
        if members is None:
            return by_night
        return tuple(sorted({*by_night} - night.live.live | members.keys()))


def select_owner(night: LiveNight, customer_id: str | None, live: LiveState) -> tuple[str, OwnerRecord]:
    """Whose memberships a visitor's are, and what is stored of them: the customer's own; else those of the
    newest of their ids, under which they lie until whoever keeps all memberships has moved them to the
    customer; else of the customer whom their browser is of by now.
    """
    moved = set()
    for name in (customer_id, *reversed(live.memberships)):
        if packed := live.memberships.get(name):
            record = unpack_or(packed, unpack_owner, NO_RECORD)
            if not record.is_moved:
                return night.snapshot.find_customer_id(name) or name, record
            moved.add(name)
    same = (name for name in reversed(live.memberships) if name not in moved and night.read_base(name))
    return next(same, customer_id or ""), NO_RECORD


def find_standing(night: LiveNight, owner: str, record: OwnerRecord, moment: int) -> Mapping[str, int] | None:
    """The live segments of an owner at a moment, since when each; None where they are not the service's to
    say.
    """
    if record.is_denied or record.is_moved:
        return {}
    if record.tag == night.tag and record.standing.changes_at > moment:
        return record.standing.members
    base = night.read_base(owner)
    if base is None and (record == NO_RECORD or night.knows(owner)):
        return None
    if record == NO_RECORD and base.changes_at > moment:
        return base.members
    opened = night.open(owner, record)
    standing, _ = pass_time(night.live, opened.state, opened.context, opened.standing, moment)
    night.remember(owner, record, opened)
    return standing.members
