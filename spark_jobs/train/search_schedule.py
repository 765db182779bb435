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
from spark_jobs.run.context import NothingNew, RunContext, TableReport

logger = logging.getLogger(__name__)
SUNDAY = 6
GROWTH = 1.5  # times the interactions that the last search learned from


def run(run: RunContext, lake: Lake) -> list[TableReport]:
    """Report why a search is due.

    Raises:
        NothingNew: it is not.
    """
    reasons = find_search_reasons(run, lake)
    if not reasons:
        raise NothingNew(
            "no drift and little new since the last search; the next one by schedule is Sunday's"
        )
    logger.info("a search is due because: " + "; ".join(reasons))
    return [TableReport("search", detail={"because": reasons})]


def find_search_reasons(run: RunContext, lake: Lake) -> list[str]:
    """Why a search is due on the morning after the run's last landing date; empty when it is not."""
    rows = lake.read_matching(OPS_RUNS, ["step", "finished_at", "detail"], {"table_name": ["model"]})
    rows = sorted(rows.to_pylist(), key=lambda row: row["finished_at"])
    is_sunday = (run.days.last + timedelta(days=1)).weekday() == SUNDAY
    return [
        *(["schedule: it is Sunday"] if is_sunday else []),
        *find_reasons_in_reports([(r["step"], json.loads(r["detail"])) for r in rows]),
    ]


def find_reasons_in_reports(reports: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The drift alarms reported since the last search, and the growth of the data since then.

    Args:
        reports: step and detail of every row about a model, oldest first. A first night's `train` is a search
            too; its `kind` is `search`.
    """
    last = max(
        (n for n, (step, detail) in enumerate(reports) if step == "search" or detail.get("kind") == "search"),
        default=None,
    )
    since = reports if last is None else reports[last + 1 :]
    alarms = [alarm for step, detail in since if step == "train" for alarm in detail.get("drift") or []]
    reasons = [f"drift: {alarm}" for alarm in dict.fromkeys(alarms)]
    sizes = [
        detail["n_interactions"]
        for _, detail in (reports[last:] if last is not None else [])
        if detail.get("n_interactions")
    ]
    if len(sizes) > 1 and sizes[-1] >= GROWTH * sizes[0]:
        reasons.append(
            f"new data: {sizes[-1]:,} days of behaviour, {sizes[-1] / sizes[0]:.1f} times those of the last"
            " search"
        )
    return reasons
