"""Where and by which clock an event happened: degrees and time zone of its context.

What cannot be understood is not known; no event is refused for it, for most rules ask for neither.
"""

import re
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from pyspark.sql import Column
from pyspark.sql import functions as F

from spark_jobs.ingest.parse_values import trim_to_null

DEGREES = r"^-?[0-9]{1,3}(\.[0-9]{1,20})?([eE]-[0-9]{1,2})?$"
MOST = {"latitude": 90.0, "longitude": 180.0}
IS_DEGREES = re.compile(DEGREES).fullmatch


def parse_place(latitude: str | None, longitude: str | None) -> tuple[float | None, float | None]:
    """Degrees of trimmed texts; both None where one is none or no place has it."""
    place = []
    for text, most in zip((latitude, longitude), MOST.values(), strict=True):
        if text is None or not IS_DEGREES(text) or abs(float(text)) > most:
            return None, None
        place.append(float(text))
    return place[0], place[1]


def parse_places(latitude: Column, longitude: Column) -> dict[str, Column]:
    """`parse_place` of each row of texts, by column."""
    texts = {"latitude": trim_to_null(latitude), "longitude": trim_to_null(longitude)}
    numbers = {name: F.when(text.rlike(DEGREES), text).try_cast("double") for name, text in texts.items()}
    is_place = F.lit(True)
    for name, number in numbers.items():
        is_place = is_place & F.coalesce(F.abs(number) <= MOST[name], F.lit(False))
    return {name: F.when(is_place, number) for name, number in numbers.items()}


@cache
def find_zone(name: str) -> ZoneInfo | None:
    """The time zone of this name; None where nobody knows it."""
    return ZoneInfo(name) if name in list_zones() else None


@cache
def list_zones() -> frozenset[str]:
    """The names of all time zones, as `Europe/Vienna`."""
    return frozenset(name for name in available_timezones() if "/" in name or name == "UTC")


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


def parse_time_zone(name: Column, at: Column) -> dict[str, Column]:
    """The known zone of each row's text, and the minute of the day that its clock shows."""
    text = trim_to_null(name)

    def read(zone, micros):  # Spark warns of hints it does not know
        return find_local_minute(micros, zone)

    minute = F.udf(read, "int")(text, F.unix_micros(at))
    return {"time_zone": F.when(minute.isNotNull(), text), "local_minute": minute}
