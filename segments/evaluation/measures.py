"""Measures as functions of what is kept of a customer: the value at `now`, and until when it stays.

"Until" is never later than the first moment at which the value can change without an event. `FOREVER`:
no event can change it either, until the customer's context does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from segments.evaluation.layout import Cell, Layout
from segments.evaluation.logs import UNIT, count_values, join
from segments.evaluation.matching import find_distance
from segments.evaluation.spans import FindSpan, Span, make_span
from segments.evaluation.windows import FOREVER, ShopWindows
from segments.tree import measures
from segments.tree.events import EventSet, Value


class Stay(NamedTuple):
    """A stay in a segment, `[entered_at, left_at)`; None: still in it."""

    segment_id: str
    entered_at: int
    left_at: int | None = None


@dataclass(frozen=True)
class Context:
    """What is known of a customer beside their events; made anew when any of it changes."""

    customer_id: str
    fields: Mapping[str, Value]
    stays: tuple[Stay, ...] = ()
    lists: frozenset[str] = frozenset()


Measured = Callable[[Cell, int, Context], tuple[Any, int]]


class MeasureCompiler:
    """Compiles measures against a layout, which it fills."""

    def __init__(self, layout: Layout, windows: ShopWindows) -> None:
        self.layout, self.windows = layout, windows

    def compile(self, node: measures.Measure) -> Measured:
        """The measure as a function."""
        match node:
            case measures.Constant(value):
                return lambda cell, now, context: (value, FOREVER)
            case measures.FieldValue(name):
                return lambda cell, now, context: (context.fields.get(name), FOREVER)
            case measures.Arithmetic(operator, left, right):
                return make_arithmetic(operator, self.compile(left), self.compile(right))
            case measures.Count(events):
                return self._read(events, None, "count", take_count)
            case measures.CountDistinct(attribute, events):
                return self._read(events, attribute, "distinct", take_distinct)
            case measures.Aggregate(function, attribute, events):
                kind = function if function in ("min", "max") else "sum"
                return self._read(events, attribute, kind, AGGREGATES[function])
            case measures.Selection(which, attribute, events):
                return self._read(events, attribute, which, SELECTIONS[which])
            case measures.DistanceTo(latitude, longitude, events):
                here = (latitude, longitude)

                def take_distance(span: Span, kept: Any) -> float | None:
                    place = take_last(span, kept)
                    return None if place is None else find_distance(place, here)

                return self._read(events, "place", "last", take_distance)
        raise TypeError(f"no measure: {node!r}")

    def _read(
        self, events: EventSet, attribute: str | None, kind: str, take: Callable[[Span, Any], Any]
    ) -> Measured:
        """What reads a log: `take` has the span of events and what is kept of those that are gone."""
        find_span, fold = self.make_reader(events, attribute, kind)

        def measure(cell: Cell, now: int, context: Context) -> tuple[Any, int]:
            span = find_span(cell, now)
            return take(span, None if fold is None else cell.folds[fold]), span[3]

        return measure

    def make_reader(self, events: EventSet, attribute: str | None, kind: str) -> tuple[FindSpan, int | None]:
        """What finds the events of a measure, and the place of its counter of those that are gone."""
        log = self.layout.find_log(events, attribute, kind)
        find_span = make_span(log, self.windows.find_window(events.window))
        return find_span, self.layout.find_fold(log, kind, events.window)


def make_arithmetic(operator: str, left: Measured, right: Measured) -> Measured:
    """Two measures joined."""

    def measure(cell: Cell, now: int, context: Context) -> tuple[Any, int]:
        one, until = left(cell, now, context)
        other, later = right(cell, now, context)
        return calculate(operator, one, other), min(until, later)

    return measure


def calculate(operator: str, one: float | None, other: float | None) -> float | None:
    """Both joined; unknown where one is, and where the divisor is 0."""
    if one is None or other is None:
        return None
    match operator:
        case "+":
            return one + other
        case "-":
            return one - other
        case "*":
            return one * other
    return one / other if other else None


def take_count(span: Span, kept: int | None) -> int:
    return span[2] - span[1] + (kept or 0)


def take_distinct(span: Span, kept: frozenset | None) -> int:
    log, first, last, _ = span
    if first == 0 and last == len(log.ats) and log.counts is not None:
        values = log.counts.keys()
        return len(values) + (sum(value not in values for value in kept) if kept else 0)
    values = set(log.values[first:last])
    return len(values if kept is None else values | kept)


def take_sum(span: Span, kept: tuple[int, int] | None) -> float:
    return (span[0].total(span[1], span[2]) + (kept[0] if kept else 0)) / UNIT


def take_average(span: Span, kept: tuple[int, int] | None) -> float | None:
    log, first, last, _ = span
    total, n = kept or (0, 0)
    n += last - first
    return (total + log.total(first, last)) / (n * UNIT) if n else None


def take_least(span: Span, kept: float | None) -> float | None:
    return join("min", min(span[0].values[span[1] : span[2]], default=None), kept)


def take_greatest(span: Span, kept: float | None) -> float | None:
    return join("max", max(span[0].values[span[1] : span[2]], default=None), kept)


def take_first(span: Span, kept: tuple[int, str, Any] | None) -> Any:
    if kept is not None:
        return kept[2]  # what is gone lies before what is not
    return span[0].values[span[1]] if span[1] < span[2] else None


def take_last(span: Span, kept: tuple[int, str, Any] | None) -> Any:
    if span[1] < span[2]:
        return span[0].values[span[2] - 1]
    return None if kept is None else kept[2]


def take_commonest(span: Span, kept: dict[Any, tuple[int, int, str]] | None) -> Any:
    counts = join("most_frequent", count_values(span[0], span[1], span[2]), kept)
    return max(counts, key=counts.__getitem__) if counts else None


AGGREGATES = {"sum": take_sum, "average": take_average, "min": take_least, "max": take_greatest}
SELECTIONS = {"first": take_first, "last": take_last, "most_frequent": take_commonest}
