"""Which of the shop's days the service's logs are of, and up to which day a night has read them all."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX


def find_absorbed_date(
    logs: Path, landing_date: date, now: datetime, time_zone: str, time_field: str
) -> date:
    """The last shop day whose records have landed, all of them: the night's own, or an earlier one where that
    day goes on still, or has records in a log that did not land.

    A night at 03:00 UTC begins before the day of an American shop is over. What is received until midnight is
    of that landing date and comes with the next night.

    Args:
        logs: the folder of logs that have not landed.
        landing_date: the night's newest.
        now: when it publishes.
    """
    newest = min(landing_date, find_last_whole_day(now, time_zone))
    files = [file for suffix in (FINISHED_SUFFIX, OPEN_SUFFIX) for file in logs.glob(f"[!.]*{suffix}")]
    left = [find_first_day(file, time_field, ZoneInfo(time_zone)) for file in files]
    return min([newest, *(day - timedelta(days=1) for day in left if day)])


def find_last_whole_day(now: datetime, time_zone: str) -> date:
    """The shop's newest day that is over: there is always an open log of the day that goes on."""
    return now.astimezone(ZoneInfo(time_zone)).date() - timedelta(days=1)


def find_first_day(file: Path, time_field: str, zone: ZoneInfo) -> date | None:
    """The shop's day of a log's first record; None where it has none, or was finished meanwhile."""
    try:
        with file.open("rb") as lines:
            first = find_times(lines, time_field, zone, n_lines=1)
    except FileNotFoundError:
        return None
    return first[0].date() if first else None


def find_spooled_date(spool: Path, time_field: str, zone: str) -> date | None:
    """The shop's earliest day of what may still wait in the spool for a broker; None where nothing does.

    A file of it holds a key and a record a line, parted by a tab, in the order of receipt.
    """
    days = []
    for file in spool.glob("*.spool"):
        try:
            with file.open("rb") as lines:
                records = (line.partition(b"\t")[2] for line in lines)
                days += [at.date() for at in find_times(records, time_field, ZoneInfo(zone), n_lines=1)]
        except FileNotFoundError:  # sent meanwhile
            continue
    return min(days, default=None)


def find_times(
    lines: Iterable[bytes], time_field: str, zone: ZoneInfo, n_lines: int | None = None
) -> list[datetime]:
    """When each record was written, in the shop's zone; of the first lines, or of all."""
    times = []
    for number, line in enumerate(lines):
        if number == n_lines:
            break
        try:
            times.append(datetime.fromisoformat(json.loads(line)[time_field]).astimezone(zone))
        except (ValueError, TypeError, KeyError):
            continue
    return times
