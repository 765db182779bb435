"""What `core_events` must hold before anyone reads it."""

from expectations.contracts.event_format import EVENT_TYPES, ITEM_EVENT_TYPES
from expectations.contracts.lake import CORE_EVENTS
from expectations.suites.suite import (
    CURRENCY,
    WARN,
    Suite,
    expect_between,
    expect_each_row,
    expect_identifier_ids,
    expect_match,
    expect_not_empty,
    expect_one_of,
    expect_shop_day,
)

SUITE = Suite(
    CORE_EVENTS,
    (
        expect_not_empty("A shop that has an events feed has events.", WARN),
        expect_one_of(
            "event_type",
            EVENT_TYPES,
            "The marts count an unknown type nowhere.",
        ),
        expect_shop_day("occurred", "Late events must be found on the day they occurred."),
        expect_each_row(
            "time_is_plausible",
            "occurred_at >= timestamptz '2000-01-01 00:00:00+00' and occurred_date <= cast(substring("
            "first_received, 1, 10) as date) + 1",
            "A client's clock was taken at its word: the event lies before the web or after it was received.",
        ),
        expect_each_row(
            "somebody_did_it",
            "user_identifier_id is not null or anonymous_identifier_id is not null",
            "An event of nobody belongs to no customer.",
        ),
        expect_each_row(
            "item_is_named",
            f"event_type not in {ITEM_EVENT_TYPES} or item_id is not null",
            "An interaction without an item teaches nothing.",
        ),
        *expect_identifier_ids("user_identifier_id", "anonymous_identifier_id"),
        expect_between("quantity", 1, None, "Nobody buys nothing; returns come with the orders."),
        expect_between("unit_price", 0, None, "A negative price would lower what a customer spent."),
        expect_match("currency", CURRENCY, "Amounts of an unknown currency cannot be added."),
    ),
)
