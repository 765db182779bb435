"""What every `rec_*_v1` must hold, whoever the list is for."""

from expectations.suites.suite import Expectation, expect_each_row, expect_not_null

ORDERED_LIST: tuple[Expectation, ...] = (
    expect_each_row(
        "list_is_not_empty",
        "len(items) > 0",
        "An empty list is a page with a hole; who has none falls back.",
    ),
    expect_each_row(
        "items_are_named",
        "len(list_filter(items, lambda x: x.item_id is null or trim(x.item_id) = '')) = 0",
        "An item without an id cannot be shown.",
    ),
    expect_each_row(
        "items_are_named_once",
        "len(list_distinct(list_transform(items, lambda x: {'id': x.item_id}))) = len(items)",
        "An item twice in a list wastes a place.",
    ),
    expect_each_row(
        "scores_are_numbers",
        "len(list_filter(items, lambda x: x.score is null or isnan(x.score))) = 0",
        "A score that is no number sorts anywhere.",
    ),
    expect_each_row(
        "scores_fall",
        "list_transform(items, lambda x: x.score)"
        " = list_reverse_sort(list_transform(items, lambda x: x.score), 'nulls last')",
        "Readers take the list in its order: the best must come first.",
    ),
    expect_each_row(
        "sources_are_named",
        "len(list_filter(items, lambda x: x.sources is null or len(x.sources) = 0)) = 0",
        "Every item says its source.",
    ),
    expect_not_null("model_version", "A served answer says which model made it."),
)
