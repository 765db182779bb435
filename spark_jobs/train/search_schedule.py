"""Is a search for a better configuration due: by schedule, by drift, or by new data?

Reads:   ops_runs
Writes:  nothing but its own line in ops_runs, with the reasons
If it fails: clear the task. Nothing due skips the search behind it.
"""

import json
import logging
from datetime import timedelta
from typing import Any

from expectations.contracts.lake import OPS_RUNS
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import Night, NothingNew, TableReport

logger = logging.getLogger(__name__)
NEEDS_SPARK = False
SUNDAY = 6
GROWTH = 1.5  # times the interactions that the last search learned from


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Say why a search is due.

    Raises:
        NothingNew: none is.
    """
    found = find_search_reasons(night, lake)
    if not found:
        raise NothingNew(
            "no drift and little new since the last search; the next one by schedule is Sunday's"
        )
    logger.info("a search is due because: " + "; ".join(found))
    return [TableReport("search", detail={"because": found})]


def find_search_reasons(night: Night, lake: Lake) -> list[str]:
    """Why a search is due on the morning after the night; empty when it is not."""
    rows = lake.read_arrow(OPS_RUNS, ["step", "table_name", "finished_at", "detail"]).to_pylist()
    rows = sorted((row for row in rows if row["table_name"] == "model"), key=lambda row: row["finished_at"])
    is_sunday = (night.days.last + timedelta(days=1)).weekday() == SUNDAY
    return [
        *(["schedule: it is Sunday"] if is_sunday else []),
        *find_reasons_in_reports([(r["step"], json.loads(r["detail"])) for r in rows]),
    ]


def find_reasons_in_reports(told: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """What drift and growth the nights since the last search speak of.

    Args:
        told: step and detail of every line about a model, oldest first. A first night searches too, and says
            so.
    """
    last = max(
        (n for n, (step, detail) in enumerate(told) if step == "search" or detail.get("kind") == "search"),
        default=None,
    )
    since = told if last is None else told[last + 1 :]
    alarms = [alarm for step, detail in since if step == "train" for alarm in detail.get("drift") or []]
    found = [f"drift: {alarm}" for alarm in dict.fromkeys(alarms)]
    sizes = [
        detail["n_interactions"]
        for _, detail in (told[last:] if last is not None else [])
        if detail.get("n_interactions")
    ]
    if len(sizes) > 1 and sizes[-1] >= GROWTH * sizes[0]:
        found.append(
            f"new data: {sizes[-1]:,} days of behaviour, {sizes[-1] / sizes[0]:.1f} times those of the last"
            " search"
        )
    return found
