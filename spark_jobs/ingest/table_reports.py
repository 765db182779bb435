"""What a write did to a table, as a step reports it."""

from spark_jobs.lake.tables import WriteResult
from spark_jobs.run.context import TableReport


def make_table_report(table_name: str, result: WriteResult, **details: object) -> TableReport:
    """The report of a write; `details` are further fields of the report."""
    return TableReport(
        table_name,
        result.version_before,
        result.version_after,
        touched_dates=result.touched_dates,
        n_inserted=result.n_inserted,
        n_updated=result.n_updated,
        n_unchanged=result.n_unchanged,
        **details,
    )
