"""What `fct_interactions` must hold before a recommender learns from it."""

from expectations.contracts.lake import FCT_INTERACTIONS
from expectations.suites.suite import (
    WARN,
    Suite,
    expect_customer_ids,
    expect_each_row,
    expect_not_empty,
    expect_not_null,
    expect_one_of,
)

SUITE = Suite(
    FCT_INTERACTIONS,
    (
        expect_not_empty("There is nothing to learn from.", WARN),
        expect_customer_ids(),
        expect_not_null("item_id", "An interaction without an item teaches nothing."),
        expect_not_null("occurred_at", "Train and test are split by time."),
        expect_one_of(
            "interaction_type",
            ("view", "cart", "purchase", "return", "uncart", "click"),
            "Recommenders learn of views, carts and purchases; they know the other three to pass them over.",
        ),
        expect_each_row(
            "purchases_have_units",
            "interaction_type <> 'purchase' or quantity > 0",
            "A purchase of nothing would count as a taste.",
        ),
        expect_each_row(
            "purchases_have_an_order",
            "interaction_type <> 'purchase' or order_id is not null",
            "It could be counted twice.",
            WARN,
        ),
    ),
)
