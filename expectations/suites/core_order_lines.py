"""What `core_order_lines` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_ORDER_LINES
from expectations.suites.suite import (
    CURRENCY,
    WARN,
    Suite,
    between,
    day_of,
    each_row,
    ids,
    matches,
    not_empty,
    not_null,
    one_of,
)

SUITE = Suite(
    CORE_ORDER_LINES,
    (
        not_empty("A shop that has an orders feed has orders.", WARN),
        one_of(
            "line_type",
            ("sale", "return", "charge", "adjustment", "bookkeeping"),
            "Revenue is a sum over types: all are known.",
        ),
        day_of("ordered", "Late lines must be found on their own day."),
        each_row(
            "amount_is_the_product",
            "amount = quantity * unit_price",
            "Revenue must add up from what was bought.",
        ),
        each_row(
            "sales_add",
            "line_type <> 'sale' or quantity > 0",
            "A sale of less than nothing is a return or a correction.",
        ),
        each_row(
            "returns_take",
            "line_type <> 'return' or quantity < 0",
            "A return must lower what a customer kept.",
        ),
        each_row(
            "price_is_not_negative",
            "unit_price >= 0 or line_type in ('bookkeeping', 'adjustment')",
            "Only book-keeping has negative prices.",
        ),
        each_row(
            "item_is_named",
            "line_type not in ('sale', 'return') or item_id is not null",
            "Goods without an item teach nothing.",
        ),
        *ids("user_identifier_id", "email_identifier_id"),
        matches("currency", CURRENCY, "Amounts of an unknown currency cannot be added."),
        between(
            "quantity",
            -50_000,
            50_000,
            "A line this large is more often a slip of the keyboard than an order.",
            WARN,
        ),
        not_null("user_identifier_id", "Most orders name nobody: was a column lost?", WARN, 0.4),
    ),
)
