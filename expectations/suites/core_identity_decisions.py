"""What `core_identity_decisions` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_DECISIONS
from expectations.suites.suite import (
    Suite,
    expect_each_row,
    expect_identifier_ids,
    expect_not_null,
    expect_one_of,
)

SUITE = Suite(
    CORE_IDENTITY_DECISIONS,
    (
        *expect_identifier_ids("identifier_id_a", "identifier_id_b"),
        expect_not_null("identifier_id_a", "A decision is about two identifiers."),
        expect_not_null("identifier_id_b", "A decision is about two identifiers."),
        expect_one_of(
            "decision",
            ("split", "refuse", "join", "withdraw"),
            "A word that nobody knows would be followed by nobody.",
        ),
        expect_each_row(
            "about_two",
            "identifier_id_a <> identifier_id_b",
            "Nobody is parted from, or joined with, oneself.",
        ),
    ),
)
