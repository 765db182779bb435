"""Who a customer is a member of as events come and time passes, and each turn of it with the moment since
which it holds.

`now` moves on: first all that time alone has changed by then is gone through, each change at its own moment,
then what an event changes. So a clock that is late tells the same turns as one that is on time.
"""

from typing import NamedTuple

from segments.evaluation.measures import Context
from segments.evaluation.state import SegmentState
from segments.evaluation.windows import NEVER
from segments.events import Event
from segments.live import LiveProgram

EVENT, TIME = "event", "time"
MOST_STEPS = (
    1_000  # of one customer at once, each a moment at which an answer could change; then `now` itself
)


class Turn(NamedTuple):
    """An entry into a segment or an exit from it.

    Attributes:
        since: the moment from which it holds, microseconds since 1970.
        reason: what made it: an event, or time.
    """

    segment_id: str
    is_entered: bool
    since: int
    reason: str


class Standing(NamedTuple):
    """Membership as it was last decided.

    Attributes:
        members: by segment, since when.
        changes_at: the moment before which time alone changes nothing; `NEVER`: it never does.
        decided_at: the moment that was asked for.
    """

    members: dict[str, int]
    changes_at: int
    decided_at: int


NOBODY_YET = Standing({}, 0, 0)


def decide(
    live: LiveProgram, state: SegmentState, context: Context, before: Standing, now: int
) -> tuple[Standing, frozenset[str]]:
    """The standing at a moment, all entries since then, and the members before it."""
    members = live.program.decide(state, now, context) & live.live
    since = {name: before.members.get(name, now) for name in members}
    changes_at = max(min(state.changes_at, NEVER), now + 1)
    return Standing(since, changes_at, now), frozenset(before.members)


def pass_time(
    live: LiveProgram, state: SegmentState, context: Context, before: Standing, now: int
) -> tuple[Standing, list[Turn]]:
    """The standing once time has passed up to a moment, and what turned on the way."""
    standing, turns = before, []
    for _ in range(MOST_STEPS):
        if standing.changes_at > now:
            return standing, turns
        moment = standing.changes_at
        standing, were = decide(live, state, context, standing, moment)
        turns += list_turns(standing, were, moment, TIME)
    standing, were = decide(live, state, context, standing, now)
    return standing, turns + list_turns(standing, were, now, TIME)


def take_event(
    live: LiveProgram, state: SegmentState, context: Context, before: Standing, event: Event, now: int
) -> tuple[Standing, list[Turn]]:
    """The standing once an event has come at a moment, and what turned: by time up to then, and by it.

    An event counts from the microsecond after it, so that is what is asked for. What it turns holds since it
    happened; where something else was told of a later moment, since now.
    """
    is_first = before.decided_at == 0
    standing, turns = (before, []) if is_first else pass_time(live, state, context, before, now)
    if not live.program.add(state, event) and not is_first:
        return standing, turns
    latest = max(before.decided_at, *(turn.since for turn in turns), 0)
    standing, were = decide(live, state, context, standing, now + 1)
    since = event.at if latest <= event.at <= now else now
    for name in standing.members.keys() - were:
        standing.members[name] = since
    return standing, turns + list_turns(standing, were, since, EVENT)


def list_turns(standing: Standing, were: frozenset[str], since: int, reason: str) -> list[Turn]:
    """What differs from the members before, in the order of the segments' ids."""
    return [
        Turn(name, name in standing.members, since, reason) for name in sorted(standing.members.keys() ^ were)
    ]
