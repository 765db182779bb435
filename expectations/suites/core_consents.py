"""What `core_consents` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_CONSENTS
from expectations.suites.suite import Suite, expect_identifier_ids, expect_one_of

SUITE = Suite(
    CORE_CONSENTS,
    (
        expect_one_of(
            "purpose",
            ("analytics", "personalization", "marketing"),
            "A consent to something unknown is no consent.",
        ),
        *expect_identifier_ids("identifier_id"),
    ),
)
