"""What `rec_item_next_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_ITEM_NEXT
from expectations.suites.lists import ORDERED_LIST
from expectations.suites.suite import Suite, expect_each_row

SUITE = Suite(
    REC_ITEM_NEXT,
    (
        expect_each_row(
            "not_its_own_successor",
            "not list_contains(list_transform(items, lambda x: x.item_id), item_id)",
            "An item after itself is no advice.",
        ),
        *ORDERED_LIST,
    ),
)
