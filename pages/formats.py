"""Numbers, shares, seconds and moments as people read them."""

from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from typing import Any

NOTHING = "–"
# the largest unit of which there is one, and its seconds
UNITS = (("day", 86_400), ("h", 3_600), ("min", 60), ("s", 1))


def format_number(value: float | Decimal | None, digits: int = 0) -> str:
    """`12,345`, with `digits` behind the point; a dash for none."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def format_share(value: float | None, digits: int = 1) -> str:
    """`0.0123` as `1.2 %`; a dash for none."""
    return NOTHING if value is None else f"{value * 100:,.{digits}f} %"


def format_seconds(seconds: float | None) -> str:
    """How long something took: `0.3 s`, `12 s`, `2 min 5 s`, `1 h 12 min`."""
    if seconds is None:
        return NOTHING
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3_600} h {whole % 3_600 // 60} min"


def format_day(day: date | None) -> str:
    """`Sat 21 Feb 2026`; a dash for none."""
    return NOTHING if day is None else f"{day:%a} {day.day} {day:%b %Y}"


def format_moment(moment: datetime | None, zone: tzinfo = UTC) -> str:
    """`2026-02-21 03:04 UTC`, in a zone and with its name; a dash for none."""
    return NOTHING if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M} {zone}"


def format_clock(moment: datetime | None) -> str:
    """`03:04:05 UTC`, where the day is clear; a dash for none."""
    return NOTHING if moment is None else f"{moment.astimezone(UTC):%H:%M:%S} UTC"


def format_ago(moment: datetime | None, now: datetime) -> str:
    """How long ago, or in how long: `3 min ago`, `just now`, `in 2 h`, `4 days ago`; empty for none."""
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    for unit, size in UNITS:
        if (n := int(abs(seconds) // size)) and (unit != "s" or n >= 5):
            words = f"{n} {unit}{'s' if unit == 'day' and n > 1 else ''}"
            return f"{words} ago" if seconds > 0 else f"in {words}"
    return "just now"


def format_value(value: Any) -> str:
    """A value of a table as it is read: thousands apart, money with two digits, a dash for none."""
    if value is None:
        return NOTHING
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
