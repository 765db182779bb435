"""Demand by item, as arrays: small tables, one row per item."""

from dataclasses import dataclass

import duckdb
import numpy as np

from models.training_data import encode_ids
from spark_jobs.lake.queries import run_query
from spark_jobs.score.interaction_span import InteractionSpan

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


def count_item_demand(con: duckdb.DuckDBPyConnection, span: InteractionSpan) -> ItemDemand:
    """Demand by item: distinct customers, and orders of guests.

    Guests count in what is popular; customers who may not be personalised for count nowhere.

    Args:
        con: of `open_learning_data`.
    """
    rows = run_query(
        con,
        f"""
        select item_id, is_recommendable and is_in_stock as allowed, coalesce(recent, 0) as recent,
            coalesce(ever, 0) as ever, greatest({span.until} - first_seen_day, 0) as age
        from feat_items left join (
            select item_id, count(distinct buyer) as ever,
                count(distinct case when day >= {span.until - RECENT_DAYS} then buyer end) as recent
            from (
                select *, coalesce(customer_id, 'order ' || order_id, interaction_id) as buyer
                from (from consented union all from interactions where customer_id is null)
                where kind in {format_numbers(span.kind_numbers)}
            ) group by item_id
        ) using (item_id)
        order by item_id
        """,
    )
    recent, ever, age = (rows[name].to_numpy().astype(np.float64) for name in ("recent", "ever", "age"))
    allowed = np.array(rows["allowed"].to_pylist(), bool)
    return ItemDemand(encode_ids(rows["item_id"].to_pylist()), allowed, recent, ever, age)


def format_numbers(numbers: tuple[int, ...]) -> str:
    """The numbers as a list of SQL."""
    return f"({', '.join(map(str, numbers))})"
