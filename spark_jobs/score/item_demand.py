"""What the shop may show and what of it is wanted, as arrays: small tables, one row an item."""

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from models.base import KINDS, PURCHASE, id_array
from spark_jobs.score.audiences import RECENT_DAYS, ItemDemand


def to_day_number(column: str) -> Column:
    """The day of a time on the shop's clock, counted from 1970-01-01."""
    return F.unix_date(F.to_date(column))


def find_newest_day_and_kinds(interactions: DataFrame) -> tuple[int | None, tuple[str, ...]]:
    """The newest day anybody did anything (None when nobody did), and the kinds that say what is wanted.

    These are purchases, or everything where the shop knows of no purchase.
    """
    bought = F.max(F.col("interaction_type") == KINDS[PURCHASE])
    newest, has_purchases = interactions.select(F.max(to_day_number("occurred_at")), bought).first()
    return newest, (KINDS[PURCHASE],) if has_purchases else KINDS


def find_first_training_day(behaviour: DataFrame, days: int | None) -> int | None:
    """The first of the newest `days`, counted as `behaviour.select_newest_days` does; None for all days.

    Args:
        behaviour: once per customer, item, day and kind, of customers who may be personalised for.
    """
    last = behaviour.agg(F.max("day")).first()[0] if days is not None else None
    return None if last is None else last - days + 1


def count_item_demand(
    interactions: DataFrame, items: DataFrame, kinds: tuple[str, ...], until: int
) -> ItemDemand:
    """Demand by item: distinct customers, and orders of guests."""
    buyer = F.coalesce("customer_id", F.concat(F.lit("order "), "order_id"), "interaction_id")
    lately = F.when(to_day_number("occurred_at") >= until - RECENT_DAYS, buyer)
    counts = (
        interactions.where(F.col("interaction_type").isin(*kinds))
        .groupBy("item_id")
        .agg(F.count_distinct(buyer).alias("ever"), F.count_distinct(lately).alias("recent"))
    )
    age = F.greatest(F.lit(until) - to_day_number("first_seen_at"), F.lit(0))
    rows = (
        items.select("item_id", "is_recommendable", "is_in_stock", age.alias("age"))
        .join(counts, on="item_id", how="left")
        .fillna({"ever": 0, "recent": 0, "age": 1_000_000})
        .orderBy("item_id")
        .toArrow()
    )
    number = {name: rows[name].to_numpy().astype(np.float64) for name in ("recent", "ever", "age")}
    shown = [np.array(rows[name].to_pylist(), bool) for name in ("is_recommendable", "is_in_stock")]
    ids = id_array(rows["item_id"].to_pylist())
    return ItemDemand(ids, shown[0] & shown[1], number["recent"], number["ever"], number["age"])
