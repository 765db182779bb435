"""What `core_consents` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_CONSENTS
from expectations.suites.suite import Suite, ids, one_of

SUITE = Suite(
    CORE_CONSENTS,
    (
        one_of(
            "purpose",
            ("analytics", "personalization", "marketing"),
            "A consent to something unknown is no consent.",
        ),
        *ids("identifier_id"),
    ),
)
