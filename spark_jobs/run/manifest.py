"""The run manifest: what each step did to each table, in `ops_runs` and in the log."""

import json
import logging
from datetime import timedelta

from expectations.contracts.lake import OPS_RUNS
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport

logger = logging.getLogger(__name__)
OUTCOMES = ("received", "inserted", "updated", "unchanged", "superseded", "duplicate", "quarantined")
LOGGED = (
    "table_name",
    "version_before",
    "version_after",
    "n_rows",
    *(f"n_{name}" for name in OUTCOMES),
)


def format_table_report(report: TableReport) -> str:
    """One table's report as a line of text."""
    counts = [f"{name} {getattr(report, f'n_{name}'):,}" for name in OUTCOMES if getattr(report, f"n_{name}")]
    if report.n_rows is not None:
        counts.append(f"rows {report.n_rows:,}")
    version = (
        "as it was" if report.version_before == report.version_after else f"version {report.version_after}"
    )
    return f"{report.table_name:<28} {', '.join(counts) or '-'}  ({version})"


def log_reports(reports: list[TableReport]) -> None:
    """Log a step's reports, one line a table."""
    for report in reports:
        logger.info(format_table_report(report), extra={"table": report.table_name})


def record_reports(
    lake: Lake,
    context: RunContext,
    step: str,
    reports: list[TableReport],
    seconds: float,
    elapsed: float | None = None,
) -> None:
    """Append a step's reports to `ops_runs`, and log the same rows with the step's seconds as one record.

    Args:
        seconds: what the work took.
        elapsed: seconds from `context.now` to its end, where work was done before it.
    """
    finished_at = context.now + timedelta(seconds=seconds if elapsed is None else elapsed)
    rows = [
        {
            "run_id": context.run_id,
            "step": step,
            "table_name": report.table_name,
            "days_from": context.days.first,
            "days_to": context.days.last,
            "version_before": report.version_before,
            "version_after": report.version_after,
            "n_rows": report.n_rows,
            **{f"n_{name}": getattr(report, f"n_{name}") for name in OUTCOMES},
            "touched_dates": sorted(report.touched_dates),
            "detail": json.dumps(report.detail, sort_keys=True, default=str),
            "seconds": seconds,
            "finished_at": finished_at,
            "code_hash": context.code_hash,
            "config_hash": context.config_hash,
        }
        for report in reports
    ]
    lake.append_rows(rows, OPS_RUNS)
    if rows:
        tables = [
            {**{name: row[name] for name in LOGGED}, "detail": json.loads(row["detail"])} for row in rows
        ]
        logger.info(f"{seconds:.1f} s", extra={"step": step, "seconds": round(seconds, 3), "tables": tables})
