"""What `feat_customers` must hold before a recommender learns from it."""

from expectations.contracts.lake import FEAT_CUSTOMERS
from expectations.suites.suite import (
    WARN,
    Suite,
    expect_between,
    expect_customer_ids,
    expect_each_row,
    expect_not_empty,
    expect_one_of,
)

SUITE = Suite(
    FEAT_CUSTOMERS,
    (
        expect_not_empty("Nobody may be personalised for: was consent lost?", WARN),
        expect_customer_ids(),
        expect_one_of(
            "price_band", ("low", "middle", "high"), "A band that training never saw has no factor."
        ),
        expect_between("n_orders", 0, None, "A negative count is a join gone wrong."),
        expect_each_row(
            "orders_have_a_date",
            "(coalesce(n_orders, 0) > 0) = (last_order_at is not null)",
            "Count and date disagree.",
            WARN,
        ),
    ),
)
