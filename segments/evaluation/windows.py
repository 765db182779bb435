"""Where windows begin and end, when an event enters or leaves one: the shop's calendar, remembered by day.

`ShopCalendar` takes microseconds of ten to two hundred; a stream asks of the same days again and again.
"""

from bisect import bisect_right
from functools import lru_cache

from segments.calendar import DAY, ELAPSED, ShopCalendar, find_clock_changes, shift_day
from segments.tree.events import Duration, Period, Window, Within

NEVER = 1 << 62  # later than any moment: time alone changes nothing
FOREVER = NEVER + 1  # nor does an event, whenever it comes
UNMEASURED = 0  # no duration is that long
N_REMEMBERED = 10_000  # days of a duration, 1 MB


class Shift:
    """A duration on the shop's calendar: how far it reaches back of a moment, and on from one.

    Both distances are the same all day, but for days on which a clock is changed or a month ends differently.
    """

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
        distance = self._back.get(now // DAY, UNMEASURED)
        if distance is UNMEASURED:
            distance = self._measure(now // DAY, is_back=True)
        return self.calendar.find_start(now, self.duration) if distance is None else now + distance

    def find_end(self, at: int) -> int:
        """The first `now` whose start is later than `at`."""
        if self.elapsed is not None:
            return at + self.elapsed + 1
        distance = self._on.get(at // DAY, UNMEASURED)
        if distance is UNMEASURED:
            distance = self._measure(at // DAY, is_back=False)
        return self._search_end(at) if distance is None else at + distance

    def _search_end(self, at: int) -> int:
        """The same by the calendar: nearly always so many days later, or an hour less or more."""
        day = self.calendar.find_day(at)
        end = at + 1 + (shift_day(day, self.duration, 1) - day) * DAY
        find_start = self.calendar.find_start
        for _ in range(2):
            start = find_start(end, self.duration)
            if start > at >= find_start(end - 1, self.duration):
                return end
            end += at + 1 - start
        return self.calendar.find_end(at, self.duration)

    def _measure(self, day: int, is_back: bool) -> int | None:
        """How far away the other moment is for all of a day (UTC); None where it is not the same all day."""
        low, high = day * DAY, day * DAY + DAY - 1
        if is_back:
            first, last = (self.calendar.find_start(at, self.duration) for at in (low, high))
        else:
            first, last = self._search_end(low), self._search_end(high)
        is_even = last - first == high - low and not self._is_changed(low, high)
        distance = first - low if is_even and not self._is_changed(first, last) else None
        known = self._back if is_back else self._on
        if len(known) >= N_REMEMBERED:
            known.clear()
        known[day] = distance
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
