"""Lists of audiences, for customers with too little behaviour: popular, new, by country, segment, or both."""

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa

from expectations.contracts.snapshot import NEW, POPULAR
from models.inference import select_top_items
from spark_jobs.lake.queries import run_query
from spark_jobs.score.interaction_span import InteractionSpan
from spark_jobs.score.item_demand import ItemDemand, format_numbers

LIST_LENGTH = 100
NEW_DAYS = 28
LEAST_MEMBERS = 20  # the taste of fewer would reveal persons
PRIOR_CUSTOMERS = 50.0  # as so many customers the whole shop's taste counts in an audience's list
HALF_LIFE_DAYS = 30.0


# One row per customer and audience they belong to, audiences of at least LEAST_MEMBERS.
MEMBERSHIPS = f"""
    with named as (
        select customer_id, ['segment:' || name for name in coalesce(segment_ids, [])] as segments,
            case when country is null then []::varchar[] else ['country:' || country] end as countries
        from feat_customers
    ),
    memberships as (
        select distinct customer_id, unnest(list_concat(
            segments, countries, flatten([[s || '|' || c for s in segments] for c in countries])
        )) as audience
        from named
    )
    select * from memberships where audience in (
        select audience from memberships group by audience having count(*) >= {LEAST_MEMBERS}
    )
"""


def sum_audience_tastes(con: duckdb.DuckDBPyConnection, span: InteractionSpan) -> pa.Table:
    """Grain: one row per audience and item (`audience`, `item_id`, `taste`, sorted): how many of its
    customers wanted it, each decayed by the days since they last did.

    Args:
        con: of `open_learning_data`.
    """
    weight = f"pow(0.5, ({span.until - 1} - day) / {HALF_LIFE_DAYS})"
    # Floating-point sums depend on the order of rows; whole numbers do not.
    return run_query(
        con,
        f"""
        select audience, item_id,
            sum(round({weight} * 1000000)::bigint) / 1000000 as taste
        from (
            select customer_id, item_id, max(day) as day from behaviour
            where kind in {format_numbers(span.kind_numbers)} group by customer_id, item_id
        ) join ({MEMBERSHIPS}) using (customer_id)
        group by audience, item_id order by audience, item_id
        """,
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
