"""What `core_identity_likeness` must hold before anyone reads it."""

from expectations.contracts.lake import CORE_IDENTITY_LIKENESS
from expectations.suites.suite import Suite, expect_between, expect_each_row

SUITE = Suite(
    CORE_IDENTITY_LIKENESS,
    (
        expect_each_row(
            "in_order",
            "source_a < source_b or (source_a = source_b and record_id_a < record_id_b)",
            "A pair stands once, or a record is like itself.",
        ),
        expect_between("probability", 0.0, 1.0, "The thresholds of the rules file are probabilities."),
        expect_each_row(
            "no_value_in_agreements",
            "len(list_filter(map_values(agreements), lambda x:"
            " not regexp_matches(x, '^[A-Za-z0-9 ,-]+ [+-][0-9.]+$'))) = 0",
            "An agreement names a level and its bits: a name or an address would be a personal value out of"
            " its place.",
        ),
    ),
)
