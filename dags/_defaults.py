"""What all DAGs share: the rule of landing days, retries, tiers, and the settings they read (the only reader
under `dags/`).
"""

import json
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from airflow.sdk import CronTriggerTimetable, Param

from expectations.contracts import shop_clock
from expectations.contracts.home import HomePaths
from expectations.contracts.settings import load_environment, resolve_settings

SETTINGS = resolve_settings(load_environment())
HOME = Path(SETTINGS["CONCIERGE_HOME"]).expanduser().resolve()

# Long past, because Airflow schedules no task of a run whose logical date lies before it, and calls such a
# run a success; a backfill of 2010 would do nothing, in green. With catchup off it costs nothing.
START_DATE = datetime(2000, 1, 1, tzinfo=UTC)

# The rule of days, said once: the run at 03:00 UTC of day D handles landing day D−1, because Airflow's
# default cron timetable gives a run no interval before it (`ds` is D). A range of days is one run with `from`
# and `to` in its conf, both included. The sample shop trades in a time of its own, which `find_landing_day`
# knows.
_EVE = "landing_day((dag_run.logical_date or dag_run.run_after) | ds)"
DAYS_FROM = "{{ params.get('from') or " + _EVE + " }}"
DAYS_TO = "{{ params.get('to') or params.get('from') or " + _EVE + " }}"
DAY_PARAMS = {
    "from": Param(
        None, type=["null", "string"], format="date", description="first landing day; empty: yesterday"
    ),
    "to": Param(
        None,
        type=["null", "string"],
        format="date",
        description="last landing day, included; empty: as `from`",
    ),
}


def find_landing_day(ds: str) -> str:
    """The landing day that the run of a day handles, both as YYYY-MM-DD; a macro of every DAG."""
    return shop_clock.find_landing_day(HOME, date.fromisoformat(ds)).isoformat()


MACROS = {"landing_day": find_landing_day}


def schedule_off_cycle(cron: str) -> CronTriggerTimetable:
    """A schedule for what is no part of a night: its first run waits for its time.

    A DAG with a start date runs its latest time at once when it is first seen, and so did housekeeping and
    the search, in the way of a newcomer's first night. Ten minutes, because a DAG that is read again at
    06:00:01 would otherwise skip that day.
    """
    return CronTriggerTimetable(cron, timezone="UTC", run_immediately=timedelta(minutes=10))


class AlertTier(StrEnum):
    """How soon somebody must look when a DAG fails."""

    ONE = "tier-1"  # tonight: lists grow old
    TWO = "tier-2"  # this week


def record_failure(context: dict) -> None:
    """Add a line to `logs/failures.jsonl`: what failed, so that an operator's pager has one file to watch."""
    task = context["task_instance"]
    path = HomePaths(HOME).failure_log
    path.parent.mkdir(parents=True, exist_ok=True)
    failure = {"dag": task.dag_id, "task": task.task_id, "run_id": task.run_id, "try": task.try_number}
    with path.open("a") as out:
        out.write(json.dumps({**failure, "error": type(context.get("exception")).__name__}) + "\n")


DEFAULT_ARGS = {
    "owner": "concierge",
    "retries": int(SETTINGS["CONCIERGE_TASK_RETRIES"]),  # safe: every task may be run twice
    "retry_delay": timedelta(seconds=30),
    "execution_timeout": timedelta(hours=3),
    "on_failure_callback": record_failure,
}
