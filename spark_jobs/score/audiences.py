"""Lists for whoever is not known well enough: popular, new, by country, by segment, by both."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.snapshot import NEW, POPULAR
from models.inference import top_n

LIST_LENGTH = 100
RECENT_DAYS = 14
NEW_DAYS = 28
LEAST_MEMBERS = 20  # a list of fewer people's taste is a list of persons
PRIOR_CUSTOMERS = 50.0  # how many customers' worth the whole shop's taste counts in an audience's list
HALF_LIFE_DAYS = 30.0


@dataclass(frozen=True)
class ItemDemand:
    """What the shop knows of its items, guests included.

    Attributes:
        item_ids: bytes array, sorted.
        allowed: bool [items], what may be shown.
        recent, ever: float [items]: buyers (customers, and orders of guests) in the last `RECENT_DAYS`, and
        in all. age_days: float [items]: days since an item was first seen.
    """

    item_ids: np.ndarray
    allowed: np.ndarray
    recent: np.ndarray
    ever: np.ndarray
    age_days: np.ndarray

    @property
    def popularity(self) -> np.ndarray:
        """Recent demand, then all-time demand below one buyer, so that it only breaks ties."""
        return self.recent + 0.5 * self.ever / (self.ever.max(initial=0.0) + 1.0)


def assign_audiences(customers: DataFrame) -> DataFrame:
    """Grain: one row per customer and audience they belong to, audiences of at least `LEAST_MEMBERS`."""
    segments = F.transform(
        F.coalesce("segment_ids", F.array().cast("array<string>")),
        lambda name: F.concat(F.lit("segment:"), name),
    )
    country = F.concat(F.lit("country:"), F.col("country"))
    both = F.transform(segments, lambda name: F.concat_ws("|", name, country))
    alone = F.array_compact(F.array(country))
    named = F.array_distinct(
        F.concat(
            segments, alone, F.when(country.isNotNull(), both).otherwise(F.array().cast("array<string>"))
        )
    )
    rows = customers.select("customer_id", F.explode(named).alias("audience"))
    kept = rows.groupBy("audience").count().where(F.col("count") >= LEAST_MEMBERS).select("audience")
    return rows.join(F.broadcast(kept), on="audience", how="left_semi")


def sum_audience_tastes(behaviour: DataFrame, belonging: DataFrame, until: int) -> DataFrame:
    """Grain: one row per audience and item: how many of its customers wanted it, each fading since their last
    time.
    """
    last = behaviour.groupBy("customer_id", "item_id").agg(F.max("day").alias("day"))
    weight = F.pow(F.lit(0.5), (F.lit(until - 1) - F.col("day")) / HALF_LIFE_DAYS)
    return (
        last.join(belonging, on="customer_id", how="inner")
        .groupBy("audience", "item_id")
        # Floating sums depend on the order rows meet in; whole numbers do not.
        .agg((F.sum(F.round(weight * 1_000_000).cast("bigint")) / 1_000_000).alias("taste"))
    )


def score_audiences(demand: ItemDemand, taste: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Score of every item for every audience, and for everybody; -inf where nothing speaks for it.

    Args:
        taste: by audience, float [items].
    """
    popular = np.where(demand.popularity > 0, demand.popularity, -np.inf)
    share = demand.popularity / max(demand.popularity.sum(), 1e-12)
    scores = {POPULAR: popular}
    young = demand.age_days < NEW_DAYS
    if not (young & demand.allowed).any():  # a shop that lists nothing new still has newest things
        young = demand.age_days <= np.min(demand.age_days[demand.allowed], initial=np.inf) + NEW_DAYS
    # Demand first, then the younger: an item of today has had no time to be bought.
    scores[NEW] = np.where(young, demand.popularity + 1.0 / (2.0 + np.maximum(demand.age_days, 0)), -np.inf)
    for name, own in taste.items():
        blended = (own + PRIOR_CUSTOMERS * share) / (own.sum() + PRIOR_CUSTOMERS)
        scores[name] = np.where(blended > 0, blended, -np.inf)
    return scores


def name_list_source(audience: str) -> str:
    """What a list's items are said to come from: `popular`, `new`, or `audience`."""
    return audience if audience in (POPULAR, NEW) else "audience"


def select_audience_lists(
    demand: ItemDemand, scores: Mapping[str, np.ndarray], n: int = LIST_LENGTH
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Positions and scores of each audience's best items, only such as may be shown; audiences without any
    are left out.
    """
    lists = {}
    for name, values in scores.items():
        items, _ = top_n(np.round(values, 9)[None, :], n, demand.allowed)
        held = items[0] >= 0
        if held.any():
            lists[name] = (items[0][held], np.round(values, 9)[items[0][held]])
    return lists
