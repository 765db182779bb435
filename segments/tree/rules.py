"""What is true or false of a customer at a moment, never unknown, and the segment that it decides."""

from dataclasses import dataclass
from typing import Literal

from segments.tree.events import Comparison, Duration, EventSet, Value, Window
from segments.tree.measures import Measure


@dataclass(frozen=True, slots=True)
class Compare:
    """A measure compared; false where either side is unknown."""

    measure: Measure
    op: Comparison
    other: Measure


@dataclass(frozen=True, slots=True)
class Between:
    """A measure within two numbers, ends included; false where unknown."""

    measure: Measure
    low: int | float
    high: int | float


@dataclass(frozen=True, slots=True)
class OneOf:
    """A measure equal to one of the values; false where unknown."""

    measure: Measure
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsKnown:
    """Whether a measure has a value."""

    measure: Measure


@dataclass(frozen=True, slots=True)
class Age:
    """The first or last event is this old: `now − duration` compared with its moment, both on the shop's
    calendar as a window's start; `>=` is "that long ago or longer". False of no events.
    """

    which: Literal["first", "last"]
    events: EventSet
    op: Literal["<", ">="]
    duration: Duration


@dataclass(frozen=True, slots=True)
class Anniversary:
    """An anniversary, after the year itself, of the first or last event's day falls on one of the shop's days
    from that of `now` to `days` − 1 days later. That of 29 February is 28 February in other years.
    """

    which: Literal["first", "last"]
    events: EventSet
    days: int


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence.

    Attributes:
        events: which events match; its window is None.
        is_absent: no such event, rather than one.
        within: at most this long after the step before, end included; None: at any time after it.
        after: at least this long after the step before.
        same: attributes in which it equals the last present step before it; unknown equals nothing.
        different: attributes known on both and not equal.
    """

    events: EventSet
    is_absent: bool = False
    within: Duration | None = None
    after: Duration | None = None
    same: tuple[str, ...] = ()
    different: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events that follow each other, each strictly later than the present step before it.

    The first step is present. An absent step between two present ones means: no such event strictly between
    them. An absent last step means: no such event after the step before up to its `within`, which must have
    passed by `now`; without `within`, none up to `now`. All present steps lie in the window.
    """

    steps: tuple[Step, ...]
    window: Window = None


@dataclass(frozen=True, slots=True)
class AnyValue:
    """There is a value of an attribute such that the rule holds of the events with that value alone.

    The rule is made of counts, totals, ages and groups; it has no sequence, no field and no segment.
    """

    attribute: Literal["item_id", "category", "brand", "session_id", "order_id"]
    rule: "Rule"


@dataclass(frozen=True, slots=True)
class InSegment:
    """In another segment at `now`.

    Attributes:
        since_at_least: in it on end for at least this long.
        entered_within: the present stay began in `[now − duration, now)`. With either, the customer's stays
            decide instead of the other's rule.
    """

    segment_id: str
    since_at_least: Duration | None = None
    entered_within: Duration | None = None


@dataclass(frozen=True, slots=True)
class InList:
    """On an uploaded list of customers, whose identifiers are hashed as all are."""

    name: str


@dataclass(frozen=True, slots=True)
class RandomShare:
    """Of a stable random share: the first 8 hexadecimal digits of `md5(seed || ':' || customer_id)`, as a
    number, are below `share` × 2^32.
    """

    share: float
    seed: str


@dataclass(frozen=True, slots=True)
class Group:
    """Rules joined: all, any, or not (of exactly one)."""

    operator: Literal["all", "any", "not"]
    rules: tuple["Rule", ...]


Rule = (
    Compare
    | Between
    | OneOf
    | IsKnown
    | Age
    | Anniversary
    | Sequence
    | AnyValue
    | InSegment
    | InList
    | RandomShare
    | Group
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: who is in it, under which name."""

    segment_id: str
    name: str
    kind: str
    description: str
    members: Rule
