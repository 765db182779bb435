"""How long ago the first or last event was, and its anniversaries."""

from collections.abc import Callable
from datetime import date
from typing import Any

from segments.calendar import ShopCalendar
from segments.evaluation.layout import Cell, Layout
from segments.evaluation.measures import Context
from segments.evaluation.spans import make_span
from segments.evaluation.windows import FOREVER, NEVER, ShopWindows
from segments.tree import rules

FindMoment = Callable[[Cell, int], tuple[int | None, int]]


def make_moment(which: str, events: Any, layout: Layout, windows: ShopWindows) -> FindMoment:
    """What finds the first or last event's moment, and until when it is that event."""
    place = layout.find_log(events, None, which)
    fold = layout.find_fold(place, which, events.window)
    window = windows.find_window(events.window)
    find_span, is_first = make_span(place, window), which == "first"

    def find_moment(cell: Cell, now: int) -> tuple[int | None, int]:
        kept = None if fold is None else cell.folds[fold]
        if kept is not None and is_first:
            return kept[0], NEVER
        log, first, last, until = find_span(cell, now)
        if first == last:
            return (None if kept is None else kept[0]), until
        ats = log.ats
        if is_first:
            return ats[first], window.find_exit(ats[first], now)
        until = window.find_exit(ats[last - 1], now)
        if last < len(ats):
            until = min(until, window.find_entry(ats[last], now))
        return ats[last - 1], until

    return find_moment


def make_age(rule: rules.Age, layout: Layout, windows: ShopWindows) -> Callable:
    """Whether the event is so old, or younger."""
    find_moment = make_moment(rule.which, rule.events, layout, windows)
    is_first_ever = rule.which == "first" and rule.events.window is None  # it only becomes earlier
    shift, is_for_old = windows.find_shift(rule.duration), rule.op == ">="

    def evaluate(cell: Cell, now: int, context: Context) -> tuple[bool, int]:
        at, until = find_moment(cell, now)
        if at is None:
            return False, until
        ages_at = shift.find_end(at - 1)  # the first moment whose start is not before the event
        if now >= ages_at:
            return is_for_old, FOREVER if is_first_ever else until
        return not is_for_old, min(until, ages_at)

    return evaluate


def make_anniversary(rule: rules.Anniversary, layout: Layout, windows: ShopWindows) -> Callable:
    """Whether an anniversary of the event's day is near."""
    find_moment = make_moment(rule.which, rule.events, layout, windows)
    calendar = windows.calendar

    def evaluate(cell: Cell, now: int, context: Context) -> tuple[bool, int]:
        at, until = find_moment(cell, now)
        if at is None:
            return False, until
        holds, day = find_anniversary(calendar, at, now, rule.days)
        return holds, min(until, calendar.find_midnight(day))

    return evaluate


def find_anniversary(calendar: ShopCalendar, at: int, now: int, days: int) -> tuple[bool, int]:
    """Whether an anniversary is on one of so many days from today, and the day on which that can change."""
    first, today = calendar.find_day(at), calendar.find_day(now)
    year = max(date.fromordinal(today).year, date.fromordinal(first).year + 1)
    following = next(day for n in range(2) if (day := move_to_year(first, year + n)) >= today)
    if following < today + days:
        return True, following + 1
    return False, following - days + 1


def move_to_year(day: int, year: int) -> int:
    """The same day of another year; of 29 February, where there is none, the 28th."""
    at = date.fromordinal(day)
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return at.replace(
        year=year, day=28 if (at.month, at.day) == (2, 29) and not is_leap else at.day
    ).toordinal()
