"""What `rec_fold_in_v1` must hold before it may be published."""

from expectations.contracts.lake import REC_FOLD_IN
from expectations.suites.suite import Suite, expect_each_row

SUITE = Suite(
    REC_FOLD_IN,
    (
        expect_each_row(
            "factors_fit_items",
            "len(factors) = len(item_ids) * n_components",
            "A factor out of step is another item's.",
        ),
        expect_each_row(
            "factors_are_numbers",
            "len(list_filter(factors, lambda x: x is null or isnan(x))) = 0",
            "A factor that is no number spoils every sum.",
        ),
        expect_each_row(
            "items_are_placed_once",
            "len(list_distinct(list_transform(item_ids, lambda x: {'id': x}))) = len(item_ids)",
            "An item stands in one place only.",
        ),
        expect_each_row(
            "trust_is_a_share",
            "len(list_filter(trust, lambda x: x.weight is null or x.weight < 0 or x.weight > 1)) = 0",
            "It says how much of an answer the fold-in is.",
        ),
    ),
)
