"""The composition of a list: a pure function of the ladder, the overrides, the hard filters, the number
of items, and the time.

The rungs of the ladder are used one after another until the list is full. On every rung the same order holds:
items that are not eligible or blocked are left out; boosts and buries reorder the rest; pins take their
positions. Block beats pin beats boost and bury.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from expectations.contracts.override import BURY, TO_THE_END, Override
from expectations.contracts.snapshot import ListItem
from serving_app.overrides.rule_set import RuleSet
from serving_app.recommendations.ladder import OVERRIDE, STATIC, Rung


class ComposedItem(NamedTuple):
    """One item of a list.

    Attributes:
        score: what orders the items of one source: the recommender's score, boosts applied; None for a pinned
            item.
        base_score: the recommender's own; None for a pinned item.
    """

    item_id: str
    rank: int
    score: float | None
    base_score: float | None
    source: str
    reason: str


@dataclass(frozen=True)
class ComposedList:
    """A list as it may be shown.

    Attributes:
        source: of the first rung that gave an item.
        applied_overrides: ids of the overrides that changed the list.
    """

    source: str
    items: tuple[ComposedItem, ...]
    applied_overrides: tuple[str, ...]


EMPTY_LIST = ComposedList(STATIC, (), ())


class _Candidate(NamedTuple):
    """An item that a rung offers, with its boosted score."""

    rung: Rung
    listed: ListItem
    score: float
    boosts: tuple[Override, ...]


def compose_list(
    ladder: Iterable[Rung],
    rules: RuleSet,
    is_eligible: Callable[[str], bool],
    get_categories: Callable[[str], Sequence[str]],
    n: int,
) -> ComposedList:
    """A recommendation list of at most `n` items: the rungs of the ladder, filtered, boosted and pinned.

    The list for a smaller `n` is the beginning of the list for a larger one.

    Args:
        ladder: lists, best first; read only as far as needed.
        rules: the overrides in force for this visitor.
        is_eligible: whether an item may be shown at all.
        get_categories: those an item belongs to, folded; asked only where a rule is for a category.
    """
    applied: dict[str, None] = {}  # a set that remembers its order
    waiting: list[Override] = []
    for pin in rules.pins:
        if block := _find_block(rules, get_categories, pin.item_id):
            applied[block.override_id] = None
        elif is_eligible(pin.item_id):
            waiting.append(pin)
    rows: list[tuple[str, float | None, float | None, str, str]] = []
    source = ""
    seen = {pin.item_id for pin in waiting}
    candidates = _iterate_candidates(ladder, rules, is_eligible, get_categories, (seen, applied))
    while len(rows) < n:
        is_pin_due = waiting and waiting[0].position <= len(rows) + 1
        candidate = None if is_pin_due else next(candidates, None)
        if candidate:
            rung, listed, score, boosts_of_item = candidate
            source = source or rung.source
            explanation = explain_listed_item(rung, listed, boosts_of_item)
            rows.append((listed.item_id, score, listed.score, rung.source, explanation))
            applied.update(dict.fromkeys(boost.override_id for boost in boosts_of_item))
        elif waiting:  # a pin is due, or nothing else is left
            pin = waiting.pop(0)
            explanation = f"pinned at place {pin.position} by override {pin.override_id}"
            rows.append((pin.item_id, None, None, OVERRIDE, explanation))
            applied[pin.override_id] = None
        else:
            break
    items = tuple(ComposedItem(item_id, rank, *rest) for rank, (item_id, *rest) in enumerate(rows, start=1))
    return ComposedList(source or (OVERRIDE if items else STATIC), items, tuple(applied))


def _find_block(
    rules: RuleSet, get_categories: Callable[[str], Sequence[str]], item_id: str
) -> Override | None:
    if not rules.has_blocks:
        return None
    return rules.find_block(item_id, get_categories(item_id) if rules.has_category_rules else ())


def _iterate_candidates(
    ladder: Iterable[Rung],
    rules: RuleSet,
    is_eligible: Callable[[str], bool],
    get_categories: Callable[[str], Sequence[str]],
    seen_and_applied: tuple[set[str], dict[str, None]],
) -> Iterator[_Candidate]:
    """The items of the ladder, rung by rung, each item once; adds to `applied` the blocks that left one
    out.
    """
    seen, applied = seen_and_applied
    for rung in ladder:
        for listed, score, boosts in apply_boosts(rung.items, rules, get_categories):
            if block := _find_block(rules, get_categories, listed.item_id):
                applied[block.override_id] = None
            elif listed.item_id not in seen and is_eligible(listed.item_id):
                seen.add(listed.item_id)
                yield _Candidate(rung, listed, score, boosts)


def apply_boosts(
    items: Sequence[ListItem], rules: RuleSet, get_categories: Callable[[str], Sequence[str]]
) -> Iterable[tuple[ListItem, float, tuple[Override, ...]]]:
    """Each item with its boosted score and its boosts and buries, sorted by boosted score; ties keep their
    order.

    A factor above 1 raises and one below 1 lowers; a score below zero is divided by it, so that this holds
    there too. What is buried to the end stands behind all others and keeps its score, or 0 if that is lower.
    """
    if not rules.has_boosts:
        return ((listed, listed.score, ()) for listed in items)

    def boost_score(score: float, boosts: tuple[Override, ...]) -> float:
        for boost in boosts:
            if boost.factor == TO_THE_END:
                return min(score, 0.0)
            score = score * boost.factor if score >= 0 else score / boost.factor
        return score

    def is_at_end(boosts: tuple[Override, ...]) -> bool:
        return any(boost.factor == TO_THE_END for boost in boosts)

    by_item = [
        (
            listed,
            rules.list_boosts(
                listed.item_id, get_categories(listed.item_id) if rules.has_category_rules else ()
            ),
        )
        for listed in items
    ]
    rows = [(listed, boost_score(listed.score, boosts), boosts) for listed, boosts in by_item]
    return sorted(rows, key=lambda row: (is_at_end(row[2]), -row[1]))


def explain_listed_item(rung: Rung, listed: ListItem, boosts: Sequence[Override]) -> str:
    """Why an item is listed, in a sentence for the people who run the shop."""
    # "popular (by popular)" would say it twice
    recommenders = [source for source in listed.sources if source != rung.source]
    by = f" (by {', '.join(recommenders)})" if recommenders else ""
    because = f"; wanted {listed.because.item_id} on {listed.because.wanted_date}" if listed.because else ""
    boosted = "".join(f"; {describe_boost(boost)} by override {boost.override_id}" for boost in boosts)
    return f"{rung.about}{by}{because}{boosted}"


def describe_boost(boost: Override) -> str:
    """What a boost or bury does, in words."""
    if boost.factor == TO_THE_END:
        return "buried to the end"
    return f"{'buried' if boost.kind == BURY else 'boosted'} ×{boost.factor:g}"
