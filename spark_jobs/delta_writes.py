"""How `tables.py` writes Delta: making a table, appending, merging, tidying. Nobody else imports this.

Spark finds out what changes; who commits it depends on how much that is.
"""

from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
from deltalake import DeltaTable as RustTable
from deltalake import write_deltalake

from expectations.contracts.tables import Table
from spark_jobs.arrow_types import arrow_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.enableChangeDataFeed": "true",  # `load` stages changed rows only
}
# Up to so many changed rows are committed by delta-rs: 0.04 CPU seconds for what takes Spark's MERGE 5 to 10, measured on
# nights of the sample shop. Beyond, Spark's workers write.
SMALL = 100_000


def create(path: str, table: Table) -> None:
    """Make an empty table with its properties, not-null columns and checks. Without Spark, which takes seconds for it."""
    # What was received is staged nowhere, so its changes need no feed.
    properties = PROPERTIES | ({"delta.enableChangeDataFeed": "false"} if table.name.startswith("raw_") else {})
    made = RustTable.create(
        path, arrow_schema(table), mode="error", partition_by=[table.partition] if table.partition else None,
        description=table.grain, configuration=properties,
    )  # fmt: skip
    if table.checks:
        made.alter.add_constraint(dict(table.checks))


def has_days(path: str, first: date, last: date) -> bool:
    """Whether a table partitioned by a date has files between two days, both included."""
    days = [date.fromisoformat(str(next(iter(part.values())))) for part in RustTable(path).partitions()]
    return any(first <= day <= last for day in days)


def append(frame: "DataFrame", path: str, table: Table, n_rows: int) -> None:
    """Add rows; one file a partition."""
    if n_rows <= SMALL:
        write_deltalake(path, small(frame.select(*table.columns), table), mode="append")
        return
    spread = frame.repartition(table.partition) if table.partition else frame.coalesce(1)
    spread.write.format("delta").mode("append").save(path)


def small(frame: "DataFrame", table: Table, *extra: pa.Field) -> pa.Table:
    """A small frame in Arrow. A deleted row has a key and nothing else, so every column may be null here; Delta checks."""
    fields = [field.with_nullable(True) for field in arrow_schema(table)]
    return frame.toArrow().cast(pa.schema([*fields, *extra]))


def delete(spark: "SparkSession", path: str, where: str) -> None:
    """Delete the rows that meet the SQL condition."""
    from delta.tables import DeltaTable

    DeltaTable.forPath(spark, path).delete(where)


def merge(spark: "SparkSession", changes: "DataFrame", path: str, table: Table, touched: list[date], n_rows: int) -> None:
    """Insert, update and delete in one commit.

    Args:
        changes: the table's columns and `_outcome`; unique by its key.
        touched: the partitions these rows stand in before and after.
        n_rows: how many changes there are.
    """
    match = " and ".join(f"old.`{name}` = new.`{name}`" for name in table.key)
    if table.partition:
        # Without literal dates a MERGE reads every partition.
        match += f" and old.`{table.partition}` in ({', '.join(f'date {str(day)!r}' for day in touched)})"
    values = {name: f"new.`{name}`" for name in table.columns}
    changes = changes.select(*table.columns, "_outcome")
    if n_rows <= SMALL:
        outcome = pa.field("_outcome", pa.string())
        begun = RustTable(path).merge(small(changes, table, outcome), match, source_alias="new", target_alias="old")
        begun.when_matched_delete("new._outcome = 'deleted'").when_matched_update(values).when_not_matched_insert(
            values
        ).execute()
        return
    from delta.tables import DeltaTable

    begun = DeltaTable.forPath(spark, path).alias("old").merge(changes.alias("new"), match)
    begun = begun.whenMatchedDelete("new._outcome = 'deleted'").whenMatchedUpdate(set=values)
    begun.whenNotMatchedInsert(values=values).execute()


def tidy(spark: "SparkSession", path: str, keep_hours: int) -> dict[str, int]:
    """Put small files together, then delete files that no version younger than `keep_hours` reads. Rows stay as they are."""
    from delta.tables import DeltaTable

    table = DeltaTable.forPath(spark, path)
    done = table.optimize().executeCompaction().first()["metrics"]
    table.vacuum(keep_hours)
    return {"n_files_removed": done["numFilesRemoved"], "n_files_added": done["numFilesAdded"]}
