"""What `rec_audience_items_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_AUDIENCE_ITEMS
from expectations.suites.lists import ORDERED_LIST
from expectations.suites.suite import Suite, expect_match, expect_values_present

SUITE = Suite(
    REC_AUDIENCE_ITEMS,
    (
        expect_match(
            "audience",
            "^(?:popular|new|country:.+|segment:.+)$",
            "The service looks lists up by these names alone.",
        ),
        expect_values_present("audience", ("popular",), "It is the last list anyone falls back to."),
        *ORDERED_LIST,
    ),
)
