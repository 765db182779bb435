"""What `core_identity_reviews` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_REVIEWS
from expectations.suites.suite import (
    Suite,
    expect_customer_ids,
    expect_each_row,
    expect_identifier_ids,
    expect_not_null,
    expect_one_of,
)

SUITE = Suite(
    CORE_IDENTITY_REVIEWS,
    (
        expect_one_of(
            "kind",
            ("giant", "bridge", "likeness"),
            "A question of a kind that nobody knows cannot be answered.",
        ),
        expect_customer_ids(),
        *expect_identifier_ids("identifier_id_a", "identifier_id_b"),
        expect_not_null("because", "Whoever answers must know what is asked."),
        expect_each_row(
            "only_giants_are_held_back",
            "kind = 'giant' or not is_held_back",
            "Others are asked about, and served.",
        ),
        expect_each_row(
            "no_address_in_because",
            "because not like '%@%'",
            "The queue is read by many: no personal value in it.",
        ),
    ),
)
