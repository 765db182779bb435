"""What each customer bought and is not due again, for answers: the fallbacks do not offer it."""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from expectations.contracts import snapshot
from expectations.contracts.bought_items import pack_bought_items
from expectations.contracts.item_rules import DEFAULT_REPURCHASE_DAYS
from expectations.contracts.lake import FCT_INTERACTIONS
from spark_jobs.lake.queries import open_database
from spark_jobs.publish.snapshot_tables import SnapshotTables

BATCH = 10_000  # customers, as a stream: nothing holds them all but DuckDB, which may spill
# `fct_interactions` does not say which purchase a return sends back: it takes its pieces from what was bought
# before it, and what is then left is owned. `balance` may fall below zero, where a purchase is older than the
# tables; from its lowest point on, what was bought is owned.
QUERY = """
    with changes as (
        select
            customer_id, items.number, items.lasting_days, interactions.occurred_at,
            interaction_type = 'purchase' as is_purchase,
            greatest(abs(coalesce(quantity, 1)), 1) * case when is_purchase then 1 else -1 end as pieces
        from interactions join customers using (customer_id) join items using (item_id)
        where interaction_type in ('purchase', 'return')
    ), balances as (
        select *, sum(pieces) over (
            partition by customer_id, number order by occurred_at, is_purchase desc rows unbounded preceding
        ) as balance
        from changes
    ), owned as (
        select
            customer_id, number, any_value(lasting_days) as lasting_days,
            datediff('day', date '1970-01-01', cast(max(occurred_at) filter (is_purchase) as date)) as day
        from balances
        group by customer_id, number
        having sum(pieces) > least(0, min(balance))
    )
    select customer_id, list(number order by number) as numbers, list(day order by number) as days
    from owned
    where day between 0 and 65535 and (lasting_days is null or day + lasting_days > $landing_day)
    group by customer_id
"""


def encode_bought_items(
    sources: SnapshotTables,
    catalogue: snapshot.ListVocabulary,
    repurchase_days: Mapping[str, float],
    landing_date: date,
) -> Iterator[tuple[bytes, bytes]]:
    """What each customer of `sources.customers` bought and did not send back: what lasts, and consumables
    that were not due again on the landing date. What `feat_items` does not know is left out.
    """
    if not sources.lake.exists(FCT_INTERACTIONS):
        return
    with open_database() as connection:
        sources.lake.create_view(connection, FCT_INTERACTIONS, "interactions")
        connection.register("customers", sources.customers.select(["customer_id"]))
        connection.register("items", number_items(sources.items, catalogue, repurchase_days))
        landing_day = (landing_date - date(1970, 1, 1)).days
        rows = connection.sql(QUERY, params={"landing_day": landing_day}).to_arrow_reader(BATCH)
        for batch in rows:
            lengths = pc.list_value_length(batch.column("numbers")).to_numpy()
            ends = np.cumsum(lengths).tolist()
            numbers, days = (pc.list_flatten(batch.column(name)).to_numpy() for name in ("numbers", "days"))
            start = 0
            for customer_id, end in zip(batch.column("customer_id").to_pylist(), ends, strict=True):
                own = slice(start, end)
                yield snapshot.get_bought_items_key(customer_id), pack_bought_items(numbers[own], days[own])
                start = end


def number_items(
    items: pa.Table, catalogue: snapshot.ListVocabulary, repurchase_days: Mapping[str, float]
) -> pa.Table:
    """Items by number, with the days that one purchase lasts; null: for good."""
    rows = zip(items["item_id"].to_pylist(), items["is_consumable"].to_pylist(), strict=True)
    lasting = [
        repurchase_days.get(item_id, DEFAULT_REPURCHASE_DAYS) if is_consumable else None
        for item_id, is_consumable in rows
    ]
    numbers = [catalogue.find_number(item_id) for item_id in items["item_id"].to_pylist()]
    return pa.table(
        {
            "item_id": items["item_id"],
            "number": pa.array(numbers, pa.int64()),
            "lasting_days": pa.array(lasting, pa.float64()),
        }
    )
