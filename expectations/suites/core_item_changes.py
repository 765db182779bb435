"""What `core_item_changes` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_ITEM_CHANGES
from expectations.suites.suite import Suite, expect_each_row, expect_shop_day

SUITE = Suite(
    CORE_ITEM_CHANGES,
    (
        expect_shop_day("changed", "A change must be found on the day it was made."),
        expect_each_row(
            "something_changed",
            "old_value is distinct from new_value",
            "A change from a value to itself would be counted as one.",
        ),
    ),
)
