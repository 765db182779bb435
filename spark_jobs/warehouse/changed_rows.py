"""What `load` takes out of the lake: the last change of each key since a version, as Parquet files that
Snowflake reads.
"""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake
from spark_jobs.warehouse.load_sql import CHANGE_COLUMN, DELETE, UPSERT, is_nested

FILE_BYTES = "128MB"  # Snowflake advises 100 to 250 MB, so that a large load is spread over its machines


@dataclass(frozen=True)
class Watermark:
    """How far Snowflake's copy of a table has come.

    Attributes:
        table_id: Delta's id of the lake table; empty for one that was never written.
        version: its version; -1 with an empty id.
        shape: hash of the columns that were loaded.
    """

    table_id: str
    version: int
    shape: str


@dataclass(frozen=True)
class StagedRows:
    """Files that hold rows to be loaded.

    Attributes:
        is_full: they hold the whole table, not changes of it.
    """

    files: list[Path]
    n_rows: int
    is_full: bool


def stage_changed_rows(
    lake: Lake, table: Table, before: Watermark | None, now: Watermark, folder: Path
) -> StagedRows:
    """Write the rows that Snowflake lacks into a folder; all of them where changes cannot be told.

    Args:
        before: what Snowflake holds; None when nothing, or something of another shape.
        now: what the lake holds.
        folder: empty or absent.
    """
    feed = None
    if before and before.table_id == now.table_id and before.version < now.version:
        feed = lake.changes(table, before.version, now.version)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        if feed is None:
            connection.register("rows", lake.scan(table))
            rows = f"select *, '{UPSERT}' as {CHANGE_COLUMN} from rows"
        else:
            connection.register("feed", feed)
            rows = format_last_changes_query(table)
        folder.mkdir(parents=True)
        selected = f"select {', '.join(format_staged_columns(table))} from ({rows})"
        n_staged = connection.execute(
            f"copy ({selected}) to '{folder}' (format parquet, file_size_bytes '{FILE_BYTES}')"
        ).fetchone()[0]
    return StagedRows(sorted(folder.glob("*.parquet")) if n_staged else [], n_staged, feed is None)


def format_last_changes_query(table: Table) -> str:
    """SQL over `feed`: one row a key, with what became of it. At one version a key is there or not, whatever
    came before.
    """
    key = ", ".join(table.key)
    return f"""
        select *, case when _change_type = 'delete' then '{DELETE}' else '{UPSERT}' end as {CHANGE_COLUMN}
        from feed
        where _change_type <> 'update_preimage'
        qualify row_number() over (
            partition by {key} order by _commit_version desc, _change_type = 'delete'
        ) = 1"""


def format_staged_columns(table: Table) -> list[str]:
    """Each column as Parquet is to hold it: times as UTC without a zone, nested values as JSON text."""
    expressions = []
    for name, kind in table.columns.items():
        if is_nested(kind):
            expressions.append(f"cast(to_json({name}) as varchar) as {name}")
        else:
            expressions.append(f"timezone('UTC', {name}) as {name}" if kind == "timestamp" else name)
    return [*expressions, CHANGE_COLUMN]
