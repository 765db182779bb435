"""Demand by item, as arrays: small tables, one row per item."""

from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.training_data import encode_ids
from spark_jobs.score.interaction_span import InteractionSpan, to_day_number

RECENT_DAYS = 14


@dataclass(frozen=True)
class ItemDemand:
    """How much each item of the shop is wanted, guests included.

    Attributes:
        item_ids: bytes array, sorted.
        allowed: bool [items], may be shown.
        recent, ever: float [items]: buyers (customers, and orders of guests) in the last `RECENT_DAYS`, and
            in all.
        age_days: float [items]: days since an item was first seen.
    """

    item_ids: np.ndarray
    allowed: np.ndarray
    recent: np.ndarray
    ever: np.ndarray
    age_days: np.ndarray

    @property
    def popularity(self) -> np.ndarray:
        """Recent demand, plus all-time demand scaled below one buyer, so that it only breaks ties."""
        return self.recent + 0.5 * self.ever / (self.ever.max(initial=0.0) + 1.0)


def count_item_demand(interactions: DataFrame, items: DataFrame, span: InteractionSpan) -> ItemDemand:
    """Demand by item: distinct customers, and orders of guests.

    Args:
        items: `feat_items`.
    """
    buyer = F.coalesce("customer_id", F.concat(F.lit("order "), "order_id"), "interaction_id")
    recent_buyer = F.when(to_day_number("occurred_at") >= span.until - RECENT_DAYS, buyer)
    counts = (
        interactions.where(F.col("interaction_type").isin(*span.kinds))
        .groupBy("item_id")
        .agg(F.count_distinct(buyer).alias("ever"), F.count_distinct(recent_buyer).alias("recent"))
    )
    age = F.greatest(F.lit(span.until) - to_day_number("first_seen_at"), F.lit(0))
    rows = (
        items.select("item_id", "is_recommendable", "is_in_stock", age.alias("age"))
        .join(counts, on="item_id", how="left")
        .fillna({"ever": 0, "recent": 0, "age": 1_000_000})
        .orderBy("item_id")
        .toArrow()
    )
    number = {name: rows[name].to_numpy().astype(np.float64) for name in ("recent", "ever", "age")}
    flags = [np.array(rows[name].to_pylist(), bool) for name in ("is_recommendable", "is_in_stock")]
    ids = encode_ids(rows["item_id"].to_pylist())
    return ItemDemand(ids, flags[0] & flags[1], number["recent"], number["ever"], number["age"])
