"""What was told of an owner's memberships, and what is to be told beside it: a transition is written where
what is so differs from what was told. One definition for all hosts.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

import msgpack

from expectations.contracts.live_segments import SegmentBase
from expectations.contracts.snapshot import CustomerSlice
from segments.standing import EVENT, TIME, Turn

NIGHT, MERGE, DEFINITION = "night", "merge", "definition"


class Told(NamedTuple):
    """The newest that was told of one segment.

    Attributes:
        since: microseconds since 1970.
    """

    is_entered: bool
    since: int


Tellings = dict[str, Told]  # by segment
Versions = dict[str, str]  # of the definitions' texts, by segment
OUT = Told(False, 0)


def pack_tellings(told: Tellings) -> bytes:
    """What was told of an owner, as bytes."""
    return msgpack.packb([(name, *each) for name, each in sorted(told.items())])


def unpack_tellings(packed: bytes) -> Tellings:
    """What `pack_tellings` made these bytes of.

    Raises:
        ValueError: they are none of these.
    """
    try:
        return {name: Told(is_entered, since) for name, is_entered, since in msgpack.unpackb(packed)}
    except (TypeError, ValueError, msgpack.UnpackException) as error:
        raise ValueError("not what was told") from error


def list_entered(told: Mapping[str, Told]) -> set[str]:
    """The segments that somebody is in by what was told."""
    return {name for name, each in told.items() if each.is_entered}


def select_untold(told: Tellings, turns: Iterable[Turn]) -> list[Turn]:
    """The turns that say something else than was told, each later than what was told of its segment."""
    told, untold = dict(told), []
    for turn in turns:
        before = told.get(turn.segment_id, OUT)
        if before.is_entered == turn.is_entered:
            continue
        since = turn.since if turn.since > before.since else before.since + 1
        untold.append(turn._replace(since=since))
        told[turn.segment_id] = Told(turn.is_entered, since)
    return untold


class NightView(NamedTuple):
    """What a night says of one customer.

    Attributes:
        members: of all segments, since when.
        left: of those left lately, since when.
        end: the last microsecond of the night's last day.
    """

    members: Mapping[str, int]
    left: Mapping[str, int]
    end: int


def list_night_members(profile: CustomerSlice | None, base: SegmentBase | None, end: int) -> dict[str, int]:
    """The segments of a customer by a night, that of the RFM grid among them, since when each.

    Args:
        end: the last microsecond of the night's last day.
    """
    if profile is None:
        return {}
    base = base or SegmentBase()
    names = [*profile.segment_ids, *([profile.rfm_segment] if profile.rfm_segment else [])]
    return {name: base.others.get(name) or base.members.get(name) or end + 1 for name in names}


def list_corrections(
    told: Tellings,
    wanted: Mapping[str, int],
    night: NightView,
    now: int,
    by_time: Mapping[str, int] = MappingProxyType({}),
) -> list[Turn]:
    """The turns that bring what was told to what is so, once a night is known: what it says itself with its
    own moments, what events or time have made of that since with theirs.

    Args:
        wanted: the segments that the owner is in, since when.
        by_time: since when what time alone has turned since the night's last day is so, by segment.
    """
    turns = [
        Turn(name, True, since, NIGHT if name in night.members else TIME if name in by_time else EVENT)
        for name, since in sorted(wanted.items())
    ]
    for name in sorted(told.keys() - wanted.keys()):
        if name in by_time:
            turns.append(Turn(name, False, by_time[name], TIME))
        elif name in night.members:
            turns.append(Turn(name, False, now, EVENT))
        else:
            turns.append(Turn(name, False, night.left.get(name) or night.end + 1, NIGHT))
    return turns
