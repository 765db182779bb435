"""What `feat_customer_traits` must hold before a profile has it."""

from expectations.contracts.lake import FEAT_CUSTOMER_TRAITS
from expectations.suites.suite import Suite, expect_customer_ids, expect_match

SUITE = Suite(
    FEAT_CUSTOMER_TRAITS,
    (
        expect_customer_ids(),
        expect_match("traits", r"^\{.*\}$", "The service answers with them by name."),
    ),
)
