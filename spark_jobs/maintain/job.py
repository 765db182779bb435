"""Compact the lake's small files and delete files that no version of the last week reads. No row changes.

Reads:   every table of the lake
Writes:  the same tables, row for row
If it fails: nothing is lost, every version that readers may hold is whole; clear the task.
"""

import time

from expectations.contracts.lake import LAKE
from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.locks import step_lock
from spark_jobs.sources.registry import load_sources

YIELD_SECONDS = 0.5  # a waiting step tries the lock every 0.05 s, so it is next
# A reader or a rollback may be on a version of last week; Delta itself advises against less.
RETAINED_HOURS = 7 * 24


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Compact and vacuum every table that exists; one report a table.

    The step lock is free between two tables, so a waiting step of a run goes first.
    """
    reports = []
    for table in list_tables(context):
        if lake.exists(table):
            with step_lock(context.settings.home, f"maintain of {context.run_id}"):
                before = lake.version(table)
                detail = lake.compact_and_vacuum(table, RETAINED_HOURS)
                reports.append(TableReport(table.name, before, lake.version(table), detail=detail))
            time.sleep(YIELD_SECONDS)
    return reports


def list_tables(context: RunContext) -> list[Table]:
    """The catalogue's tables and the raw tables of the home's sources."""
    return [
        *LAKE.values(),
        *[
            source.raw_table(feed)
            for source in load_sources(context.settings.sources)
            for feed in source.feeds
        ],
    ]
