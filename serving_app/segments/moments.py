"""At which moment a question is asked: the end of a day as the night asks, or any moment before."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from segments.calendar import ShopCalendar
from segments.sql.moments import EPOCH
from serving_app.http.problems import BadRequest
from serving_app.segments.warehouse import Night

Moment = date | datetime
MICROSECOND = timedelta(microseconds=1)
AFTER = "at: the published warehouse knows nothing after {}"
LOST_PLUS = re.compile(r" [0-9]{2}:?[0-9]{2}$")  # of 2026-02-11T00:00:00+01:00, read from an address
FORMAT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[T ])")


class Asked(NamedTuple):
    """A moment, in microseconds since 1970, and the day whose end is the last before it: what is known of a
    customer beside their events is known by the end of a day.
    """

    now: int
    day: date


def find_asked(night: Night, at: Moment | None) -> Asked:
    """The moment that is asked for: of a day its end, as the night asks; without one the newest day's end.

    Raises:
        BadRequest: the warehouse does not reach so far.
    """
    calendar, newest = night.calendar, end_day(night.calendar, night.as_of)
    if at is None:
        return Asked(newest, night.as_of)
    if not isinstance(at, datetime):
        if at > night.as_of:
            raise BadRequest(AFTER.format(night.as_of))
        return Asked(end_day(calendar, at), at)
    now = (at.astimezone(UTC) - EPOCH) // MICROSECOND
    if now > newest + 1:
        raise BadRequest(AFTER.format(night.as_of))
    return Asked(now, date.fromordinal(calendar.find_day(now) - 1))


def end_day(calendar: ShopCalendar, day: date) -> int:
    """The last microsecond of a day of the shop, of which the night decides."""
    return calendar.find_midnight(day.toordinal() + 1) - 1


def parse_moment(text: object) -> object:
    """The day or moment in a text; what is no text is the caller's to refuse.

    Raises:
        ValueError: it is neither; says what is allowed.
    """
    if not isinstance(text, str):
        return text
    try:
        if not FORMAT.match(text):  # Python reads weeks too: of 2026-W08 it takes the Monday
            raise ValueError
        if len(text) == len("2026-02-21"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
        if moment.utcoffset() is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        lost = "; + is %2B in an address" if LOST_PLUS.search(text) else ""
        raise ValueError(f"must be a day (2026-02-21) or a moment with its offset{lost}") from None
