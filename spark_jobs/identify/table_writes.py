"""Writing the identity tables: small ones, and the reports of all."""

from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.run.context import TableReport


def replace_small_table(lake: Lake, rows: list[dict], table: Table, **detail) -> TableReport:
    """Make a small table hold these rows, and report it."""
    before = lake.version(table)
    lake.replace_rows(rows, table)
    return TableReport(table.name, before, lake.version(table), n_rows=len(rows), detail=detail)


def build_table_report(table: Table, result: WriteResult, **detail) -> TableReport:
    """The report of a written table; `detail` goes to `ops_runs`."""
    return TableReport(
        table.name,
        result.version_before,
        result.version_after,
        n_inserted=result.n_inserted,
        n_updated=result.n_updated,
        n_unchanged=result.n_unchanged,
        touched_dates=result.touched_dates,
        detail={"deleted": result.n_deleted, **detail},
    )
