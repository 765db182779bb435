"""The events of one set that can still matter, in order, and counters of those that are gone."""

from bisect import bisect_left, bisect_right
from typing import Any

UNIT = 1_000_000  # numbers are summed in millionths, as integers: exact in any order, as decimals are


class Log:
    """Moments, ids and values of events, by moment and id.

    `sums` has the running total of values in millionths, `base` what was dropped before them; `counts` how
    often each value is there.
    """

    __slots__ = ("ats", "base", "counts", "ids", "sums", "values")

    def __init__(self, has_sums: bool, has_counts: bool) -> None:
        self.ats: list[int] = []
        self.ids: list[str] = []
        self.values: list[Any] = []
        self.sums: list[int] | None = [] if has_sums else None
        self.counts: dict[Any, int] | None = {} if has_counts else None
        self.base = 0

    def insert(self, at: int, event_id: str, value: Any) -> bool:
        """Put an event where it belongs; whether that is behind others."""
        ats, sums = self.ats, self.sums
        if self.counts is not None:
            self.counts[value] = self.counts.get(value, 0) + 1
        if not ats or at > ats[-1] or (at == ats[-1] and event_id > self.ids[-1]):
            ats.append(at)
            self.ids.append(event_id)
            self.values.append(value)
            if sums is not None:
                sums.append((sums[-1] if sums else self.base) + round(value * UNIT))
            return len(ats) > 1
        place = bisect_right(ats, at)
        while place and ats[place - 1] == at and self.ids[place - 1] > event_id:
            place -= 1
        ats.insert(place, at)
        self.ids.insert(place, event_id)
        self.values.insert(place, value)
        if sums is not None:
            millionths = round(value * UNIT)
            sums.insert(place, sums[place - 1] if place else self.base)
            sums[place:] = [total + millionths for total in sums[place:]]
        return False

    def total(self, first: int, last: int) -> int:
        """Millionths of the values from one place to before another."""
        if first >= last:
            return 0
        return self.sums[last - 1] - (self.sums[first - 1] if first else self.base)

    def count_before(self, at: int) -> int:
        """How many events lie before a moment."""
        return bisect_left(self.ats, at)

    def drop(self, n: int) -> None:
        """Forget the first events."""
        if not n:
            return
        if self.sums is not None:
            self.base = self.sums[n - 1]
            del self.sums[:n]
        if self.counts is not None:
            for value in self.values[:n]:
                self.counts[value] -= 1
                if not self.counts[value]:
                    del self.counts[value]
        del self.ats[:n], self.ids[:n], self.values[:n]


def fold(kind: str, kept: Any, log: Log, n: int) -> Any:
    """What is kept of a log's first events and of those gone before them; None: nothing yet."""
    match kind:
        case "count":
            part = n
        case "sum":
            part = (log.total(0, n), n)
        case "distinct":
            part = frozenset(log.values[:n])
        case "min":
            part = min(log.values[:n])
        case "max":
            part = max(log.values[:n])
        case "first":
            part = (log.ats[0], log.ids[0], log.values[0])
        case "last":
            part = (log.ats[n - 1], log.ids[n - 1], log.values[n - 1])
        case "most_frequent":
            part = count_values(log, 0, n)
    return join(kind, kept, part)


def join(kind: str, one: Any, other: Any) -> Any:
    """What is kept of both."""
    if one is None or other is None:
        return other if one is None else one
    match kind:
        case "count":
            return one + other
        case "sum":
            return one[0] + other[0], one[1] + other[1]
        case "distinct":
            return one | other
        case "min" | "max":
            return min(one, other) if kind == "min" else max(one, other)
        case "first" | "last":
            is_one = (one[:2] <= other[:2]) == (kind == "first")
            return one if is_one else other
    joined = dict(one)
    for value, (n, at, event_id) in other.items():
        before, *last = joined.get(value, (0, at, event_id))
        joined[value] = (before + n, *max(tuple(last), (at, event_id)))
    return joined


def count_values(log: Log, first: int, last: int) -> dict[Any, tuple[int, int, str]]:
    """How often each value occurs, and the moment and id of its last event."""
    counts: dict[Any, tuple[int, int, str]] = {}
    for place in range(first, last):
        value = log.values[place]
        n = counts[value][0] if value in counts else 0
        counts[value] = (n + 1, log.ats[place], log.ids[place])
    return counts
