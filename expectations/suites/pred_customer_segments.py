"""What `pred_customer_segments` must hold before anybody may read it."""

from expectations.contracts.lake import PRED_CUSTOMER_SEGMENTS
from expectations.suites.suite import Suite, expect_customer_ids, expect_each_row

SUITE = Suite(
    PRED_CUSTOMER_SEGMENTS,
    (
        expect_customer_ids(),
        expect_each_row(
            "leaves_after_entering",
            "left_date is null or left_date > entered_date",
            "A stay that ends before it begins has no day.",
        ),
        expect_each_row("score_is_a_number", "isfinite(score)", "NaN passes every comparison of a reader."),
    ),
)
