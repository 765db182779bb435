"""What `core_identities` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITIES
from expectations.suites.suite import WARN, Suite, expect_customer_ids, expect_each_row, expect_identifier_ids

SUITE = Suite(
    CORE_IDENTITIES,
    (
        *expect_identifier_ids("identifier_id"),
        expect_customer_ids(),
        expect_each_row(
            "customer_has_few_identifiers",
            "count(*) over (partition by customer_id) <= 100",
            "A customer of more than a hundred identifiers is more often several people joined by mistake.",
            WARN,
            looks_across_rows=True,
        ),
        expect_each_row(
            "founder_is_among_them",
            "bool_or('c_' || substring(sha256(identifier_id), 1, 24) = customer_id) over (partition by"
            " customer_id)",
            "A customer id is the hash of one of the customer's own identifiers, or it cannot be worked out"
            " again.",
            looks_across_rows=True,
        ),
    ),
)
