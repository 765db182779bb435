"""What a definition costs before it is asked: rows that it reads and rows that it makes, from a shop's size.

The estimate is of a definition alone, though definitions share what they read, so that a rule is refused for
what it is and not for its neighbours. Rows made are what takes memory: groups, rows sorted for a sequence,
pairs of a step that must be `different`. Customers are taken to be alike; a few very busy ones make more.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from segments.sql.emptiness import holds_of_nothing
from segments.sql.literals import SegmentQueryError
from segments.tree import rules
from segments.tree.events import Duration, EventSet, Period, Window
from segments.tree.measures import (
    Aggregate,
    Arithmetic,
    Count,
    CountDistinct,
    DistanceTo,
    Measure,
    Selection,
)

DAYS = {
    "second": 1 / 86_400,
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1,
    "week": 7,
    "month": 31,
    "quarter": 92,
}
DAYS["year"] = 366


@dataclass(frozen=True)
class ShopStatistics:
    """A shop's size.

    Attributes:
        n_events: of each type.
        n_days: over which the events lie.
        n_moments: for which one query answers.
    """

    n_customers: int
    n_events: Mapping[str, int]
    n_days: float
    n_moments: int = 1


@dataclass(frozen=True)
class Cost:
    """Rows read and made, and by what."""

    reason: str
    n_read: int
    n_made: int


@dataclass(frozen=True)
class CostEstimate:
    """What one definition costs, part by part."""

    segment_id: str
    costs: tuple[Cost, ...]

    @property
    def n_read(self) -> int:
        return sum(cost.n_read for cost in self.costs)

    @property
    def n_made(self) -> int:
        return sum(cost.n_made for cost in self.costs)


@dataclass(frozen=True)
class CostLimits:
    """How many rows a definition may read and make. A million customers with fifty events each may be asked
    of all their events for ninety moments, and pairs of two steps without limits be made for one.
    """

    n_read: int = 10_000_000_000
    n_made: int = 5_000_000_000


class SegmentCostError(SegmentQueryError):
    """A definition would cost more than is allowed. The message says how much, and what drives it."""


def check_costs(
    definitions: Sequence[rules.Segment], statistics: ShopStatistics, limits: CostLimits
) -> list[CostEstimate]:
    """The estimates of all definitions.

    Raises:
        SegmentCostError: one is out of bounds.
    """
    estimates = [estimate_cost(definition, statistics) for definition in definitions]
    for estimate in estimates:
        for verb, n_rows, limit in (
            ("read", estimate.n_read, limits.n_read),
            ("make", estimate.n_made, limits.n_made),
        ):
            if n_rows > limit:
                dearest = max(estimate.costs, key=lambda cost: cost.n_read if verb == "read" else cost.n_made)
                most = dearest.n_read if verb == "read" else dearest.n_made
                raise SegmentCostError(
                    f"segment {estimate.segment_id} would {verb} {n_rows:,} rows, {most:,} of them for"
                    f" {dearest.reason}; allowed: {limit:,}. A shorter window, fewer event types or a"
                    " `within` make it cheaper"
                )
    return estimates


def estimate_cost(definition: rules.Segment, statistics: ShopStatistics) -> CostEstimate:
    """What a definition costs."""
    each = statistics.n_customers * statistics.n_moments
    costs = [Cost("every customer", each, each), *list_costs(definition.members, statistics)]
    return CostEstimate(definition.segment_id, tuple(costs))


def list_costs(rule: rules.Rule, statistics: ShopStatistics) -> Iterator[Cost]:
    """What a rule costs beside a row of every customer."""
    match rule:
        case rules.Group(_, parts):
            for part in parts:
                yield from list_costs(part, statistics)
        case rules.Compare(left, _, right):
            yield from list_measure_costs(left, statistics)
            yield from list_measure_costs(right, statistics)
        case rules.Between(measure) | rules.OneOf(measure) | rules.IsKnown(measure):
            yield from list_measure_costs(measure, statistics)
        case rules.Age(which, events) | rules.Anniversary(which, events):
            yield estimate_scan(f"the {which} {name_set(events)}", events, statistics)
        case rules.AnyValue(attribute, inner):
            yield from list_value_costs(attribute, inner, statistics)
        case rules.Sequence(steps, window):
            yield from list_step_costs(steps, window, statistics)


def list_measure_costs(measure: Measure, statistics: ShopStatistics) -> Iterator[Cost]:
    """What a measure costs."""
    match measure:
        case Count(events):
            yield estimate_scan(f"the count of {name_set(events)}", events, statistics)
        case Aggregate(function, attribute, events):
            yield estimate_scan(f"the {function} of {attribute} of {name_set(events)}", events, statistics)
        case CountDistinct(attribute, events):
            n_rows = count_rows(events, events.window, statistics)
            yield Cost(f"different {attribute} of {name_set(events)}", n_rows, n_rows)
        case Selection("most_frequent", attribute, events):
            n_rows = count_rows(events, events.window, statistics)
            yield Cost(f"the most frequent {attribute} of {name_set(events)}", 2 * n_rows, n_rows)
        case Selection(which, _, events):
            scan = estimate_scan(f"the {which} {name_set(events)}", events, statistics)
            yield Cost(scan.reason, 2 * scan.n_read, scan.n_made)
        case DistanceTo(_, _, events):
            scan = estimate_scan(f"the last place of {name_set(events)}", events, statistics)
            yield Cost(scan.reason, 2 * scan.n_read, scan.n_made)
        case Arithmetic(_, left, right):
            yield from list_measure_costs(left, statistics)
            yield from list_measure_costs(right, statistics)


def list_value_costs(attribute: str, inner: rules.Rule, statistics: ShopStatistics) -> Iterator[Cost]:
    """What a rule of one value costs: a group of every customer and value, at most one an event."""
    if holds_of_nothing(inner):
        n_rows = count_rows(EventSet(()), None, statistics)
        yield Cost(f"any {attribute} of any event, since no event of it is asked for", n_rows, n_rows)
        return
    for cost in list_costs(inner, statistics):
        yield Cost(f"any {attribute}: {cost.reason}", cost.n_read, cost.n_read)


def list_step_costs(
    steps: tuple[rules.Step, ...], window: Window, statistics: ShopStatistics
) -> Iterator[Cost]:
    """What the steps of a sequence cost: their events, sorted, or pairs of events."""
    previous = 0
    for number, step in enumerate(steps, start=1):
        n_rows = count_rows(step.events, window, statistics)
        reason = f"step {number}, {name_set(step.events)}"
        if step.different and previous:
            of_customer = previous / max(1, statistics.n_customers * statistics.n_moments)
            near = share_days(step.within, statistics)
            n_pairs = int(n_rows * max(1.0, of_customer * near))
            yield Cost(
                f"{reason}, in pairs that are different in {', '.join(step.different)}", n_rows, n_pairs
            )
        else:
            yield Cost(reason, n_rows, n_rows + previous)
        if not step.is_absent:
            previous = n_rows


def estimate_scan(reason: str, events: EventSet, statistics: ShopStatistics) -> Cost:
    """A pass over a set of events that makes a row of each customer."""
    n_rows = count_rows(events, events.window, statistics)
    return Cost(reason, n_rows, min(n_rows, statistics.n_customers * statistics.n_moments))


def count_rows(events: EventSet, window: Window, statistics: ShopStatistics) -> int:
    """Events of the types in the window, for every moment; filters are not counted on."""
    types = events.types or tuple(statistics.n_events)
    n_events = sum(statistics.n_events.get(name, 0) for name in types)
    return int(n_events * statistics.n_moments * share_window(window, statistics))


def share_window(window: Window, statistics: ShopStatistics) -> float:
    """The share of the shop's days that a window holds."""
    if window is None:
        return 1.0
    if isinstance(window, Period):
        return min(1.0, DAYS[window.unit] / statistics.n_days)
    end = share_days(window.end, statistics) if window.end else 0.0
    return max(0.0, share_days(window.start, statistics) - end)


def share_days(duration: Duration | None, statistics: ShopStatistics) -> float:
    """The share of the shop's days that a length of time is; without one, all."""
    return min(1.0, duration.number * DAYS[duration.unit] / statistics.n_days) if duration else 1.0


def name_set(events: EventSet) -> str:
    """A set of events in words."""
    return " or ".join(events.types) or "any event"
