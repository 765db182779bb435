"""How `tables.py` writes Delta: making a table, widening, appending, merging, tidying. Nobody else imports
this.

Spark finds out what changes; who commits it depends on how much that is.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from deltalake import DeltaTable as RustTable
from deltalake import QueryBuilder, Schema, write_deltalake
from deltalake.exceptions import DeltaError

from expectations.contracts.tables import ContractError, Table
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.file_writer import add_files

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Rows = "DataFrame | pa.Table | list[WrittenFile]"
NO_DELETION_VECTORS = {"delta.enableDeletionVectors": "false"}
# `load` stages changed rows only
TABLE_PROPERTIES = NO_DELETION_VECTORS | {"delta.enableChangeDataFeed": "true"}
# Up to so many rows are read and committed by delta-rs: 0.04 CPU seconds for what takes Spark's MERGE 5 to
# 10, measured on nights of the sample shop. Beyond, Spark's workers read and write.
MAX_ROWS_IN_MEMORY = 100_000


def write_few(path: str, data: pa.Table, mode: Literal["append", "overwrite"]) -> None:
    """Append rows to a table, or make it hold exactly these, in their layout; without Spark."""
    layout = "overwrite" if mode == "overwrite" else None
    write_deltalake(path, data, mode=mode, configuration=NO_DELETION_VECTORS, schema_mode=layout)


def create_table(path: str, table: Table) -> None:
    """Make an empty table with its properties, not-null columns and checks. Without Spark, which takes
    seconds for it.
    """
    # What was received is staged nowhere, so its changes need no feed.
    properties = TABLE_PROPERTIES | (
        {"delta.enableChangeDataFeed": "false"} if table.name.startswith("raw_") else {}
    )
    table_on_disk = RustTable.create(
        path,
        build_arrow_schema(table),
        mode="error",
        partition_by=[table.partition] if table.partition else None,
        description=table.grain,
        configuration=properties,
    )
    if table.checks:
        table_on_disk.alter.add_constraint(dict(table.checks))


def add_missing_columns(path: str, table: Table) -> list[str]:
    """Give a table the columns of its contract that it does not have yet, empty; returns their names."""
    table_on_disk = RustTable(path)
    there = {field.name for field in table_on_disk.schema().fields}
    gained = [name for name in table.columns if name not in there]
    if gained:
        fields = [field.with_nullable(True) for field in build_arrow_schema(table) if field.name in gained]
        table_on_disk.alter.add_columns(Schema.from_arrow(pa.schema(fields)).fields)
    return gained


@contextmanager
def hide_refused_values(table: Table) -> Iterator[None]:
    """Errors of refused rows without the rows, which delta-rs would print: they may be people's."""
    try:
        yield
    except DeltaError as error:
        message, _, preview = str(error).partition("Preview")
        if not preview:
            raise
        promised = f"{', '.join(table.required)} are never null" + "".join(
            f"; {check}" for check in table.checks.values()
        )
        raise ContractError(f"{table.name}: {message.strip()} Promised: {promised}") from None


def has_partitions_between(path: str, first: date, last: date) -> bool:
    """Whether a table partitioned by a date has files between two days, both included."""
    days = [date.fromisoformat(str(next(iter(part.values())))) for part in RustTable(path).partitions()]
    return any(first <= day <= last for day in days)


def append_rows(rows: Rows, path: str, table: Table) -> None:
    """Add rows, one file a partition; or the files that tasks wrote."""
    if isinstance(rows, list):
        add_files(rows, path, table)
        return
    if isinstance(rows, pa.Table):
        write_deltalake(path, cast_to_contract(rows, table), mode="append")
        return
    rows = rows.select(*table.columns)
    spread = rows.repartition(table.partition) if table.partition else rows.coalesce(1)
    spread.write.format("delta").mode("append").save(path)


def cast_to_contract(rows: pa.Table, table: Table, *extra: str) -> pa.Table:
    """Rows from Spark in the table's types. A deleted row has a key and nothing else, so all may be null
    here; Delta checks.
    """
    fields = [field.with_nullable(True) for field in build_arrow_schema(table)] + [
        pa.field(name, pa.string()) for name in extra
    ]
    return rows.select([field.name for field in fields]).cast(pa.schema(fields))


def cast_batches(rows: pa.RecordBatchReader, table: Table) -> pa.RecordBatchReader:
    """The rows in the table's types, a batch at a time."""
    schema = build_arrow_schema(table)
    batches = (batch for part in rows for batch in pa.Table.from_batches([part]).cast(schema).to_batches())
    return pa.RecordBatchReader.from_batches(schema, batches)


