"""Moves the service's finished logs into landing: lists it served, events it received.

A snapshot of a landing date stands for all that was received up to that date's end, and the service drops
from its live state what the snapshot stands for. So a file of those days that is still being written is
waited for: a worker finishes its file after a minute. The file of a worker that died is finished here: the
service may stay away.
"""

import logging
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from expectations.contracts.impressions import FINISHED_SUFFIX, OPEN_SUFFIX
from expectations.contracts.log_files import finish_abandoned_files
from spark_jobs.sources.service_logs import find_first_day, find_times

WAIT_SECONDS = 90.0  # a worker finishes its file after 60 s, and looks every few
POLL_SECONDS = 2.0

logger = logging.getLogger(__name__)


def finish_abandoned_logs(logs: Path) -> None:
    """Finish what workers that died were writing; what cannot be finished is left to the service."""
    try:
        finish_abandoned_files(logs)
    except OSError as error:
        logger.warning(f"{logs.name}: files of workers that died wait for the service: {error.strerror}")


def wait_for_open_logs(
    logs: Path,
    last_day: date,
    time_field: str,
    time_zone: str,
    wait_seconds: float = WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> list[str]:
    """Wait until no log of a landing date up to `last_day` is being written.

    Returns:
        The names of those that still are; a warning says so. The next run moves them.
    """
    zone, waited = ZoneInfo(time_zone), 0.0
    while open_logs := list_open_logs(logs, last_day, time_field, zone):
        if waited >= wait_seconds:
            logger.warning(
                f"{logs.name}: {len(open_logs)} files of {last_day} or before are still being written after"
                f" {wait_seconds:.0f} s; the next run ingests what is in them: {', '.join(open_logs[:3])}"
            )
            break
        sleep(POLL_SECONDS)
        waited += POLL_SECONDS
    return open_logs


def list_open_logs(logs: Path, last_day: date, time_field: str, zone: ZoneInfo) -> list[str]:
    """Names of files that are being written and whose first record is of `last_day` or before."""
    names = []
    for file in sorted(logs.glob(f"[!.]*{OPEN_SUFFIX}")):
        first_day = find_first_day(file, time_field, zone)
        if first_day and first_day <= last_day:
            names.append(file.name)
    return names


def move_finished_logs(logs: Path, landing: Path, time_zone: str, time_field: str) -> int:
    """Move each finished log to the landing date of its newest record; the number of logs.

    That is the shop's day, so it is the same whenever the run starts.
    """
    n_moved = 0
    for file in sorted(logs.glob(f"*{FINISHED_SUFFIX}")):
        target = landing / str(find_newest_day(file, time_field, ZoneInfo(time_zone))) / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
        n_moved += 1
    return n_moved


def find_newest_day(file: Path, time_field: str, zone: ZoneInfo) -> date:
    """The shop's day of the newest record in a log; where no line has a time, the day of its last change."""
    with file.open("rb") as lines:
        times = find_times(lines, time_field, zone)
    return max(times, default=datetime.fromtimestamp(file.stat().st_mtime, zone)).date()
