"""Rows that end because a full export no longer names them.

Which file ends a row is a function of the landing days' files alone, so it is the same in any order of runs.
The files of one landing day are one export. A key that a refused record names has not ended; only its record
cannot be read.
"""

from datetime import date
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from expectations.contracts.tables import Table
from spark_jobs.sources.declaration import Feed

# An export that names fewer than 7 of 10 keys of the one before it was probably cut off. It ends nothing;
# when the next one is as short, that one ends what it lacks.
MIN_EXPORT_SHARE = 0.7


class FullExportDay(NamedTuple):
    """The full export of one landing day."""

    day: date
    n_keys: int  # named by its files
    n_before: int  # named by the landing day before; 0 when there was none
    place: str  # `<landing day>/<file>` of the last of them

    @property
    def is_suspicious(self) -> bool:
        """Whether it names too few keys to end what it lacks."""
        return self.n_keys == 0 or self.n_keys < MIN_EXPORT_SHARE * self.n_before


def group_by_landing_day(files: list[tuple[str, int]]) -> list[FullExportDay]:
    """The landing days of a feed's files, oldest first.

    Args:
        files: place and number of keys of each file that counts.
    """
    by_day: dict[str, list[tuple[str, int]]] = {}
    for place, n_keys in sorted(files):
        by_day.setdefault(place.split("/")[0], []).append((place, n_keys))
    days, n_before = [], 0
    for day, mine in by_day.items():
        n_keys = sum(n for _, n in mine)
        days.append(FullExportDay(date.fromisoformat(day), n_keys, n_before, mine[-1][0]))
        n_before = n_keys or n_before  # an empty file says nothing about the next
    return days


def find_ended_rows(
    typed: DataFrame, current: DataFrame | None, feed: Feed, days: list[FullExportDay], time_zone: str
) -> DataFrame:
    """Grain: one row per key and day it ended on, in the target's columns and those of `ended_values`.

    `first_received` is line 0 of the file that lacks the key: after all earlier records, before later ones.

    Args:
        typed: records of the feed, refused ones too, with `landing_date` and `reason`.
        current: the target's rows before all of these; None when these are all there ever were.
        days: landing days of `typed`, oldest first.
        time_zone: the shop's.
    """
    key = feed.target.key
    row = F.struct(*[F.col(name).cast(kind).alias(name) for name, kind in feed.target.columns.items()])
    # A repeat stands for its key alone; what it says, the record before it said.
    counts = F.col("reason").isNull() & (F.col("is_news") if "is_news" in typed.columns else F.lit(True))
    content = F.when(counts, row).alias("content")
    with_key = typed.where(" and ".join(f"{name} is not null" for name in key))
    every = with_key.select(*key, "landing_date", F.col("first_received").alias("arrival"), content)
    if current is not None:
        alive = current.where("ended_on is null")
        before = F.lit(None).cast("date").alias("landing_date")
        every = every.unionByName(
            alive.select(*key, before, F.lit("").alias("arrival"), row.alias("content"))
        )
    in_order = Window.partitionBy(*key).orderBy("arrival")
    end_day, end_place = next_ending_day(days)
    absent = every.withColumns(
        {
            "next_named": F.lead("landing_date").over(in_order),
            # A refused record keeps a key from ending and cannot bring it back.
            "episode": F.count("content").over(in_order),
            "end_day": end_day,
            "end_place": end_place,
        }
    ).withColumn(
        "is_end",
        F.col("end_day").isNotNull() & F.coalesce(F.col("end_day") < F.col("next_named"), F.lit(True)),
    )
    first_end = F.min(F.when(F.col("is_end"), F.struct("end_day", "end_place")))
    ended = (
        absent.where("episode > 0")
        .groupBy(*key, "episode")
        .agg(
            F.max_by("content", F.when(F.col("content").isNotNull(), F.col("arrival"))).alias("content"),
            first_end.alias("end"),
        )
        .where("end is not null")
        .select(
            "content.*", F.col("end.end_day").alias("_end_day"), F.col("end.end_place").alias("_end_place")
        )
        .withColumn("ended_on", F.col("_end_day"))
        .withColumn("_ended_at", F.to_utc_timestamp(F.col("ended_on").cast("timestamp"), time_zone))
        .withColumn("first_received", F.concat("_end_place", F.lit("#000000000")))
    )
    for name, value in feed.ended_values.items():
        kind = feed.target.columns.get(name)
        ended = ended.withColumn(name, F.expr(value).cast(kind) if kind else F.expr(value))
    return ended.drop("_end_day", "_end_place", "_ended_at")


def lacks_key(current: pa.Table, named: pa.Table, table: Table, source: str) -> bool:
    """Whether a full export lacks the key of a row of its source that has not ended.

    Args:
        current: the target's rows: its key, `ended_on` and, where it has one, `source`.
        named: records of the export, refused ones too, with the key.
    """
    keys = set(zip(*[named[name].to_pylist() for name in table.key], strict=True))
    alive = current.filter(pc.is_null(current["ended_on"]))
    if "source" in alive.column_names:
        alive = alive.filter(pc.equal(alive["source"].cast(pa.string()), source))
    return any(
        each not in keys for each in zip(*[alive[name].to_pylist() for name in table.key], strict=True)
    )


def next_ending_day(days: list[FullExportDay]) -> tuple[Column, Column]:
    """The first day after `landing_date` (null: before all of them) that may end rows, and its place.

    Both are null where there is none.
    """
    ending = [each for each in days if not each.is_suspicious]
    next_of = {}
    for day in ("", *[str(each.day) for each in days]):
        if later := next((each for each in ending if str(each.day) > day), None):
            next_of[day] = later
    if not next_of:
        return F.lit(None).cast("date"), F.lit(None).cast("string")
    entries = [F.lit(text) for day, later in next_of.items() for text in (day, later.place)]
    place = F.create_map(*entries)[F.coalesce(F.col("landing_date").cast("string"), F.lit(""))]
    return F.to_date(F.substring_index(place, "/", 1)), place
