"""What `core_identifiers` must hold before anyone reads it. It holds personal values: results are counts."""

from expectations.contracts.identifiers import KINDS, SHARED_KINDS
from expectations.contracts.lake import CORE_IDENTIFIERS
from expectations.suites.suite import (
    Suite,
    expect_each_row,
    expect_identifier_ids,
    expect_one_of,
    expect_unique,
)

SHARED = ", ".join(f"'{kind}'" for kind in SHARED_KINDS)

SUITE = Suite(
    CORE_IDENTIFIERS,
    (
        expect_one_of("kind", KINDS, "The identity graph knows what to follow by kind."),
        *expect_identifier_ids("identifier_id"),
        expect_unique(
            ("kind", "source", "value_normalised"), "One identifier under two ids is one person in two parts."
        ),
        expect_each_row(
            "source_where_local",
            f"(kind in ({SHARED})) = (source is null)",
            "Equal numbers of two systems meet by accident when the source is missing.",
        ),
        expect_each_row(
            "value_is_not_blank",
            "trim(value_normalised) <> ''",
            "A blank identifier joins everyone who left it out.",
        ),
    ),
)
