"""What `core_items` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_ITEMS
from expectations.suites.suite import (
    CURRENCY,
    WARN,
    Suite,
    expect_between,
    expect_each_row,
    expect_match,
    expect_not_empty,
)

SUITE = Suite(
    CORE_ITEMS,
    (
        expect_not_empty("Without items there is nothing to recommend.", WARN),
        expect_between("price", 0, None, "A negative price would be shown."),
        expect_match("currency", CURRENCY, "A price of an unknown currency cannot be shown."),
        expect_between(
            "n_stock", 0, None, "Stock below nothing is a correction that was not understood.", WARN
        ),
        expect_each_row(
            "stock_agrees",
            "n_stock is null or is_in_stock = (n_stock > 0)",
            "What is out of stock must never be served.",
        ),
        expect_each_row(
            "ended_is_not_shown",
            "ended_on is null or not is_recommendable",
            "Who follows its link finds nothing.",
        ),
        expect_each_row(
            "id_is_not_blank", "trim(item_id) <> ''", "A blank item is a line that was not understood."
        ),
        expect_each_row(
            "recommended_items_have_a_title",
            "not is_recommendable or title is not null",
            "A card without a title is a hole in the page.",
            WARN,
        ),
    ),
)
