"""What `core_identity_decisions` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_DECISIONS
from expectations.suites.suite import Suite, each_row, ids, not_null, one_of

SUITE = Suite(
    CORE_IDENTITY_DECISIONS,
    (
        *ids("identifier_id_a", "identifier_id_b"),
        not_null("identifier_id_a", "A decision is about two identifiers."),
        not_null("identifier_id_b", "A decision is about two identifiers."),
        one_of(
            "decision",
            ("split", "refuse", "join", "withdraw"),
            "A word that nobody knows would be followed by nobody.",
        ),
        each_row(
            "about_two",
            "identifier_id_a <> identifier_id_b",
            "Nobody is parted from, or joined with, oneself.",
        ),
    ),
)
