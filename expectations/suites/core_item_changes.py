"""What `core_item_changes` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_ITEM_CHANGES
from expectations.suites.suite import Suite, day_of, each_row

SUITE = Suite(
    CORE_ITEM_CHANGES,
    (
        day_of("changed", "A change must be found on the day it was made."),
        each_row(
            "something_changed",
            "not (old_value <=> new_value)",
            "A change from a value to itself would be counted as one.",
        ),
    ),
)
