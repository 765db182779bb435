"""Tidy the lake: put small files together and delete files that no version of the last week reads. No row changes.

Reads:   every table of the lake
Writes:  the same tables, row for row
If it fails: nothing is lost, every version that readers may hold is whole; clear the task.
"""

from expectations.contracts.lake import LAKE
from expectations.contracts.tables import Table
from spark_jobs.ingest.sources import load
from spark_jobs.night import Night, TableReport
from spark_jobs.tables import Lake

KEEP_HOURS = 7 * 24  # a reader or a rollback may be on a version of last week; Delta itself advises against less


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Tidy every table that exists, one report each."""
    reports = []
    for table in tables(night):
        if lake.exists(table):
            before = lake.version(table)
            detail = lake.tidy(table, KEEP_HOURS)
            reports.append(TableReport(table.name, before, lake.version(table), detail=detail))
    return reports


def tables(night: Night) -> list[Table]:
    """The catalogue's tables and the raw tables of the home's sources."""
    return [*LAKE.values(), *[source.raw(feed) for source in load(night.settings.sources) for feed in source.feeds]]
