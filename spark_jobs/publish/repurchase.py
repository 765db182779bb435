"""How long until a consumable is wanted again, learned from purchases: the median number of days between two
purchase days of an item by one customer.
"""

from datetime import date, timedelta

import pyarrow as pa

from expectations.contracts.item_rules import ItemRuleNames, read_item_rules
from expectations.contracts.lake import CORE_ITEMS, FCT_INTERACTIONS
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake
from spark_jobs.publish.snapshot_tables import SnapshotTables

LEAST_GAPS = 20  # below, a median says little: with 20 its quartiles lie some 20 % apart
WINDOW = timedelta(days=730)
# A category's median stands for items that few bought twice.
QUERY = """
    with purchase_days as (
        select distinct customer_id, item_id, cast(occurred_at as date) as day
        from interactions
        where interaction_type = 'purchase' and customer_id is not null and occurred_at >= $since
    ), gaps as (
        select item_id, day - lag(day) over (partition by customer_id, item_id order by day) as gap
        from purchase_days
    ), of_items as (
        select items.item_id, items.category_path, gaps.gap
        from gaps join items using (item_id)
        where gaps.gap is not null and items.is_consumable
    ), by_category as (
        select category_path, median(gap) as days from of_items group by all having count(*) >= $least_gaps
    ), by_item as (
        select item_id, median(gap) as days from of_items group by all having count(*) >= $least_gaps
    )
    select items.item_id, coalesce(by_item.days, by_category.days) as days
    from items
    left join by_item using (item_id)
    left join by_category on by_category.category_path = items.category_path
    where items.is_consumable and coalesce(by_item.days, by_category.days) is not null
"""


def read_repurchase_days(
    sources: SnapshotTables, rule_names: ItemRuleNames, landing_date: date
) -> dict[str, float]:
    """Days by item, of the consumables of which they are declared, else learned."""
    items = sources.items
    consumables = set(items.filter(items["is_consumable"])["item_id"].to_pylist())
    declared = {}
    for row in sources.lake.read_arrow(CORE_ITEMS, ["item_id", "attributes"]).to_pylist():
        if row["item_id"] in consumables and row["attributes"]:
            days = read_item_rules(dict(row["attributes"]), rule_names).repurchase_days
            if days is not None:
                declared[row["item_id"]] = days
    return {**learn_repurchase_days(sources.lake, items, landing_date), **declared}


def learn_repurchase_days(lake: Lake, items: pa.Table, landing_date: date) -> dict[str, float]:
    """Days by item, of the consumables that are known well enough: by their own purchases, else by those of
    their category path.

    Args:
        items: `feat_items`.
    """
    if not lake.exists(FCT_INTERACTIONS):
        return {}
    with open_database() as connection:
        lake.create_view(connection, FCT_INTERACTIONS, "interactions")
        connection.register("items", items.select(["item_id", "category_path", "is_consumable"]))
        parameters = {"since": landing_date - WINDOW, "least_gaps": LEAST_GAPS}
        return dict(connection.execute(QUERY, parameters).fetchall())
