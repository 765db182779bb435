"""As whom one can look at the demo shop: customers of the home with histories that differ."""

from collections.abc import Iterable
from typing import Any

from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    FEAT_CUSTOMERS,
    REC_CUSTOMER_ITEMS,
)
from serving_app.demo.shop_file import DemoCustomer
from spark_jobs.lake.tables import Lake
from spark_jobs.publish import identity_records
from spark_jobs.publish.snapshot_tables import remove_held_back

# The segments of which one is offered, in this order, and what they are called.
OFFERED = {
    "champions": "Champion",
    "loyal": "Loyal",
    "at_risk": "At risk",
    "hibernating": "Long away",
    "recent_small_buyers": "Newly won",
}
FEATURES = ["customer_id", "rfm_segment", "favourite_category", "n_orders"]


def list_demo_customers(lake: Lake) -> list[DemoCustomer]:
    """Customers of the published night with a login and a list of their own, one a segment."""
    features = lake.read_arrow(FEAT_CUSTOMERS, FEATURES)
    features = remove_held_back(features, identity_records.read_reviews(lake)).to_pandas()
    with_lists = set(lake.read_arrow(REC_CUSTOMER_ITEMS, ["customer_id"])["customer_id"].unique().to_pylist())
    logins = lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id", "kind", "value"]).to_pandas()
    people = (
        logins[logins["kind"] == "user_id"]
        .merge(
            lake.read_arrow(CORE_IDENTITIES, ["identifier_id", "customer_id"]).to_pandas(), on="identifier_id"
        )
        .merge(features[features["customer_id"].isin(with_lists)], on="customer_id")
    )
    return choose_customers(people.rename(columns={"value": "user_id"}).to_dict("records"))


def choose_customers(people: Iterable[dict[str, Any]]) -> list[DemoCustomer]:
    """One customer of each offered segment: the one with most orders of a category that no other has yet.

    Args:
        people: with `user_id`, `rfm_segment`, `favourite_category` and `n_orders`.
    """
    ordered = sorted(people, key=lambda one: (-one["n_orders"], one["user_id"]))
    chosen: list[DemoCustomer] = []
    categories: set[str] = set()
    for segment, name in OFFERED.items():
        members = [one for one in ordered if one["rfm_segment"] == segment]
        fresh = [one for one in members if one["favourite_category"] not in categories]
        if one := next(iter(fresh or members), None):
            categories.add(one["favourite_category"])
            chosen.append(DemoCustomer(one["user_id"], describe_customer(name, one)))
    return chosen


def describe_customer(name: str, one: dict[str, Any]) -> str:
    """What is known of a customer, in a line."""
    n_orders, category = int(one["n_orders"]), one["favourite_category"]
    orders = f"{n_orders:,} order{'' if n_orders == 1 else 's'}"
    return f"{name} · {orders}, mostly {category}" if isinstance(category, str) else f"{name} · {orders}"
