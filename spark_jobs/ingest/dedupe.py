"""Selects, of records with one key, the one that a table holds: the same in any order of runs."""

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from spark_jobs.sources.declaration import Feed


def select_first_received(records: DataFrame, feed: Feed) -> DataFrame:
    """All rows of the record received first, of each key: a repeated event or order line adds nothing."""
    same = Window.partitionBy(F.expr(feed.record_key_sql))
    return (
        records.withColumn("_first", F.min("first_received").over(same))
        .where("first_received = _first")
        .drop("_first")
    )


def drop_repeated_rows(records: DataFrame, current: DataFrame, feed: Feed) -> DataFrame:
    """Records without the second and further rows of those received earlier; `upsert` decides on first rows.

    A repeat may hold more than the original: its third product must not join an order of two.
    """
    known = current.select(
        F.expr(feed.record_key_sql).alias("_record"), F.col("first_received").alias("_earlier")
    ).distinct()
    further = records.where("_row_no > 1").withColumn("_record", F.expr(feed.record_key_sql))
    lost = (F.col("r._record") == F.col("k._record")) & (F.col("k._earlier") < F.col("r.first_received"))
    remaining = further.alias("r").join(known.alias("k"), on=lost, how="left_anti").drop("_record")
    return records.where("_row_no = 1").unionByName(remaining)


def drop_known_records(records: DataFrame, current: DataFrame, feed: Feed) -> DataFrame:
    """Records without those that `current` holds under the same key."""
    known = current.select(F.expr(feed.record_key_sql).alias("_record")).distinct()
    return (
        records.withColumn("_record", F.expr(feed.record_key_sql))
        .join(known, on="_record", how="left_anti")
        .drop("_record")
    )


def select_last_received(records: DataFrame, current: DataFrame | None, feed: Feed) -> DataFrame:
    """The record received last, of each key; `first_received` is since when its content is the same.

    Args:
        records: accepted records of snapshots.
        current: the table's rows of keys that came before all of `records`; None when `records` are all there
            ever were.
    """
    table = feed.target
    every = records.withColumn("_arrival", F.col("first_received")).withColumn("_new", F.lit(True))
    if current is not None:
        known = current.withColumn("_arrival", F.lit("")).withColumn("_new", F.lit(False))
        every = every.unionByName(known, allowMissingColumns=True)
    of_key = Window.partitionBy(*table.key)
    in_order = of_key.orderBy("_arrival")
    content = F.struct(
        *[
            build_comparable_column(name, table.columns[name])
            for name in table.columns
            if name not in list_arrival_columns(feed)
        ]
    )
    stayed = F.coalesce(content.eqNullSafe(F.lag(content).over(in_order)), F.lit(False))
    last_rows = (
        every.withColumn(
            "_begins", F.when(~stayed | (F.row_number().over(in_order) == 1), F.col("first_received"))
        )
        .withColumn("first_received", F.last("_begins", ignorenulls=True).over(in_order))
        .withColumn("_from_last", F.row_number().over(of_key.orderBy(F.desc("_arrival"))))
    )
    for name in feed.earliest_columns:
        last_rows = last_rows.withColumn(name, F.min(name).over(of_key))
    return last_rows.where("_from_last = 1").drop("_from_last", "_begins", "_arrival")


def list_arrival_columns(feed: Feed) -> set[str]:
    """Columns of when a record was received, not of its content."""
    return {"first_received", *feed.earliest_columns}


def build_comparable_column(name: str, kind: str) -> Column:
    """A column in a form that can be compared: a map as its sorted entries."""
    return F.array_sort(F.map_entries(name)) if kind.startswith("map<") else F.col(name)
