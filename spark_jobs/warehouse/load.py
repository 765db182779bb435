"""Bring the lake's tables that dbt reads to Snowflake, changed rows only; on DuckDB, which reads the lake
itself, do nothing more than write what segments ask for: uploaded lists, and the moments of days.

Reads:   the core_* tables that dbt declares as sources; lists/*.csv
Writes:  list_entries and segment_moments in the lake; schema LAKE in Snowflake, and in it LOAD_WATERMARKS:
         how far each table has come
If it fails: clear the task. A table and its watermark move together, and rows staged twice are merged to the
same table.
"""

import shutil
from pathlib import Path

from expectations.contracts.lake import LAKE
from expectations.contracts.tables import Table
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.snowflake.connection import SnowflakeSession, connect_to_snowflake
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.warehouse import load_sql as sql
from spark_jobs.warehouse.build_inputs import SOURCE_TABLES, read_landing_dates
from spark_jobs.warehouse.changed_rows import StagedRows, Watermark, stage_changed_rows
from spark_jobs.warehouse.segment_moments import write_segment_moments
from spark_jobs.warehouse.segments_in_force import load_segments_in_force
from spark_jobs.warehouse.uploaded_lists import write_lists


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Make Snowflake's copies equal to the lake's tables; `detail` says how many rows were staged for it.

    Raises:
        SettingsError: a setting that Snowflake cannot do without is empty.
        snowflake.connector.Error: Snowflake refused.
    """
    settings = context.settings
    lists = write_lists(lake, settings)
    as_of = max([context.days.last, *read_landing_dates(lake)])
    rules = load_segments_in_force(settings, lake).rules
    write_segment_moments(lake, rules, find_shop_time_zone(settings.sources), as_of)
    told = [lists] if lists.n_rows or lists.detail else []
    if settings.warehouse != "snowflake":
        return told
    staging_folder = context.settings.paths.load(context.slug)
    shutil.rmtree(staging_folder, ignore_errors=True)
    try:
        with connect_to_snowflake(context.settings) as session:
            session.run(sql.CREATE_WATERMARKS)
            before = read_watermarks(session)
            return told + [
                load_table(session, context, lake, LAKE[name], before.get(name), staging_folder / name)
                for name in SOURCE_TABLES
            ]
    finally:
        shutil.rmtree(staging_folder, ignore_errors=True)


def read_watermarks(session: SnowflakeSession) -> dict[str, Watermark]:
    """What Snowflake holds of each table."""
    watermark_rows = session.run(f"select table_name, table_id, lake_version, shape from {sql.WATERMARKS}")
    return {
        name: Watermark(table_id, int(version), shape) for name, table_id, version, shape in watermark_rows
    }


def load_table(
    session: SnowflakeSession,
    context: RunContext,
    lake: Lake,
    table: Table,
    before: Watermark | None,
    folder: Path,
) -> TableReport:
    """One table brought up to the lake's newest version."""
    now = Watermark(*(lake.read_table_id_and_version(table) or ("", -1)), sql.hash_table_shape(table))
    if before == now:
        return TableReport(table.name, now.version, now.version, detail={"staged": 0})
    if before is None or before.shape != now.shape:
        # The mark goes first: a load that breaks behind this line starts over with all rows.
        session.run(f"delete from {sql.WATERMARKS} where table_name = %s", table.name)
        session.run(sql.format_create_table(table))
        before = None
    rows = stage_changed_rows(lake, table, before, now, folder)
    if rows.files:
        upload_files(session, table, rows)
    merge_staged_rows(session, context, table, now, rows)
    if rows.files:
        session.run(f"drop table {sql.get_staging_table_name(table)}")
    return TableReport(
        table.name,
        before.version if before else None,
        now.version,
        detail={"staged": rows.n_rows, "full": rows.is_full},
    )


def upload_files(session: SnowflakeSession, table: Table, rows: StagedRows) -> None:
    """The files' rows in a table beside the one they are for; what a broken load left there is gone."""
    session.run(sql.format_create_staging_table(table))
    session.run(sql.format_create_stage(table))
    for file in rows.files:
        session.run(f"put 'file://{file}' @{sql.get_stage_name(table)} auto_compress = false")
    session.run(sql.format_copy_files(table))


def merge_staged_rows(
    session: SnowflakeSession, context: RunContext, table: Table, now: Watermark, rows: StagedRows
) -> None:
    """The staged rows in the table, and its watermark, in one transaction."""
    with session.transaction() if rows.is_full else session.merge_transaction():
        if rows.is_full:
            session.run(f"delete from {table.name}")
        if rows.files:
            session.run(sql.format_insert_staged_rows(table) if rows.is_full else sql.format_merge(table))
        write_watermark(session, context, table, now, rows)


def write_watermark(
    session: SnowflakeSession, context: RunContext, table: Table, now: Watermark, rows: StagedRows
) -> None:
    """Note how far the table has come, last of all: what broke before is loaded again."""
    session.run(f"delete from {sql.WATERMARKS} where table_name = %s", table.name)
    session.run(
        f"insert into {sql.WATERMARKS} values (%s, %s, %s, %s, %s, %s, %s)",
        table.name,
        now.table_id,
        now.version,
        now.shape,
        rows.n_rows,
        context.run_id,
        context.now.replace(tzinfo=None),
    )
