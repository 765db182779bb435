"""The moments for which a query answers: one row each, with where every window of the definitions begins.

The shop's calendar is Python's. The query reads its bounds as columns, so its text is the same every night.
"""

from calendar import isleap
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from segments.calendar import ShopCalendar
from segments.tree.events import Duration, Period, Window, Within

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ANNIVERSARY = ("today", "this_year", "february_ends", "next_february_ends")
FARTHEST = date.max.toordinal()


@dataclass
class MomentColumns:
    """The columns of `moments` that a set of definitions asks for: `now`, points in time, and days as numbers
    like 20260131.

    Attributes:
        of_customers: each customer has moments of their own: `moments` has their `customer_id` besides.
    """

    of_customers: bool = False
    durations: dict[str, Duration] = field(default_factory=dict)
    periods: dict[str, Period] = field(default_factory=dict)
    last_days: dict[str, int] = field(default_factory=dict)

    def join(self, condition: str, customer_id: str) -> str:
        """The moments `m` of a customer for which a condition holds, behind what is joined with them."""
        own = f" and m.customer_id = {customer_id}" if self.of_customers else ""
        return f" join moments m on {condition}{own}"

    def add_start(self, duration: Duration) -> str:
        """The column that holds the moment a duration ago."""
        name = f"{duration.unit}_{duration.number}_ago"
        self.durations[name] = duration
        return name

    def add_period(self, period: Period) -> str:
        """The column that holds where a period begins."""
        name = f"{period.unit}_begins_{period.ago}_ago"
        self.periods[name] = period
        return name

    def add_window(self, window: Window) -> tuple[str | None, str]:
        """The columns that hold a window's start, None where it has none, and its end."""
        if window is None:
            return None, "now"
        if isinstance(window, Within):
            return self.add_start(window.start), "now" if window.end is None else self.add_start(window.end)
        end = Period(window.unit, window.ago - 1)
        return self.add_period(window), self.add_period(end) if window.ago else "now"

    def add_last_day(self, days: int) -> str:
        """The column that holds the last of so many days from today on."""
        name = f"until_day_{days}"
        self.last_days[name] = days
        return name

    def list_columns(self) -> dict[str, str]:
        """Every column with its type."""
        moments = dict.fromkeys(["now", *sorted(self.durations), *sorted(self.periods)], "timestamp")
        days = [*ANNIVERSARY, *sorted(self.last_days)] if self.last_days else []
        return moments | dict.fromkeys(days, "integer")

    def build_rows(self, calendar: ShopCalendar, moments: Iterable[int]) -> list[tuple[Any, ...]]:
        """The rows of `moments`, each in the order of `list_columns`, for moments in microseconds since
        1970.
        """
        columns = self.list_columns()
        rows = []
        for now in moments:
            row: dict[str, Any] = {"now": make_timestamp(now)}
            for name, duration in self.durations.items():
                row[name] = make_timestamp(calendar.find_start(now, duration))
            for name, period in self.periods.items():
                row[name] = make_timestamp(calendar.find_bounds(now, period)[0])
            if self.last_days:
                row |= self.find_days(calendar.find_day(now))
            rows.append(tuple(row[name] for name in columns))
        return rows

    def find_days(self, today: int) -> dict[str, int]:
        """Today and the last days as numbers, and on which day this and the next February end."""
        year = date.fromordinal(today).year
        days = {name: write_day(today + days - 1) for name, days in self.last_days.items()}
        return days | {
            "today": write_day(today),
            "this_year": year,
            "february_ends": 228 + isleap(year),
            "next_february_ends": 228 + isleap(year + 1),
        }


def make_timestamp(moment: int) -> datetime:
    """A moment in UTC without zone, as databases hold it; the first they hold where it lies before."""
    try:
        return (EPOCH + timedelta(microseconds=moment)).replace(tzinfo=None)
    except OverflowError:
        return datetime.min if moment < 0 else datetime.max


def write_day(day: int) -> int:
    """A day as a number that sorts like it: 20260131."""
    at = date.fromordinal(min(day, FARTHEST))
    return at.year * 10_000 + at.month * 100 + at.day
