"""Where and by which clock an event happened: what counts as a place, and as a time zone.

What does not is not known, and refuses no event.
"""

import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

DEGREES = r"^-?[0-9]{1,3}(\.[0-9]{1,20})?([eE]-[0-9]{1,2})?$"
MOST_DEGREES = {"latitude": 90.0, "longitude": 180.0}
IS_DEGREES = re.compile(DEGREES).fullmatch


def parse_place(latitude: str | None, longitude: str | None) -> tuple[float | None, float | None]:
    """Degrees of trimmed texts; both None where one is none or no place has it."""
    place = []
    for text, most in zip((latitude, longitude), MOST_DEGREES.values(), strict=True):
        if text is None or not IS_DEGREES(text) or abs(float(text)) > most:
            return None, None
        place.append(float(text))
    return place[0], place[1]


@cache
def list_zones() -> frozenset[str]:
    """The names of all time zones, as `Europe/Vienna`."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


def find_zone(name: str) -> ZoneInfo | None:
    """The time zone of this name; None where nobody knows it."""
    return ZoneInfo(name) if name in list_zones() else None  # which keeps those it has made


def find_local_minute(micros: int | None, zone: str | None) -> int | None:
    """The minute of the day that a clock of that zone shows then; None where either is not known.

    Args:
        micros: since 1970.
    """
    known = find_zone(zone) if zone else None
    if known is None or micros is None:
        return None
    try:
        local = datetime.fromtimestamp(micros // 1_000_000, UTC).astimezone(known)
    except (OverflowError, ValueError):  # of a year that no calendar has
        return None
    return 60 * local.hour + local.minute
