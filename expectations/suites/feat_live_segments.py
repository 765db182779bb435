"""What `feat_live_segments` must hold before the service lives by it."""

from expectations.contracts.lake import FEAT_LIVE_SEGMENTS
from expectations.suites.suite import Suite, expect_match

SUITE = Suite(
    FEAT_LIVE_SEGMENTS,
    (
        expect_match("segment_id", "^[a-z][a-z0-9_]*$", "A profile and an override name segments so."),
        expect_match("version", "^[0-9a-f]{12}$", "A transition says which text of its definition decided."),
    ),
)
