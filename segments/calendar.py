"""The shop's calendar: where a window begins and ends, in microseconds since 1970.

A number of days back from `now` is the same time of the shop's clock so many days before. The start of a
window never moves back while `now` moves on, so a customer leaves a window once: in the hour that a clock
shows twice, the second pass stands still at its end, and a time that a clock leaves out is the moment at
which it jumps. So is a date that a month lacks: a month before any time of 31 May is the end of April.
"""

import calendar
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from segments.tree.events import Duration, Period, Within

SECOND = 1_000_000
DAY = 86_400 * SECOND
ELAPSED = {"second": SECOND, "minute": 60 * SECOND, "hour": 3600 * SECOND, "day": DAY, "week": 7 * DAY}
EPOCH = date(1970, 1, 1).toordinal()
FIRST_YEAR, LAST_YEAR = 1990, 2100  # between which changes of the clock are known


class ShopCalendar:
    """The calendar of a time zone. Moments are microseconds since 1970, UTC; days are `date.toordinal`."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self._changes, self._offsets = find_clock_changes(zone)

    def find_start(self, now: int, duration: Duration) -> int:
        """The moment that lies a duration before `now`."""
        if duration.unit in ("second", "minute", "hour"):
            return now - duration.number * ELAPSED[duration.unit]
        wall = self._read_clock(now)
        day, time = divmod(wall, DAY)
        shifted = shift_day(day + EPOCH, duration, -1)
        if duration.unit in ("month", "year") and not is_same_date(shifted, day + EPOCH):
            return self.find_midnight(shifted + 1)
        return self._find_moment(shifted, time)

    def find_bounds(self, now: int, window: Within | Period | None) -> tuple[int | None, int]:
        """The first moment of a window (None: it has no beginning) and the first moment after it."""
        if window is None:
            return None, now
        if isinstance(window, Within):
            return self.find_start(now, window.start), (
                now if window.end is None else self.find_start(now, window.end)
            )
        today = self.find_day(now)
        first = begin_period(today, window.unit, window.ago)
        last = begin_period(today, window.unit, window.ago - 1)
        return self.find_midnight(first), min(now, self.find_midnight(last))

    def find_day(self, at: int) -> int:
        """The shop's day of a moment."""
        index = bisect_right(self._changes, at)
        return (at + self._offsets[index]) // DAY + EPOCH

    def find_minute(self, at: int) -> int:
        """The minute of the day that the shop's clock shows at a moment."""
        index = bisect_right(self._changes, at)
        return (at + self._offsets[index]) % DAY // (60 * SECOND)

    def find_midnight(self, day: int) -> int:
        """The moment at which a day of the shop begins."""
        return self._find_moment(day, 0)

    def find_end(self, at: int, duration: Duration) -> int:
        """The first `now` at which the start of a window of this duration is later than `at`: when an event
        of that moment leaves it.
        """
        if duration.unit in ("second", "minute", "hour"):
            return at + duration.number * ELAPSED[duration.unit] + 1
        day = shift_day(self.find_day(at), duration, 1)
        low, high = self.find_midnight(day - 3), self.find_midnight(day + 4)
        while low < high:
            middle = (low + high) // 2
            if self.find_start(middle, duration) > at:
                high = middle
            else:
                low = middle + 1
        return low

    def find_next_period(self, now: int, unit: str) -> int:
        """The moment at which the next period of the shop's calendar begins."""
        return self.find_midnight(begin_period(self.find_day(now), unit, -1))

    def _read_clock(self, at: int) -> int:
        """What the shop's clock shows, as microseconds of a clock without zone; never going back."""
        index = bisect_right(self._changes, at)
        shown = at + self._offsets[index]
        if index:  # the clock was last put back here, and shows again what it has shown already
            shown = max(shown, self._changes[index - 1] + self._offsets[index - 1])
        return shown

    def _find_moment(self, day: int, time: int) -> int:
        """The first moment at which the shop's clock shows this time of this day or a later one."""
        wall = (day - EPOCH) * DAY + time
        index = bisect_right(self._changes, wall - DAY)
        while True:
            moment = wall - self._offsets[index]
            begins = self._changes[index - 1] if index else moment
            if index == len(self._changes) or moment < self._changes[index]:
                return max(moment, begins)
            index += 1


def shift_day(day: int, duration: Duration, sign: int) -> int:
    """A day moved by days, weeks, months or years; of a month that is too short, its last day."""
    if duration.unit in ("day", "week"):
        return max(1, day + sign * duration.number * (7 if duration.unit == "week" else 1))
    at = date.fromordinal(day)
    months = at.year * 12 + at.month - 1 + sign * duration.number * (12 if duration.unit == "year" else 1)
    year, month = divmod(months, 12)
    if year < 1:
        return 1
    return date(year, month + 1, min(at.day, calendar.monthrange(year, month + 1)[1])).toordinal()


def is_same_date(day: int, other: int) -> bool:
    """Whether two days have the same number in their months."""
    return date.fromordinal(day).day == date.fromordinal(other).day


def begin_period(day: int, unit: str, ago: int) -> int:
    """The first day of the period `ago` before that of a day; weeks begin on Monday."""
    at = date.fromordinal(day)
    if unit == "day":
        return day - ago
    if unit == "week":
        return day - at.weekday() - 7 * ago
    length = {"month": 1, "quarter": 3, "year": 12}[unit]
    months = (at.year * 12 + at.month - 1) // length * length - ago * length
    return date(months // 12, months % 12 + 1, 1).toordinal()


@lru_cache
def find_clock_changes(zone: str) -> tuple[list[int], list[int]]:
    """When a zone's clock is changed, and its offsets from UTC: before the first change, and after each."""
    info = ZoneInfo(zone)

    def read_offset(at: datetime) -> int:
        return int(at.astimezone(info).utcoffset() / timedelta(microseconds=1))

    changes, offsets = [], [read_offset(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC))]
    for low, high in list_spans():
        if read_offset(low) == read_offset(high):
            continue
        before = read_offset(low)
        while high - low > timedelta(seconds=1):
            middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
            low, high = (middle, high) if read_offset(middle) == before else (low, middle)
        changes.append(int(high.timestamp()) * SECOND)
        offsets.append(read_offset(high))
    return changes, offsets


def list_spans() -> Iterator[tuple[datetime, datetime]]:
    """Weeks from the first known year to the last; no zone changes its clock twice in one that returns."""
    low = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    while low.year < LAST_YEAR:
        yield low, low + timedelta(days=7)
        low += timedelta(days=7)
