"""What `pred_customer_scores` must hold before anybody may read it."""

from expectations.contracts.lake import PRED_CUSTOMER_SCORES
from expectations.suites.suite import (
    Suite,
    expect_between,
    expect_customer_ids,
    expect_each_row,
    expect_match,
)

SUITE = Suite(
    PRED_CUSTOMER_SCORES,
    (
        expect_customer_ids(),
        expect_match("trait", "^(purchase|churn|spend)_[0-9]+d$", "A reader chooses by the trait's name."),
        expect_between("probability", 0, 1, "A probability lies between 0 and 1."),
        expect_between("expected_spend", 0, None, "Nobody is expected to earn by shopping."),
        expect_each_row(
            "one_value",
            "(probability is null) <> (expected_spend is null)",
            "A score is a probability or an amount.",
        ),
        expect_each_row(
            "value_is_a_number",
            "isfinite(coalesce(probability, expected_spend, 0))",
            "NaN passes every comparison of a reader.",
        ),
        expect_each_row(
            "decile_is_of_its_percentile",
            "decile = (percentile + 9) // 10",
            "The two would put a customer into different groups.",
        ),
        expect_each_row(
            "one_day",
            "scored_date = max(scored_date) over ()",
            "A score of an earlier night was left behind.",
            looks_across_rows=True,
        ),
    ),
)
