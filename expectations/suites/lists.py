"""What every `rec_*_v1` must hold, whoever the list is for."""

from expectations.suites.suite import Expectation, expect_each_row, expect_not_null

ORDERED_LIST: tuple[Expectation, ...] = (
    expect_each_row(
        "list_is_not_empty",
        "size(items) > 0",
        "An empty list is a page with a hole; who has none falls back.",
    ),
    expect_each_row(
        "items_are_named",
        "not exists(items.item_id, x -> x is null or trim(x) = '')",
        "An item without an id cannot be shown.",
    ),
    expect_each_row(
        "items_are_named_once",
        "size(array_distinct(items.item_id)) = size(items)",
        "An item twice in a list wastes a place.",
    ),
    expect_each_row(
        "scores_are_numbers",
        "not exists(items.score, x -> x is null or isnan(x))",
        "A score that is no number sorts anywhere.",
    ),
    expect_each_row(
        "scores_fall",
        "items.score = sort_array(items.score, false)",
        "Readers take the list in its order: the best must come first.",
    ),
    expect_each_row(
        "sources_are_named",
        "not exists(items.sources, x -> x is null or size(x) = 0)",
        "Every item says its source.",
    ),
    expect_not_null("model_version", "A served answer says which model made it."),
)
