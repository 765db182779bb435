"""The shop's days as moments: a night decides of the last microsecond of each, so that `today`, `this month`
and a stay are those of the day itself.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import NamedTuple

from segments.calendar import ShopCalendar
from segments.sql.moments import MomentColumns


class DayMoment(NamedTuple):
    """One value of one day, as the lake's `segment_moments` holds it.

    Attributes:
        bound: the column of `moments`.
        moment: in UTC without zone; None where the column is a number.
    """

    state_date: date
    bound: str
    moment: datetime | None
    number: int | None


def find_end_of_day(calendar: ShopCalendar, day: date) -> int:
    """The last microsecond of a day of the shop, in microseconds since 1970: the `now` of the night's
    answers.
    """
    return calendar.find_midnight(day.toordinal() + 1) - 1


def list_day_moments(
    columns: MomentColumns, calendar: ShopCalendar, days: Sequence[date]
) -> Iterator[DayMoment]:
    """Every column of `moments` at the end of each of some days."""
    names = list(columns.list_columns())
    rows = columns.build_rows(calendar, [find_end_of_day(calendar, day) for day in days])
    for day, row in zip(days, rows, strict=True):
        for bound, value in zip(names, row, strict=True):
            if isinstance(value, datetime):
                yield DayMoment(day, bound, value, None)
            else:
                yield DayMoment(day, bound, None, value)
