"""Which events of a log lie in a window at `now`, and until when they are these."""

from bisect import bisect_left
from collections.abc import Callable

from segments.evaluation.layout import Cell
from segments.evaluation.logs import Log
from segments.evaluation.windows import NEVER, WindowBounds

# The log, the place of the first event, that behind the last one, and until when. A plain tuple: it is made
# for each measure that is asked for, a dozen an event.
Span = tuple[Log, int, int, int]
FindSpan = Callable[[Cell, int], Span]
EMPTY = Log(has_sums=True, has_counts=True)
NOTHING: Span = (EMPTY, 0, 0, NEVER)


def make_span(place: int, window: WindowBounds) -> FindSpan:
    """What finds the events of a log in a window."""
    if window.is_ever:
        return lambda cell, now: find_all(cell.logs[place], now)
    if window.start is None:
        return lambda cell, now: find_between(cell.logs[place], window, now)
    if window.end is not None:
        return make_earlier_span(place, window)
    find_start, find_end = window.start.find_start, window.start.find_end

    def find_latest(cell: Cell, now: int) -> Span:
        log = cell.logs[place]
        if log is None or not log.ats:
            return NOTHING
        ats = log.ats
        start = find_start(now)
        first = 0 if ats[0] >= start else bisect_left(ats, start)
        last = len(ats)
        if ats[-1] < now:
            return log, first, last, find_end(ats[first]) if first < last else NEVER
        last = bisect_left(ats, now)
        entry = ats[last] + 1
        return log, first, last, min(entry, find_end(ats[first])) if first < last else entry

    return find_latest


def make_earlier_span(place: int, window: WindowBounds) -> FindSpan:
    """What finds the events of a window that ends before `now`."""
    find_start, find_exit = window.start.find_start, window.start.find_end
    find_end, find_entry = window.end.find_start, window.end.find_end

    def find_earlier(cell: Cell, now: int) -> Span:
        log = cell.logs[place]
        if log is None or not log.ats:
            return NOTHING
        ats, start, end = log.ats, find_start(now), find_end(now)
        first = 0 if ats[0] >= start else bisect_left(ats, start)
        last = len(ats) if ats[-1] < end else bisect_left(ats, end, first)
        until = find_exit(ats[first]) if first < last else NEVER
        if last < len(ats):
            until = min(until, find_entry(ats[last]))
        return log, first, last, until

    return find_earlier


def find_all(log: Log | None, now: int) -> Span:
    """All events before `now`."""
    if log is None or not log.ats:
        return NOTHING
    ats = log.ats
    if ats[-1] < now:
        return log, 0, len(ats), NEVER
    last = bisect_left(ats, now)
    return log, 0, last, ats[last] + 1


def find_between(log: Log | None, window: WindowBounds, now: int) -> Span:
    """The events of a period."""
    if log is None or not log.ats:
        return NOTHING
    start, end = window.find_bounds(now)
    ats = log.ats
    first = 0 if ats[0] >= start else bisect_left(ats, start)
    last = len(ats) if ats[-1] < end else max(first, bisect_left(ats, end))
    until = window.find_exit(ats[first], now) if first < last else NEVER
    if last < len(ats):
        until = min(until, window.find_entry(ats[last], now))
    return log, first, last, until
