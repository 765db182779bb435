"""What `feat_segment_states` must hold before live segments begin with it."""

from expectations.contracts.lake import FEAT_SEGMENT_STATES
from expectations.suites.suite import Suite, expect_customer_ids, expect_match

SUITE = Suite(
    FEAT_SEGMENT_STATES,
    (
        expect_customer_ids(),
        expect_match("fingerprint", "^[0-9a-f]{16}$", "The service reads states of its own program alone."),
    ),
)
