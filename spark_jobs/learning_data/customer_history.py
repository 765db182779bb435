"""Customers' histories as predictions read them: of those whom analytics and personalization allow, and whom
no review holds back.
"""

from collections.abc import Sequence

import duckdb
import numpy as np

from expectations.contracts.lake import CORE_IDENTITY_REVIEWS
from models.predictions.history import KINDS, CustomerHistory
from spark_jobs.lake.queries import run_query
from spark_jobs.lake.tables import Lake

_CASES = " ".join(f"when '{kind}' then {number}" for number, kind in enumerate(KINDS))
# An uncart or a click has no kind here.
ROWS_QUERY = f"""
    with scorable as (
        select customer_id from feat_customers
        where coalesce(has_analytics_consent, true)
            and customer_id not in (select customer_id from reviews where is_held_back)
    ),
    categories as (
        select category, row_number() over (order by category) - 1 as number
        from (select distinct category from feat_items where category is not null)
    ),
    numbered_items as (
        select feat_items.item_id, categories.number
        from feat_items inner join categories on feat_items.category = categories.category
    )
    select
        consented.customer_id,
        consented.day::int as day,
        (case consented.interaction_type {_CASES} end)::tinyint as kind,
        coalesce(numbered_items.number, -1)::int as category,
        count(*)::int as n,
        coalesce(sum(abs(consented.amount)), 0)::double as amount
    from consented
    inner join scorable on consented.customer_id = scorable.customer_id
    left join numbered_items on consented.item_id = numbered_items.item_id
    where consented.interaction_type in ('view', 'cart', 'purchase', 'return')
    group by all
    order by all
"""


def read_customer_history(
    con: duckdb.DuckDBPyConnection, lake: Lake
) -> tuple[CustomerHistory, Sequence[str]] | None:
    """The history with the customer ids at its numbers; None when nobody did anything. It ends with the
    newest day of behaviour.

    Args:
        con: of `open_learning_data`.
    """
    lake.create_view(con, CORE_IDENTITY_REVIEWS, "reviews")
    rows = run_query(con, ROWS_QUERY)
    if not rows.num_rows:
        return None
    ids, customer = np.unique(rows["customer_id"].to_numpy().astype(str), return_inverse=True)
    day, kind, category, n, amount = (
        rows[name].to_numpy() for name in ("day", "kind", "category", "n", "amount")
    )
    history = CustomerHistory(
        len(ids), customer.astype(np.int32), day, kind, n, amount, category, int(day.max()) + 1
    )
    return history, ids.tolist()
