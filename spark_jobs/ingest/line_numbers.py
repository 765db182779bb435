"""Numbers the lines of an order where a source gives no line number: by their position in the order.

A position is one within a file, so two files that hold lines of one order would give their lines the same
numbers, and the second file's would pass for repeats. Positions go on instead where the earlier file's end:
file by file in order of arrival, which is the same in any order of runs.
"""

from collections.abc import Iterable

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from spark_jobs.sources.declaration import Feed


def continue_line_numbers(records: DataFrame, current: DataFrame | None, feed: Feed) -> DataFrame:
    """Accepted records, their numbers continued over the files that name the same order.

    Args:
        records: with the position within its delivery in the column `feed.position_column`.
        current: the target's rows of deliveries before all of these; None when these are all there ever were.
    """
    position = feed.position_column
    thing = [name for name in feed.target.key if name != position]
    by_file = records.groupBy(*thing, "delivery_id").agg(
        F.max(position).alias("_last"), F.min("first_received").alias("_began")
    )
    earlier = Window.partitionBy(*thing).orderBy("_began").rowsBetween(Window.unboundedPreceding, -1)
    offset = F.coalesce(F.sum("_last").over(earlier), F.lit(0))
    if current is not None:
        known = current.join(records.select(*thing).distinct(), thing, "left_semi")
        known = known.groupBy(*thing).agg(F.max(position).alias("_held"))
        by_file = by_file.join(known, thing, "left")
        offset = offset + F.coalesce("_held", F.lit(0))
    offsets = by_file.select(
        *thing, "delivery_id", offset.cast(feed.target.columns[position]).alias("_offset")
    )
    numbered = records.join(offsets, [*thing, "delivery_id"], "inner")
    return numbered.withColumn(position, F.col(position) + F.col("_offset")).drop("_offset")


def find_repeated_files(files: Iterable[tuple[str, str, str]]) -> set[str]:
    """Ids of the deliveries with the same bytes as an earlier one: all their lines are repeats.

    Args:
        files: place, delivery id and content hash of each delivery that counts.
    """
    contents: set[str] = set()
    repeated = set()
    for _, delivery_id, sha256 in sorted(files):
        if sha256 in contents:
            repeated.add(delivery_id)
        contents.add(sha256)
    return repeated
