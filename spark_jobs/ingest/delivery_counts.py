"""Counts the records of a feed's new deliveries, before anything is written."""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
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
    first = typed.where("_row_no = 1")
    rows = first.groupBy("delivery_id", "reason").count().collect()
    key_and_doubt = accepted.where("_row_no = 1").agg(
        F.count_distinct(F.expr(feed.record_key_sql)), F.count("_doubt")
    )
    n_keys, n_doubtful = key_and_doubt.first()
    keys = count_keys(typed, feed) if feed.is_full_export else {}
    return add_up([tuple(row) for row in rows], keys, n_keys, n_doubtful)


def count_keys(typed: DataFrame, feed: Feed) -> dict[str, int]:
    """How many keys each delivery names, refused records included."""
    with_key = typed.where(" and ".join(f"{name} is not null" for name in feed.target.key))
    rows = with_key.groupBy("delivery_id").agg(F.count_distinct(*feed.target.key).alias("n")).collect()
    return {row["delivery_id"]: row["n"] for row in rows}


def count_few_records(typed: pa.Table, feed: Feed) -> DeliveryCounts:
    """As `count_records`, of few records in memory, of which all that are not refused count."""
    first = typed.filter(pc.equal(typed["_row_no"], 1))
    outcomes = first.group_by(["delivery_id", "reason"]).aggregate([([], "count_all")])
    rows = zip(*[outcomes[name].to_pylist() for name in ("delivery_id", "reason", "count_all")], strict=True)
    accepted = first.filter(pc.is_null(first["reason"]))
    record_key = ["_record_key"] if feed.record_key else list(feed.target.key)
    keys: dict[str, int] = {}
    if feed.is_full_export:
        named = typed.select(["delivery_id", *feed.target.key]).drop_null()
        for delivery_id in named.group_by(named.column_names).aggregate([])["delivery_id"].to_pylist():
            keys[delivery_id] = keys.get(delivery_id, 0) + 1
    return add_up(
        list(rows),
        keys,
        accepted.group_by(record_key).aggregate([]).num_rows,
        accepted.num_rows - accepted["_doubt"].null_count,
    )


def add_up(
    rows: list[tuple[str, str | None, int]], keys: dict[str, int], n_keys: int, n_doubtful: int
) -> DeliveryCounts:
    """The counts, of numbers of records by delivery id and reason."""
    by_delivery: dict[str, int] = {}
    by_reason: dict[str, int] = {}
    refused: dict[str, int] = {}
    for delivery_id, reason, n_records in rows:
        by_delivery[delivery_id] = by_delivery.get(delivery_id, 0) + n_records
        if reason:
            by_reason[reason] = by_reason.get(reason, 0) + n_records
            refused[delivery_id] = refused.get(delivery_id, 0) + n_records
    n_accepted = sum(by_delivery.values()) - sum(by_reason.values())
    return DeliveryCounts(
        by_delivery, refused, keys, dict(sorted(by_reason.items())), n_accepted, n_keys, n_doubtful
    )
