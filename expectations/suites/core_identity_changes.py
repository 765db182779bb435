"""What `core_identity_changes` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_CHANGES
from expectations.suites.suite import Suite, customers, each_row, not_null, one_of

SUITE = Suite(
    CORE_IDENTITY_CHANGES,
    (
        one_of(
            "change",
            ("created", "merged", "split", "renamed", "retired"),
            "Resolving an old id follows these and no others.",
        ),
        customers("customer_id"),
        customers("to_customer_id"),
        not_null("to_customer_id", "An id that leads nowhere cannot be resolved."),
        not_null("because", "Every change says why."),
        each_row(
            "created_is_itself",
            "change <> 'created' or customer_id = to_customer_id",
            "A new id stands for itself.",
        ),
        each_row(
            "no_address_in_because",
            "because not like '%@%'",
            "The log outlives an erasure: it may hold no personal value.",
        ),
    ),
)
