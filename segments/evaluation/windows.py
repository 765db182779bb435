"""Where windows begin and end, when an event enters or leaves one: the shop's calendar, remembered by hour.

`ShopCalendar` takes microseconds of ten to two hundred; a stream asks of the same hours again and again.
"""

from bisect import bisect_right
from functools import lru_cache

from segments.calendar import ELAPSED, SECOND, ShopCalendar, find_clock_changes
from segments.tree.events import Duration, Period, Window, Within

HOUR = 3600 * SECOND
NEVER = 1 << 62  # later than any moment; what has not begun since 1970 began before this one
N_HOURS = 50_000  # remembered a duration: more than five years, 6 MB


class Shift:
    """A duration on the shop's calendar: how far it reaches back of a moment, and on from one."""

    def __init__(self, calendar: ShopCalendar, duration: Duration) -> None:
        self.calendar, self.duration = calendar, duration
        is_elapsed = duration.unit in ("second", "minute", "hour")
        self.elapsed = duration.number * ELAPSED[duration.unit] if is_elapsed else None
        self._changes = find_clock_changes(calendar.zone)[0]
        self._back: dict[int, int | None] = {}
        self._on: dict[int, int | None] = {}

    def find_start(self, now: int) -> int:
        """The moment that lies the duration before `now`."""
        if self.elapsed is not None:
            return now - self.elapsed
        hour = now // HOUR
        distance = self._back[hour] if hour in self._back else self._measure(hour, self._back, -1)
        return self.calendar.find_start(now, self.duration) if distance is None else now + distance

    def find_end(self, at: int) -> int:
        """The first `now` whose start is later than `at`."""
        if self.elapsed is not None:
            return at + self.elapsed + 1
        hour = at // HOUR
        distance = self._on[hour] if hour in self._on else self._measure(hour, self._on, 1)
        return self.calendar.find_end(at, self.duration) if distance is None else at + distance

    def _measure(self, hour: int, known: dict[int, int | None], sign: int) -> int | None:
        """How far away the other moment is for all of an hour; None where a clock is changed at either."""
        find = self.calendar.find_start if sign < 0 else self.calendar.find_end
        low, high = hour * HOUR, hour * HOUR + HOUR - 1
        first, last = find(low, self.duration), find(high, self.duration)
        is_even = last - first == high - low and not self._is_changed(low, high)
        distance = first - low if is_even and not self._is_changed(first, last) else None
        if len(known) >= N_HOURS:
            known.clear()
        known[hour] = distance
        return distance

    def _is_changed(self, low: int, high: int) -> bool:
        return bisect_right(self._changes, low - 1) != bisect_right(self._changes, high + 1)


class WindowBounds:
    """A window: its bounds at a moment, and when an event enters and leaves it."""

    def __init__(self, calendar: ShopCalendar, window: Window) -> None:
        self.calendar, self.window = calendar, window
        self.is_ever = window is None
        self.period = window if isinstance(window, Period) else None
        self.start = Shift(calendar, window.start) if isinstance(window, Within) else None
        has_end = isinstance(window, Within) and window.end is not None
        self.end = Shift(calendar, window.end) if has_end else None
        self._days: dict[int, tuple[int, int, int]] = {}

    def find_bounds(self, now: int) -> tuple[int, int]:
        """The first moment of the window at `now`, and the first one after it."""
        if self.start is not None:
            return self.start.find_start(now), now if self.end is None else self.end.find_start(now)
        if self.is_ever:
            return -NEVER, now
        first, last, _ = self._find_period(now)
        return first, min(now, last)

    def find_entry(self, at: int, now: int) -> int:
        """When an event that lies behind the window's end is in it, or a moment before that."""
        if self.period is not None:
            following = self._find_period(now)[2]
            return min(at + 1, following) if at >= now else following
        return at + 1 if self.end is None else self.end.find_end(at)

    def find_exit(self, at: int, now: int) -> int:
        """When an event in the window has left it."""
        if self.period is not None:
            return self._find_period(now)[2]
        return NEVER if self.start is None else self.start.find_end(at)

    def _find_period(self, now: int) -> tuple[int, int, int]:
        """Start and end of the period, and when the next one takes its place."""
        day = self.calendar.find_day(now)
        if day not in self._days:
            unit, ago = self.period.unit, self.period.ago
            first, _ = self.calendar.find_bounds(now, self.period)
            following = self.calendar.find_next_period(now, unit)
            last = self.calendar.find_bounds(now, Period(unit, ago - 1))[0] if ago else following
            self._days[day] = (first, last, following)
        return self._days[day]


class ShopWindows:
    """The windows and durations of all rules, each made once."""

    def __init__(self, calendar: ShopCalendar) -> None:
        self.calendar = calendar
        self.find_window = lru_cache(maxsize=None)(lambda window: WindowBounds(calendar, window))
        self.find_shift = lru_cache(maxsize=None)(lambda duration: Shift(calendar, duration))


def count_elapsed(duration: Duration) -> int:
    """Microseconds between two events."""
    return duration.number * ELAPSED[duration.unit]
