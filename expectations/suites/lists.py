"""What every `rec_*_v1` must hold, whoever the list is for."""

from expectations.suites.suite import Expectation, each_row, not_null

ORDERED_LIST: tuple[Expectation, ...] = (
    each_row("list_is_not_empty", "size(items) > 0", "An empty list is a page with a hole; who has none falls back."),
    each_row(
        "items_are_named",
        "not exists(items, x -> x.item_id is null or trim(x.item_id) = '')",
        "An item without an id cannot be shown.",
    ),
    each_row(
        "items_are_named_once",
        "size(array_distinct(transform(items, x -> x.item_id))) = size(items)",
        "An item twice in a list wastes a place.",
    ),
    each_row(
        "scores_are_numbers",
        "not exists(items, x -> x.score is null or isnan(x.score))",
        "A score that is no number sorts anywhere.",
    ),
    each_row(
        "scores_fall",
        "transform(items, x -> x.score) = reverse(array_sort(transform(items, x -> x.score)))",
        "Readers take the list in its order: the best must come first.",
    ),
    each_row(
        "sources_are_named", "not exists(items, x -> x.sources is null or size(x.sources) = 0)", "Every item says its source."
    ),
    not_null("model_version", "A served answer says which model made it."),
)
