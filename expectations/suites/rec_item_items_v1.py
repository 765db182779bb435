"""What `rec_item_items_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_ITEM_ITEMS
from expectations.suites.lists import ORDERED_LIST
from expectations.suites.suite import Suite, expect_each_row

SUITE = Suite(
    REC_ITEM_ITEMS,
    (
        expect_each_row(
            "not_its_own_neighbour",
            "not list_contains(list_transform(items, lambda x: x.item_id), item_id)",
            "An item beside itself is no advice.",
        ),
        *ORDERED_LIST,
    ),
)
