"""Lists of audiences, for customers with too little behaviour: popular, new, by country, segment, or both."""

from collections.abc import Mapping

import numpy as np
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.snapshot import NEW, POPULAR
from models.inference import select_top_items
from spark_jobs.score.item_demand import ItemDemand

LIST_LENGTH = 100
NEW_DAYS = 28
LEAST_MEMBERS = 20  # the taste of fewer would reveal persons
PRIOR_CUSTOMERS = 50.0  # as so many customers the whole shop's taste counts in an audience's list
HALF_LIFE_DAYS = 30.0


def assign_audiences(customers: DataFrame) -> DataFrame:
    """Grain: one row per customer and audience they belong to, audiences of at least `LEAST_MEMBERS`."""
    segments = F.transform(
        F.coalesce("segment_ids", F.array().cast("array<string>")),
        lambda name: F.concat(F.lit("segment:"), name),
    )
    country = F.concat(F.lit("country:"), F.col("country"))
    segments_in_country = F.transform(segments, lambda name: F.concat_ws("|", name, country))
    country_alone = F.array_compact(F.array(country))
    audiences = F.array_distinct(
        F.concat(
            segments,
            country_alone,
            F.when(country.isNotNull(), segments_in_country).otherwise(F.array().cast("array<string>")),
        )
    )
    rows = customers.select("customer_id", F.explode(audiences).alias("audience"))
    large = rows.groupBy("audience").count().where(F.col("count") >= LEAST_MEMBERS).select("audience")
    return rows.join(F.broadcast(large), on="audience", how="left_semi")


def sum_audience_tastes(behaviour: DataFrame, memberships: DataFrame, until: int) -> DataFrame:
    """Grain: one row per audience and item: how many of its customers wanted it, each decayed by the days
    since they last did.
    """
    last = behaviour.groupBy("customer_id", "item_id").agg(F.max("day").alias("day"))
    weight = F.pow(F.lit(0.5), (F.lit(until - 1) - F.col("day")) / HALF_LIFE_DAYS)
    return (
        last.join(memberships, on="customer_id", how="inner")
        .groupBy("audience", "item_id")
        # Floating-point sums depend on the order of rows; whole numbers do not.
        .agg((F.sum(F.round(weight * 1_000_000).cast("bigint")) / 1_000_000).alias("taste"))
    )


def score_audiences(demand: ItemDemand, taste: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Score of every item for every audience, `popular` and `new` among them; -inf without demand.

    Args:
        taste: by audience, float [items].
    """
    popular = np.where(demand.popularity > 0, demand.popularity, -np.inf)
    share = demand.popularity / max(demand.popularity.sum(), 1e-12)
    scores = {POPULAR: popular}
    young = demand.age_days < NEW_DAYS
    if not (young & demand.allowed).any():  # without new items, the newest there are
        young = demand.age_days <= np.min(demand.age_days[demand.allowed], initial=np.inf) + NEW_DAYS
    # Demand first, then the younger item: one of today has had no time to be bought.
    scores[NEW] = np.where(young, demand.popularity + 1.0 / (2.0 + np.maximum(demand.age_days, 0)), -np.inf)
    for name, own in taste.items():
        blended = (own + PRIOR_CUSTOMERS * share) / (own.sum() + PRIOR_CUSTOMERS)
        scores[name] = np.where(blended > 0, blended, -np.inf)
    return scores


def name_list_source(audience: str) -> str:
    """The entry in `sources` of an audience's items: `popular`, `new`, or `audience`."""
    return audience if audience in (POPULAR, NEW) else "audience"


def select_audience_lists(
    demand: ItemDemand, scores: Mapping[str, np.ndarray], n: int = LIST_LENGTH
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Positions and scores of each audience's best items among those that may be shown; audiences without any
    are left out.
    """
    lists = {}
    for name, values in scores.items():
        items, _ = select_top_items(np.round(values, 9)[None, :], n, demand.allowed)
        selected = items[0][items[0] >= 0]
        if len(selected):
            lists[name] = (selected, np.round(values, 9)[selected])
    return lists
