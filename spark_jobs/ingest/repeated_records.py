"""Records of whole files that say what the file before them said: a shop of 20,000 customers hands over
20,000 records a day, of which a few hundred are new.

The reader marks a record as a repeat when the file before it, of the same run, holds one with the same
values. A repeat that was accepted changes no table beside the raw one, and says that its key is still there.
Repeats of a key that a file names twice, or with a refused record, count in full: of two records of one file
the later one is the truth, and what is refused today may be accepted tomorrow, when its time has come.
"""

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.lake.frames import convert_arrow_to_spark
from spark_jobs.sources.declaration import Feed, Record

MAX_ODD_KEYS = 100_000  # that are carried through the driver; of more, every record counts in full


class RepeatFinder:
    """Finds the records of a run's files, in order of arrival, that repeat one of the file before."""

    def __init__(self, feed: Feed, paths: Sequence[Path]) -> None:
        self.feed, self.paths = feed, paths
        self.number, self.before, self.seen = -1, frozenset(), set()

    def begin(self, number: int) -> None:
        """Begin with a file; its predecessor is read when it was not the file before."""
        if not self.feed.is_full_export:
            return
        is_next = self.number >= 0 and self.number == number - 1
        self.before = self.seen if is_next else self._read(number - 1)
        self.number, self.seen = number, set()

    def mark(self, records: Iterable[Record]) -> list[bool]:
        """Whether each record repeats one of the file before."""
        if not self.feed.is_full_export:
            return [False for _ in records]
        digests = [digest_record(each) for each in records]
        self.seen.update(digests)
        return [each is not None and each in self.before for each in digests]

    def _read(self, number: int) -> set[bytes | None]:
        if number < 0:
            return set()
        with self.paths[number].open("rb") as file:
            return {digest_record(each) for each in self.feed.read_records(file)}


def digest_record(record: Record) -> bytes | None:
    """A hash of a record's values; None of one that has none."""
    if record.values is None:
        return None
    return blake2b(repr((record.values, record.wrong_kinds)).encode(), digest_size=16).digest()


def mark_news(spark: SparkSession, typed: DataFrame, feed: Feed) -> DataFrame:
    """Typed records with `is_news`: whether a record may change anything beside the raw table."""
    key = feed.target.key
    by_key = typed.where(" and ".join(f"{name} is not null" for name in key)).groupBy("delivery_id", *key)
    odd = by_key.agg(F.count("*").alias("n"), F.count("reason").alias("n_refused")).where(
        "n > 1 or n_refused > 0"
    )
    odd_keys = odd.select(*key).distinct().limit(MAX_ODD_KEYS + 1).toArrow()
    if odd_keys.num_rows > MAX_ODD_KEYS:
        return typed.withColumn("is_news", F.lit(True))
    is_news = ~F.col("is_repeat") | F.col("reason").isNotNull()
    if not odd_keys.num_rows:
        return typed.withColumn("is_news", is_news)
    listed = convert_arrow_to_spark(spark, odd_keys).withColumn("_is_odd", F.lit(True))
    marked = typed.join(F.broadcast(listed), list(key), "left")
    return marked.withColumn("is_news", is_news | F.col("_is_odd").isNotNull()).drop("_is_odd")
