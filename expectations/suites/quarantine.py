"""What `quarantine` must hold before anyone reads it. It holds personal values: results are counts."""

from expectations.contracts.lake import QUARANTINE
from expectations.contracts.reasons import REASONS
from expectations.suites.suite import WARN, Suite, expect_not_null, expect_one_of

SUITE = Suite(
    QUARANTINE,
    (
        expect_one_of("reason", tuple(REASONS), "A refusal without a known reason cannot be acted on."),
        expect_not_null("raw_text", "Without the raw text a record cannot be replayed.", WARN),
    ),
)
