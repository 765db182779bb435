"""What `rec_steering_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_STEERING
from expectations.suites.suite import Suite, expect_each_row

KINDS = 3  # view, cart, purchase
IS_NEGATIVE = (
    "x.base is null or x.base < 0 or x.fold_in is null or x.fold_in < 0"
    " or len(list_filter(x.neighbours, lambda y: y is null or y < 0)) > 0"
    " or len(list_filter(x.transitions, lambda y: y is null or y < 0)) > 0"
)

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
            f"len(list_filter(cohorts, lambda x: {IS_NEGATIVE})) = 0",
            "An event speaks for items, never against one.",
        ),
        expect_each_row(
            "a_weight_for_each_kind",
            f"len(list_filter(cohorts, lambda x: len(x.neighbours) <> {KINDS}"
            f" or len(x.transitions) <> {KINDS})) = 0",
            "A weight out of step is another kind's.",
        ),
        expect_each_row(
            "cohorts_are_named_once",
            "len(list_distinct(list_transform(cohorts, lambda x: {'of': x.is_personal,"
            " 'to': x.most_events}))) = len(cohorts)",
            "Of two weights of one cohort the reader would take either.",
        ),
    ),
)
