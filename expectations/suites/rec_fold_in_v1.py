"""What `rec_fold_in_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_FOLD_IN
from expectations.suites.suite import Suite, expect_each_row

SUITE = Suite(
    REC_FOLD_IN,
    (
        expect_each_row(
            "factors_fit_items",
            "size(factors) = size(item_ids) * n_components",
            "A factor out of step is another item's.",
        ),
        expect_each_row(
            "factors_are_numbers",
            "not exists(factors, x -> x is null or isnan(x))",
            "A factor that is no number spoils every sum.",
        ),
        expect_each_row(
            "items_are_placed_once",
            "size(array_distinct(item_ids)) = size(item_ids)",
            "An item stands in one place only.",
        ),
        expect_each_row(
            "trust_is_a_share",
            "not exists(trust.weight, x -> x is null or x < 0 or x > 1)",
            "It says how much of an answer the fold-in is.",
        ),
    ),
)
