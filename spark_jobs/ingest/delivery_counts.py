"""Counts the records of a feed's new deliveries, before anything is written."""

from dataclasses import dataclass

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.sources.declaration import Feed


@dataclass(frozen=True)
class DeliveryCounts:
    """Numbers of records, by delivery id or reason where there are several."""

    by_delivery: dict[str, int]
    refused_by_delivery: dict[str, int]
    keys_by_delivery: dict[str, int]  # keys named, refused records' too; of full exports
    by_reason: dict[str, int]
    n_accepted: int
    n_keys: int  # among the accepted
    n_doubtful: int = 0  # accepted, and in quarantine besides for a value that could not be read

    @property
    def n_received(self) -> int:
        return sum(self.by_delivery.values())

    @property
    def n_quarantined(self) -> int:
        return sum(self.by_reason.values())


def count_records(typed: DataFrame, accepted: DataFrame, feed: Feed) -> DeliveryCounts:
    """Count the records of a feed's new deliveries.

    Args:
        typed: every record, with `reason`.
        accepted: those that were not refused and may say something new.
    """
    rows = typed.where("_row_no = 1").groupBy("delivery_id", "reason").count().collect()
    by_delivery: dict[str, int] = {}
    by_reason: dict[str, int] = {}
    refused: dict[str, int] = {}
    for row in rows:
        by_delivery[row["delivery_id"]] = by_delivery.get(row["delivery_id"], 0) + row["count"]
        if row["reason"]:
            by_reason[row["reason"]] = by_reason.get(row["reason"], 0) + row["count"]
            refused[row["delivery_id"]] = refused.get(row["delivery_id"], 0) + row["count"]
    n_accepted = sum(by_delivery.values()) - sum(by_reason.values())
    n_keys = accepted.where("_row_no = 1").select(F.expr(feed.record_key_sql)).distinct().count()
    n_doubtful = accepted.where("_row_no = 1 and _doubt is not null").count()
    keys = count_keys(typed, feed) if feed.is_full_export else {}
    return DeliveryCounts(
        by_delivery, refused, keys, dict(sorted(by_reason.items())), n_accepted, n_keys, n_doubtful
    )


def count_keys(typed: DataFrame, feed: Feed) -> dict[str, int]:
    """How many keys each delivery names, refused records included."""
    with_key = typed.where(" and ".join(f"{name} is not null" for name in feed.target.key))
    rows = with_key.groupBy("delivery_id").agg(F.count_distinct(*feed.target.key).alias("n")).collect()
    return {row["delivery_id"]: row["n"] for row in rows}
