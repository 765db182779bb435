"""What `core_events` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_EVENTS
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
    one_of,
)

SUITE = Suite(
    CORE_EVENTS,
    (
        not_empty("A shop that has an events feed has events.", WARN),
        one_of(
            "event_type",
            ("view", "cart", "purchase", "search", "page", "identify"),
            "The marts count an unknown type nowhere.",
        ),
        day_of("occurred", "Late events must be found on the day they occurred."),
        each_row(
            "time_is_plausible",
            "occurred_at >= '2000-01-01' and occurred_date <= date_add(to_date(substring(first_received, 1,"
            " 10)), 1)",
            "A client's clock was taken at its word: the event lies before the web or after it was received.",
        ),
        each_row(
            "somebody_did_it",
            "user_identifier_id is not null or anonymous_identifier_id is not null",
            "An event of nobody belongs to no customer.",
        ),
        each_row(
            "item_is_named",
            "event_type not in ('view', 'cart', 'purchase') or item_id is not null",
            "An interaction without an item teaches nothing.",
        ),
        *ids("user_identifier_id", "anonymous_identifier_id"),
        between("quantity", 1, None, "Nobody buys nothing; returns come with the orders."),
        between("unit_price", 0, None, "A negative price would lower what a customer spent."),
        matches("currency", CURRENCY, "Amounts of an unknown currency cannot be added."),
    ),
)
