"""What `core_identity_changes` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_CHANGES
from expectations.suites.suite import (
    Suite,
    expect_customer_ids,
    expect_each_row,
    expect_not_null,
    expect_one_of,
)

SUITE = Suite(
    CORE_IDENTITY_CHANGES,
    (
        expect_one_of(
            "change",
            ("created", "merged", "split", "renamed", "retired"),
            "Resolving an old id follows these and no others.",
        ),
        expect_customer_ids("customer_id"),
        expect_customer_ids("to_customer_id"),
        expect_not_null("to_customer_id", "An id that leads nowhere cannot be resolved."),
        expect_not_null("because", "Every change says why."),
        expect_each_row(
            "created_is_itself",
            "change <> 'created' or customer_id = to_customer_id",
            "A new id stands for itself.",
        ),
        expect_each_row(
            "no_address_in_because",
            "because not like '%@%'",
            "The log outlives an erasure: it may hold no personal value.",
        ),
    ),
)