def overwrite_days(rows: pa.RecordBatchReader, path: str, table: Table, days: Sequence[date | None]) -> None:
    """As `Lake.overwrite_days`."""
    name, listed = table.partition, ", ".join(f"'{day}'" for day in days if day is not None)
    conditions = [f"{name} in ({listed})"] if listed else []
    conditions += [f"{name} is null"] if None in days else []
    write_deltalake(path, cast_batches(rows, table), mode="overwrite", predicate=" or ".join(conditions))


def delete_rows(spark: "SparkSession", path: str, where: str) -> None:
    """Delete the rows that meet the SQL condition."""
    spark.sql(f"delete from delta.`{path}` where {where}")


def merge_rows(
    spark: "SparkSession", changes: "DataFrame | pa.Table", path: str, table: Table, touched: list[date]
) -> None:
    """Insert, update and delete in one commit.

    Args:
        changes: the table's columns and `_outcome`; unique by its key.
        touched: the partitions these rows stand in before and after.
    """
    match = " and ".join(f"old.`{name}` = new.`{name}`" for name in table.key)
    if table.partition:
        # Without literal dates a MERGE reads every partition.
        match += f" and old.`{table.partition}` in ({', '.join(f'date {str(day)!r}' for day in touched)})"
    values = {name: f"new.`{name}`" for name in table.columns}
    is_deleted = "new._outcome = 'deleted'"
    if isinstance(changes, pa.Table):
        merge = RustTable(path).merge(
            cast_to_contract(changes, table, "_outcome"), match, source_alias="new", target_alias="old"
        )
        merge.when_matched_delete(is_deleted).when_matched_update(values).when_not_matched_insert(
            values
        ).execute()
        return
    assignments = ", ".join(f"`{name}` = {value}" for name, value in values.items())
    spark.sql(
        f"merge into delta.`{path}` as old using {{changes}} as new on {match}"
        f" when matched and {is_deleted} then delete"
        f" when matched then update set {assignments}"
        f" when not matched then insert ({', '.join(f'`{name}`' for name in values)})"
        f" values ({', '.join(values.values())})",
        changes=changes.select(*table.columns, "_outcome"),
    )


def read_if_small(
    path: str, table: Table, version: int | None = None, key_range: dict[str, tuple] | None = None
) -> pa.Table | None:
    """A table's rows (those whose key lies in the range) without Spark; None when they are too
    many for that.
    """
    table_on_disk = RustTable(path, version=version)
    if not key_range:
        return (
            table_on_disk.to_pyarrow_table(columns=list(table.columns))
            if table_on_disk.count() <= MAX_ROWS_IN_MEMORY
            else None
        )
    # Asked of delta-rs's own engine: its merges write strings as `string_view` (1.6.6), and a filter of
    # pyarrow's on such a file fails wherever the range covers a part of it, as on nights that come in mixed
    # order.
    inside = " and ".join(
        f'"{name}" between {format_sql_literal(least)} and {format_sql_literal(most)}'
        for name, (least, most) in key_range.items()
    )
    names = ", ".join(f'"{name}"' for name in table.columns)
    rows_wanted = (
        QueryBuilder()
        .register("held", table_on_disk)
        .execute(f"select {names} from held where {inside} limit {MAX_ROWS_IN_MEMORY + 1}")
    )
    rows = pa.table(rows_wanted.read_all())
    schema = pa.schema([field.with_nullable(True) for field in build_arrow_schema(table)])
    return rows.cast(schema) if rows.num_rows <= MAX_ROWS_IN_MEMORY else None


def format_sql_literal(value: str | int | date | datetime) -> str:
    """A key's value in SQL; times are UTC."""
    if isinstance(value, datetime):
        return f"arrow_cast('{value:%Y-%m-%dT%H:%M:%S.%f}', 'Timestamp(Microsecond, Some(\"UTC\"))')"
    if isinstance(value, date):
        return f"date '{value}'"
    return str(value) if isinstance(value, int) else "'" + value.replace("'", "''") + "'"


def compact_and_vacuum(spark: "SparkSession", path: str, keep_hours: int) -> dict[str, int]:
    """Put small files together, then delete files that no version younger than `keep_hours` reads. Rows stay
    as they are.
    """
    done = spark.sql(f"optimize delta.`{path}`").first()["metrics"]
    spark.sql(f"vacuum delta.`{path}` retain {keep_hours} hours")
    return {"n_files_removed": done["numFilesRemoved"], "n_files_added": done["numFilesAdded"]}
