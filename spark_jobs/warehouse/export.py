"""Copy marts that Spark and the service need into the lake under their names: features and interactions.

Consent is applied here for interactions: `feat_customers` holds who may be personalised for, and only their
rows, and those of guests, leave the warehouse. No Spark: comparing half a million rows and writing them takes
DuckDB and delta-rs seconds, where a JVM's MERGE took a minute.

A table is compared by day first, by how many rows a day has and a sum over hashes of them. Days that agree
are read no further, and only the others are written. A table of an earlier layout is written whole, once:
readers ask for its contract's columns, null ones too.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb

from expectations.contracts.lake import (
    FCT_INTERACTIONS,
    FEAT_CUSTOMER_TRAITS,
    FEAT_CUSTOMERS,
    FEAT_ITEMS,
    FEAT_LIVE_SEGMENTS,
)
from expectations.contracts.tables import Table
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.warehouse_files import find_built_file
from spark_jobs.snowflake.connection import connect_to_snowflake
from spark_jobs.snowflake.schema_swap import get_build_schema_name
from spark_jobs.warehouse.segment_corrections import report_corrections
from spark_jobs.warehouse.segment_states import write_segment_states
from spark_jobs.warehouse.snowflake_rows import fetch_rows

BATCH = 100_000  # rows held in memory at once
TABLES = (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_CUSTOMER_TRAITS, FEAT_ITEMS)
CONSENTED = "customer_id is null or customer_id in (select customer_id from {schema}.feat_customers)"
WHERE = {table.name: "true" for table in TABLES} | {FCT_INTERACTIONS.name: CONSENTED}


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Make `fct_interactions` and the tables of features in the lake hold what the warehouse's hold, and
    those of live segments what follows from it.
    """
    with open_database(context.settings.spark_memory) as connection, open_marts(context, connection) as marts:
        reports = [export_table(lake, table, connection, marts[table.name]) for table in TABLES]
        if context.settings.warehouse != "snowflake":
            reports += write_segment_states(context, lake, connection)
            report_corrections(context, connection)
            return reports
        # Its segments are the night's alone: what live ones begin with is asked in DuckDB's SQL.
        if lake.exists(FEAT_LIVE_SEGMENTS):
            lake.replace_rows([], FEAT_LIVE_SEGMENTS)
        return reports


@contextmanager
def open_marts(context: RunContext, connection: duckdb.DuckDBPyConnection) -> Iterator[dict[str, str]]:
    """By mart, what stands behind `from` for its rows that may be exported: tonight's file in place, or of
    Snowflake a Parquet file each.
    """
    if context.settings.warehouse != "snowflake":
        connection.execute(f"attach '{find_built_file(context)}' as warehouse (read_only)")
        yield {table.name: format_exportable_rows(table, "warehouse.main") for table in TABLES}
        return
    folder = context.settings.paths.export(context.slug)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = {table.name: folder / f"{table.name}.parquet" for table in TABLES}
    try:
        schema = get_build_schema_name(context.settings)
        with connect_to_snowflake(context.settings, schema) as session:
            for table in TABLES:
                fetch_rows(session, table, format_exportable_rows(table, schema), files[table.name])
        yield {name: f"read_parquet('{file}')" for name, file in files.items()}
    finally:
        shutil.rmtree(folder)


def format_exportable_rows(table: Table, schema: str) -> str:
    """The table or view with the condition under which rows may be exported, to stand behind `from`."""
    return f"{schema}.{table.name} where {WHERE[table.name].format(schema=schema)}"


def export_table(lake: Lake, table: Table, connection: duckdb.DuckDBPyConnection, source: str) -> TableReport:
    """Write the days of one table that differ; commits nothing when the lake already holds these rows."""
    before = lake.version(table)
    create_views(connection, lake, table, source)
    days = find_days(connection, table)
    differing = [day for day, differs, _ in days if differs]
    counts = count_changes(connection, table, differing)
    counts["unchanged"] += sum(n_rows for _, differs, n_rows in days if not differs)
    has_layout = before is not None and lake.has_layout_of_contract(table)
    if differing or not has_layout:
        is_whole = not has_layout or table.partition is None
        within = "true" if is_whole else format_days(table, differing)
        order = ", ".join([table.partition, *table.key] if table.partition else table.key)
        rows = connection.sql(f"select * from new where {within} order by {order}").to_arrow_reader(BATCH)
        if is_whole:
            lake.overwrite(rows, table, schema_mode="overwrite")
        else:
            lake.overwrite_days(rows, table, differing)
    return TableReport(
        table.name,
        before,
        lake.version(table),
        n_rows=counts["inserted"] + counts["updated"] + counts["unchanged"],
        n_inserted=counts["inserted"],
        n_updated=counts["updated"],
        n_unchanged=counts["unchanged"],
        detail={"deleted": counts["deleted"]},
    )


def create_views(connection: duckdb.DuckDBPyConnection, lake: Lake, table: Table, source: str) -> None:
    """Create `old`, the lake's rows, and `new`, the warehouse's in the same types: its times are UTC, as the
    connection's are.
    """
    lake.create_view(connection, table, "old")
    kinds = connection.execute("select column_name, column_type from (describe old)").fetchall()
    columns = ", ".join(f'cast("{name}" as {kind}) as "{name}"' for name, kind in kinds)
    connection.execute(f"create or replace view new as select {columns} from {source}")


def find_days(connection: duckdb.DuckDBPyConnection, table: Table) -> list[tuple[date | None, bool, int]]:
    """Each day that the new or the old rows have, whether they differ on it, and how many the new are. A
    table that is not partitioned is one day, None.

    The sum is of 64 bits a row, in 128: that two sets of as many rows agree by chance is one in 10^19.
    """
    day = table.partition or "null::date"
    columns = ", ".join(table.columns)
    summed = "select {day} as day, count(*) as n, sum(hash({columns})) as total from {rows} group by all"
    new, old = (summed.format(day=day, columns=columns, rows=rows) for rows in ("new", "old"))
    return connection.execute(f"""
        select
            coalesce(new.day, old.day),
            new.n is distinct from old.n or new.total is distinct from old.total,
            coalesce(new.n, 0)
        from ({new}) as new
        full join ({old}) as old on new.day is not distinct from old.day
        order by all
    """).fetchall()


def format_days(table: Table, days: list[date | None]) -> str:
    """A condition over the table's columns: a row is of one of these days."""
    if table.partition is None:
        return "true" if days else "false"
    listed = ", ".join(f"date '{day}'" for day in days if day is not None)
    conditions = [f"{table.partition} in ({listed})"] if listed else []
    conditions += [f"{table.partition} is null"] if None in days else []
    return " or ".join(conditions) or "false"


def count_changes(
    connection: duckdb.DuckDBPyConnection, table: Table, days: list[date | None]
) -> dict[str, int]:
    """Of these days, new rows by what they are to the old: inserted, updated, unchanged; and old ones that
    are gone: deleted.
    """
    key, within = ", ".join(table.key), format_days(table, days)
    outcomes = connection.execute(f"""
        select
            case
                when old.{table.key[0]} is null then 'inserted'
                when new.{table.key[0]} is null then 'deleted'
                when new is distinct from old then 'updated'
                else 'unchanged'
            end as outcome,
            count(*)
        from (select * from new where {within}) as new
        full join (select * from old where {within}) as old using ({key})
        group by outcome
    """).fetchall()
    return {"inserted": 0, "updated": 0, "unchanged": 0, "deleted": 0, **dict(outcomes)}
