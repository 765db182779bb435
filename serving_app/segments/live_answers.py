"""Segments as they are at this moment, where their definitions live between the nights: sizes, members, and
what an explanation needs beside what the published warehouse knows.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from segments.events import Event
from segments.sql.moments import EPOCH
from serving_app.http.problems import BadRequest, TooLargeToAnswer
from serving_app.live.state import LiveStore
from serving_app.memberships.owners import is_unmeasured
from serving_app.memberships.present import Present, PresentMembers
from serving_app.memberships.record import read_held
from serving_app.memberships.shown import find_standing, select_owner
from serving_app.segments.histories import find_date
from serving_app.segments.moments import MICROSECOND, Asked, Moment
from serving_app.segments.sizes import read_members
from serving_app.segments.warehouse import Night
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.keys import VisitorKeys

LIVE, NIGHT = "live", "night"  # of which an answer is
FUTURE = "at: is later than now"


class LivePart(NamedTuple):
    """What the live states know of one customer beside the warehouse.

    Attributes:
        customers: of the night, whose events are theirs; none of a visitor whom no night knows.
        events: that no night has absorbed.
        since: of each live segment that they are in now.
        is_denied: they said no to analytics, so nothing is counted.
    """

    asked: Asked
    customers: Sequence[str]
    events: Sequence[Event]
    since: dict[str, int]
    is_denied: bool


class LiveAnswers:
    """Asks the live states; where they cannot be read, every answer is the night's."""

    def __init__(
        self,
        present: PresentMembers,
        live: LiveStore,
        clock: Callable[[], datetime],
        seconds: float,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            seconds: after which a look at everybody is given up.
            timer: seconds, by which that is measured.
        """
        self._present, self._live, self._clock = present, live, clock
        self._seconds, self._timer = seconds, timer

    def find_present(self, snapshot: Snapshot, segment_id: str | None = None) -> Present | None:
        """Everybody's live memberships now; None where they are the night's to say.

        Args:
            segment_id: that is asked for; None: all of them.

        Raises:
            TooLargeToAnswer: too much came since the night.
        """
        night = self._present.find_night(snapshot)
        if night is None or (segment_id is not None and segment_id not in night.live.live):
            return None
        until = self._timer() + self._seconds

        def go_on() -> None:
            if self._timer() > until:
                raise TooLargeToAnswer(f"Who is in it now was not found within {self._seconds:g} seconds.")

        return self._present.find(snapshot, self._clock(), go_on)

    def find_start_obstacle(self, snapshot: Snapshot) -> str:
        """Why no definition can count before the next night, in words; empty: some can."""
        if self._present.find_night(snapshot) is None:
            return self._present.find_problem(snapshot) or "no segment lives by the published night"
        return (
            "" if self._present.has_states else "the stream decides memberships, by the night's definitions"
        )

    def find_problem(self, snapshot: Snapshot) -> str:
        """Why no segment lives by a night with live definitions, in words; empty: that is not so."""
        return self._present.find_problem(snapshot)

    def find_starts(self, snapshot: Snapshot) -> dict[str, str]:
        """From when on (ISO, UTC) definitions count that were published since the night, by segment."""
        night, now = self._present.find_night(snapshot), self._clock()
        return {name: self._present.tell_time(at, now) for name, at in night.since.items()} if night else {}

    def find_part(
        self, snapshot: Snapshot, segment_id: str, keys: VisitorKeys, at: Moment | None
    ) -> LivePart | None:
        """What an explanation needs of a live segment; None where it is the night's to give, as of a moment
        that the night has.

        Raises:
            BadRequest: the moment has not come.
        """
        night = self._present.find_night(snapshot)
        if night is None or segment_id not in night.live.live or not self._present.has_states:
            return None
        now = self._present.find_moment(self._clock())
        moment = now if at is None else read_moment(at)
        if moment is None or moment <= night.end + 1:
            return None
        if moment > now:
            raise BadRequest(FUTURE)
        live = self._live.read(keys, snapshot.meta.get_absorbed_date())
        if not live.is_read or live.has_personalization_consent is False:
            return None
        owner, record = select_owner(night, keys.customer_id, live)
        standing = find_standing(night, owner, record, now)
        is_denied = record.is_denied or is_unmeasured(night, owner)
        if standing is None and not is_denied:
            return None
        own = [one for one in (owner, *record.joined) if night.read_base(one) is not None]
        held = [one.event for one in read_held(record.body) if one.received_day > night.absorbed_day]
        asked = Asked(moment, date.fromordinal(night.absorbed_day))
        return LivePart(asked, own, held, dict(standing or {}), is_denied)


def read_moment(at: Moment) -> int | None:
    """A moment in microseconds since 1970; None of a day, which is asked by its end."""
    return (at.astimezone(UTC) - EPOCH) // MICROSECOND if isinstance(at, datetime) else None


def correct_size(found: dict[str, Any], present: Present | None) -> dict[str, Any]:
    """A segment with its size as `SegmentSummary` has it: now, where it lives."""
    segment_id = found["segment_id"]
    if present is None or segment_id not in present.night.live.live:
        return found | {"basis": NIGHT, "n_visitors": 0}
    by_night = 0 if segment_id in present.night.since else found["n_customers"]  # of another definition
    n_customers = by_night + present.count_change(segment_id)
    return found | {
        "basis": LIVE,
        "n_customers": n_customers,
        "n_visitors": present.count_visitors(segment_id),
    }


def read_present_members(
    night: Night, present: Present, segment_id: str, after: str, limit: int
) -> list[tuple[str, str]]:
    """Customers who are in a segment now, as `read_members` has them."""
    is_of_night = segment_id not in present.night.since  # else of another definition
    unchanged = read_members(night, segment_id, after, limit, list(present.customers)) if is_of_night else []
    changed = [
        (customer_id, find_date(night.calendar, since[segment_id]))
        for customer_id, since in present.customers.items()
        if segment_id in since and customer_id > after
    ]
    return sorted([*unchanged, *changed])[:limit]
