"""How `tables.py` writes Delta: making a table, appending, merging, tidying. Nobody else imports this."""

from datetime import date
from typing import TYPE_CHECKING

from deltalake import DeltaTable as RustTable

from expectations.contracts.tables import Table
from spark_jobs.arrow_types import arrow_schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

PROPERTIES = {
    "delta.enableDeletionVectors": "false",
    "delta.enableChangeDataFeed": "true",  # `load` stages changed rows only
}


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


def append(frame: "DataFrame", path: str, table: Table) -> None:
    """Add rows; one file a partition: rows of one date in one task."""
    spread = frame.repartition(table.partition) if table.partition else frame.coalesce(1)
    spread.write.format("delta").mode("append").save(path)


def delete(spark: "SparkSession", path: str, where: str) -> None:
    """Delete the rows that meet the SQL condition."""
    from delta.tables import DeltaTable

    DeltaTable.forPath(spark, path).delete(where)


def merge(spark: "SparkSession", changes: "DataFrame", path: str, table: Table, touched: list[date]) -> None:
    """Insert, update and delete in one commit.

    Args:
        changes: the table's columns and `_outcome`; unique by its key.
        touched: the partitions these rows stand in before and after.
    """
    from delta.tables import DeltaTable

    match = " and ".join(f"old.`{name}` <=> new.`{name}`" for name in table.key)
    if table.partition:
        # Without literal dates a MERGE reads every partition.
        match += f" and old.`{table.partition}` in ({', '.join(f'date{str(day)!r}' for day in touched)})"
    values = {name: f"new.`{name}`" for name in table.columns}
    (
        DeltaTable.forPath(spark, path).alias("old")
        .merge(changes.alias("new"), match)
        .whenMatchedDelete("new._outcome = 'deleted'")
        .whenMatchedUpdate(set=values)
        .whenNotMatchedInsert(values=values)
        .execute()
    )  # fmt: skip


def tidy(spark: "SparkSession", path: str, keep_hours: int) -> dict[str, int]:
    """Put small files together, then delete files that no version younger than `keep_hours` reads. Rows stay as they are."""
    from delta.tables import DeltaTable

    table = DeltaTable.forPath(spark, path)
    done = table.optimize().executeCompaction().first()["metrics"]
    table.vacuum(keep_hours)
    return {"n_files_removed": done["numFilesRemoved"], "n_files_added": done["numFilesAdded"]}
