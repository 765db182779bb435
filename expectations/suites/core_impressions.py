"""What `core_impressions` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IMPRESSIONS
from expectations.suites.suite import (
    Suite,
    expect_between,
    expect_customer_ids,
    expect_each_row,
    expect_shop_day,
)

SUITE = Suite(
    CORE_IMPRESSIONS,
    (
        expect_customer_ids(),
        expect_shop_day("served", "A list must be found on the day it was served."),
        expect_each_row(
            "ranks_count_from_one",
            "len(items) = 0 or list_transform(items, lambda x: x.rank) = range(1, len(items) + 1)",
            "Position bias is estimated from ranks: a gap or a repeat spoils it.",
        ),
        expect_each_row(
            "items_are_named_once",
            "len(list_distinct(list_transform(items, lambda x: {'id': x.item_id}))) = len(items)",
            "An item shown twice in one list is counted twice.",
        ),
        expect_between("propensity", 0, 1, "A propensity is a probability."),
    ),
)
