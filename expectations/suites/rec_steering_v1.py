"""What `rec_steering_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_STEERING
from expectations.suites.suite import Suite, expect_each_row

KINDS = 3  # view, cart, purchase

SUITE = Suite(
    REC_STEERING,
    (
        expect_each_row(
            "half_life_is_positive",
            "half_life_places > 0",
            "Nothing can be halved after no places.",
        ),
        expect_each_row(
            "weights_are_not_negative",
            "not exists(cohorts.base, x -> x is null or x < 0)"
            " and not exists(cohorts.fold_in, x -> x is null or x < 0)"
            " and not exists(flatten(cohorts.neighbours), x -> x is null or x < 0)"
            " and not exists(flatten(cohorts.transitions), x -> x is null or x < 0)",
            "An event speaks for items, never against one.",
        ),
        expect_each_row(
            "a_weight_for_each_kind",
            f"not exists(cohorts.neighbours, x -> size(x) != {KINDS})"
            f" and not exists(cohorts.transitions, x -> size(x) != {KINDS})",
            "A weight out of step is another kind's.",
        ),
        expect_each_row(
            "cohorts_are_named_once",
            "size(array_distinct(arrays_zip(cohorts.is_personal, cohorts.most_events))) = size(cohorts)",
            "Of two weights of one cohort the reader would take either.",
        ),
    ),
)
