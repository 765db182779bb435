"""What `core_order_lines` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_ORDER_LINES
from expectations.suites.suite import (
    CURRENCY,
    WARN,
    Suite,
    expect_between,
    expect_each_row,
    expect_identifier_ids,
    expect_match,
    expect_not_empty,
    expect_not_null,
    expect_one_of,
    expect_shop_day,
)

SUITE = Suite(
    CORE_ORDER_LINES,
    (
        expect_not_empty("A shop that has an orders feed has orders.", WARN),
        expect_one_of(
            "line_type",
            ("sale", "return", "charge", "adjustment", "bookkeeping"),
            "Revenue is a sum over types: all are known.",
        ),
        expect_shop_day("ordered", "Late lines must be found on their own day."),
        expect_each_row(
            "amount_is_the_product",
            "amount = quantity * unit_price",
            "Revenue must add up from what was bought.",
        ),
        expect_each_row(
            "sales_add",
            "line_type <> 'sale' or quantity > 0",
            "A sale of less than nothing is a return or a correction.",
        ),
        expect_each_row(
            "returns_take",
            "line_type <> 'return' or quantity < 0",
            "A return must lower what a customer kept.",
        ),
        expect_each_row(
            "price_is_not_negative",
            "unit_price >= 0 or line_type in ('bookkeeping', 'adjustment')",
            "Only book-keeping has negative prices.",
        ),
        expect_each_row(
            "item_is_named",
            "line_type not in ('sale', 'return') or item_id is not null",
            "Goods without an item teach nothing.",
        ),
        *expect_identifier_ids("user_identifier_id", "email_identifier_id"),
        expect_match("currency", CURRENCY, "Amounts of an unknown currency cannot be added."),
        expect_between(
            "quantity",
            -50_000,
            50_000,
            "A line this large is more often a slip of the keyboard than an order.",
            WARN,
        ),
        expect_not_null("user_identifier_id", "Most orders name nobody: was a column lost?", WARN, 0.4),
    ),
)
