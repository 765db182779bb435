"""The composition of a list: a pure function of the ladder, the overrides, the eligibility filter, the number
of items, and the time.

The rungs of the ladder are used one after another until the list is full. On every rung the same order holds:
items that are not eligible or blocked are left out; boosts reorder the rest; pins take their positions. Block
beats pin beats boost.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from expectations.contracts.override import BLOCK, BOOST, PIN, Override
from expectations.contracts.snapshot import ListItem
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
    boosts: list[Override]


def compose_list(
    ladder: Iterable[Rung],
    overrides: Iterable[Override],
    is_eligible: Callable[[str], bool],
    n: int,
    now: datetime,
) -> ComposedList:
    """A recommendation list of at most `n` items: the rungs of the ladder, filtered, boosted and pinned.

    The list for a smaller `n` is the beginning of the list for a larger one.

    Args:
        ladder: lists, best first; read only as far as needed.
        overrides: those for this customer, then those for everyone, oldest first: of two pins of an item, or
            for a position, the first wins.
        is_eligible: whether an item may be shown at all.
        now: an override counts while `now < until`.
    """
    in_force = [override for override in overrides if override.is_in_force(now)]
    blocks = {override.item_id: override for override in in_force if override.kind == BLOCK}
    boosts = [override for override in in_force if override.kind == BOOST]
    applied: dict[str, None] = {}  # a set that remembers its order
    pins: dict[str, Override] = {}
    for pin in (override for override in in_force if override.kind == PIN):
        if pin.item_id in blocks:
            applied[blocks[pin.item_id].override_id] = None
        elif is_eligible(pin.item_id):
            pins.setdefault(pin.item_id, pin)
    rows: list[tuple[str, float | None, float | None, str, str]] = []
    source, waiting = "", sorted(pins.values(), key=lambda pin: pin.position)
    candidates = _iterate_candidates(ladder, blocks, boosts, pins, is_eligible, applied)
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


def _iterate_candidates(
    ladder: Iterable[Rung],
    blocks: dict[str, Override],
    boosts: list[Override],
    pins: dict[str, Override],
    is_eligible: Callable[[str], bool],
    applied: dict[str, None],
) -> Iterator[_Candidate]:
    """The items of the ladder, rung by rung, each item once; adds to `applied` the blocks that left one
    out.
    """
    seen = set(pins)
    for rung in ladder:
        rows = apply_boosts(rung.items, boosts) if boosts else ((item, item.score, []) for item in rung.items)
        for listed, score, boosts_of_item in rows:
            if listed.item_id in blocks:
                applied[blocks[listed.item_id].override_id] = None
            elif listed.item_id not in seen and is_eligible(listed.item_id):
                seen.add(listed.item_id)
                yield _Candidate(rung, listed, score, boosts_of_item)


def apply_boosts(
    items: Sequence[ListItem], boosts: list[Override]
) -> list[tuple[ListItem, float, list[Override]]]:
    """Each item with its boosted score and its boosts, sorted by boosted score; ties keep their order.

    A factor above 1 raises and one below 1 lowers; a score below zero is divided by it, so that this holds
    there too.
    """

    def boost_score(score: float, boosts_of_item: list[Override]) -> float:
        for boost in boosts_of_item:
            score = score * boost.factor if score >= 0 else score / boost.factor
        return score

    by_item = [(listed, [boost for boost in boosts if boost.item_id == listed.item_id]) for listed in items]
    rows = [(listed, boost_score(listed.score, of_item), of_item) for listed, of_item in by_item]
    return sorted(rows, key=lambda row: -row[1])


def explain_listed_item(rung: Rung, listed: ListItem, boosts: list[Override]) -> str:
    """Why an item is listed, in a sentence for the people who run the shop."""
    # "popular (by popular)" would say it twice
    recommenders = [source for source in listed.sources if source != rung.source]
    by = f" (by {', '.join(recommenders)})" if recommenders else ""
    because = f"; wanted {listed.because.item_id} on {listed.because.wanted_date}" if listed.because else ""
    boosted = "".join(f"; boosted ×{boost.factor:g} by override {boost.override_id}" for boost in boosts)
    return f"{rung.about}{by}{because}{boosted}"
