"""What `feat_items` must hold before a recommender learns from it."""

from expectations.contracts.lake import FEAT_ITEMS
from expectations.suites.suite import (
    WARN,
    Suite,
    expect_between,
    expect_each_row,
    expect_not_empty,
    expect_one_of,
)

SUITE = Suite(
    FEAT_ITEMS,
    (
        expect_not_empty("Without items there is nothing to recommend.", WARN),
        expect_between("price", 0, None, "A negative price would be shown."),
        expect_one_of(
            "price_band", ("low", "middle", "high"), "A band that training never saw has no factor."
        ),
        expect_each_row(
            "something_may_be_served",
            "bool_or(is_recommendable and is_in_stock) over ()",
            "Every list would be empty.",
            looks_across_rows=True,
        ),
    ),
)
