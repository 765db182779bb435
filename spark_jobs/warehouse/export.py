"""Copy marts that Spark and the service need into the lake under their names: features and interactions.

Consent is applied here for interactions: `feat_customers` holds who may be personalised for, and only their
rows, and those of guests, leave the warehouse. No Spark: comparing half a million rows and writing them takes
DuckDB and delta-rs seconds, where a JVM's MERGE took a minute.
"""

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import duckdb

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.run.warehouse_files import find_built_file
from spark_jobs.snowflake.connection import connect_to_snowflake
from spark_jobs.snowflake.schema_swap import get_build_schema_name
from spark_jobs.warehouse.snowflake_rows import fetch_rows

BATCH = 100_000  # rows held in memory at once
# a table, what stands behind `from`, and the Parquet file that is to hold its rows
FetchRows = Callable[[Table, str, Path], None]

CONSENTED = "customer_id is null or customer_id in (select customer_id from {schema}.feat_customers)"
WHERE = {FCT_INTERACTIONS.name: CONSENTED, FEAT_CUSTOMERS.name: "true", FEAT_ITEMS.name: "true"}


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Make `fct_interactions`, `feat_customers` and `feat_items` in the lake hold what the
    warehouse's hold.
    """
    staging_folder = context.settings.paths.export(context.slug)
    shutil.rmtree(staging_folder, ignore_errors=True)
    staging_folder.mkdir(parents=True)
    tables = (FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS)
    try:
        if context.settings.warehouse == "snowflake":
            schema = get_build_schema_name(context.settings)
            with connect_to_snowflake(context.settings, schema) as session:
                return [
                    export_table(lake, table, schema, partial(fetch_rows, session), staging_folder)
                    for table in tables
                ]
        return [
            export_table(lake, table, "main", build_duckdb_fetcher(context), staging_folder)
            for table in tables
        ]
    finally:
        shutil.rmtree(staging_folder)


def export_table(lake: Lake, table: Table, schema: str, fetch: FetchRows, folder: Path) -> TableReport:
    """One table, by way of a Parquet file; commits nothing when the lake already holds these rows."""
    file = folder / f"{table.name}.parquet"
    fetch(table, format_exportable_rows(table, schema), file)
    before = lake.version(table)
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        counts = count_changes(connection, file, lake, table)
        if before is None or counts["inserted"] or counts["updated"] or counts["deleted"]:
            rows = connection.sql(f"select * from read_parquet('{file}') order by {', '.join(table.key)}")
            lake.overwrite(rows.to_arrow_reader(BATCH), table)
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


def count_changes(
    connection: duckdb.DuckDBPyConnection, file: Path, lake: Lake, table: Table
) -> dict[str, int]:
    """Rows of the file by what they are to the lake's table: inserted, updated, unchanged; and rows it lacks:
    deleted.
    """
    connection.register("old", lake.scan(table))
    key = ", ".join(table.key)
    outcomes = connection.execute(f"""
        select
            case
                when old.{table.key[0]} is null then 'inserted'
                when new.{table.key[0]} is null then 'deleted'
                when new is distinct from old then 'updated'
                else 'unchanged'
            end as outcome,
            count(*)
        from (select {", ".join(table.columns)} from read_parquet('{file}')) as new
        full join (select {", ".join(table.columns)} from old) as old using ({key})
        group by outcome
    """).fetchall()
    return {"inserted": 0, "updated": 0, "unchanged": 0, "deleted": 0, **dict(outcomes)}


def format_exportable_rows(table: Table, schema: str) -> str:
    """The table or view with the condition under which rows may be exported, to stand behind `from`."""
    return f"{schema}.{table.name} where {WHERE[table.name].format(schema=schema)}"


def build_duckdb_fetcher(context: RunContext) -> FetchRows:
    """Tonight's file, copied straight to Parquet; timestamps leave as UTC instants, as the lake
    keeps them.
    """
    warehouse = find_built_file(context)

    def bring(table: Table, source: str, file: Path) -> None:
        rows = f"select {', '.join(table.columns)} from {source}"
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            kinds = connection.execute(f"describe {rows}").fetchall()
            instants = [
                f'cast("{name}" as timestamptz) as "{name}"'
                for name, kind, *_ in kinds
                if kind == "TIMESTAMP"
            ]
            replaced = f"replace ({', '.join(instants)})" if instants else ""
            connection.execute(f"copy (select * {replaced} from ({rows})) to '{file}' (format parquet)")

    return bring
