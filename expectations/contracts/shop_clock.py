"""Which landing day the run of a calendar day handles: the day before, or further back where the shop's
calendar lags the clock.

The sample shop trades in its own time: its "today" is the day after the last it traded, whatever day it is
outside. `make airflow` writes by how many days it lags, from which run on: `{"2026-11-28": 281}`. A home
without the file has no lag.
"""

import json
from datetime import date, timedelta
from pathlib import Path

from expectations.contracts.files import write_text_atomically
from expectations.contracts.home import HomePaths

FILE = HomePaths(Path()).shop_clock  # under the home


def read_calendar_lags(home: Path) -> dict[date, int]:
    """Days of lag, by the day of the first run that has it; empty where the shop keeps the
    calendar's time.
    """
    try:
        return {
            date.fromisoformat(day): int(lag) for day, lag in json.loads((home / FILE).read_text()).items()
        }
    except FileNotFoundError:
        return {}


def find_landing_day(home: Path, run_day: date) -> date:
    """The landing day that the run of a day handles. A run that is tried again gets the same one: its lag is
    never changed.
    """
    lags = read_calendar_lags(home)
    first = max((day for day in lags if day <= run_day), default=None)
    return run_day - timedelta(days=1 + (lags[first] if first else 0))


def set_next_landing_day(home: Path, run_day: date, last_traded: date | None, opening_day: date) -> date:
    """Let the run of a day handle the shop's next day, and the runs after it the days after that.

    What stands in the file stays where it says so already: for a run that is about to trade the next day, or
    has just traded the last one and was stopped behind it.

    Args:
        run_day: the day of the scheduled run that is next, or was the last.
        last_traded: the newest day that landed; None in an empty home.
        opening_day: the first day an empty home trades.

    Returns:
        The landing day of that run.
    """
    next_day = last_traded + timedelta(days=1) if last_traded else opening_day
    planned = find_landing_day(home, run_day)
    if planned in (next_day, last_traded):
        return planned
    lags = read_calendar_lags(home) | {run_day: (run_day - next_day).days - 1}
    (home / FILE).parent.mkdir(parents=True, exist_ok=True)
    write_text_atomically(
        home / FILE, json.dumps({day.isoformat(): lag for day, lag in sorted(lags.items())})
    )
    return next_day
