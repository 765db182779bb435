"""What is answered: a pure function of the lists, the overrides, the facts of items, how many are wanted, and
the time.

The ladder (personal, audience, popular) is climbed down until the answer is full. On every rung the same
order holds: what may not be shown or is blocked is left out; boosts reorder what is left; pins take their
places. Block beats pin beats boost.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from expectations.contracts.snapshot import Item, ListItem
from serving_app.overrides.index import BLOCK, BOOST, PIN, Override

PERSONAL, AUDIENCE, POPULAR, SIMILAR, OVERRIDE, STATIC = (
    "personal",
    "audience",
    "popular",
    "similar",
    "override",
    "static",
)


class Rung(NamedTuple):
    """One list of the ladder: its source, and what it is a list of, in words."""

    source: str
    about: str
    items: Sequence[ListItem]


class Served(NamedTuple):
    """One item of an answer.

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
class Decision:
    """An answer's content. `source` is that of the first rung that gave an item; `applied` are ids of
    overrides that mattered.
    """

    source: str
    items: tuple[Served, ...]
    applied: tuple[str, ...]


def decide(
    ladder: Iterable[Rung],
    overrides: Iterable[Override],
    facts: Callable[[str], Item | None],
    n: int,
    now: datetime,
) -> Decision:
    """Choose at most `n` items.

    The answer for a smaller `n` is the beginning of the answer for a larger one.

    Args:
        ladder: lists, best first; read only as far as needed.
        overrides: those for this customer, then those for everyone, oldest first: of two pins of an item, or
            for a place, the first wins.
        facts: an item's facts, None for an unknown item, which is never shown.
        now: an override counts while `now < until`.
    """
    rules = [one for one in overrides if one.in_force(now)]
    blocks = {one.item_id: one for one in rules if one.kind == BLOCK}
    applied: dict[str, None] = {}

    def may_show(item_id: str) -> bool:
        found = facts(item_id)
        return found is not None and found.may_be_shown

    pins: dict[str, Override] = {}
    for one in (one for one in rules if one.kind == PIN):
        if one.item_id in blocks:
            applied[blocks[one.item_id].override_id] = None
        elif may_show(one.item_id):
            pins.setdefault(one.item_id, one)
    boosts = [one for one in rules if one.kind == BOOST]
    places: list[tuple[str, float | None, float | None, str, str]] = []
    source, waiting = "", sorted(pins.values(), key=lambda one: one.position)
    candidates = _candidates(ladder, blocks, boosts, pins, may_show, applied)
    while len(places) < n:
        is_pins_turn = waiting and waiting[0].position <= len(places) + 1
        offered = None if is_pins_turn else next(candidates, None)
        if offered:
            rung, listed, score, boosted_by = offered
            source = source or rung.source
            places.append(
                (listed.item_id, score, listed.score, rung.source, reason(rung, listed, boosted_by))
            )
            applied.update(dict.fromkeys(boost.override_id for boost in boosted_by))
        elif waiting:  # its turn, or nothing else is left
            pin = waiting.pop(0)
            places.append(
                (
                    pin.item_id,
                    None,
                    None,
                    OVERRIDE,
                    f"pinned at place {pin.position} by override {pin.override_id}",
                )
            )
            applied[pin.override_id] = None
        else:
            break
    items = tuple(Served(item_id, rank, *rest) for rank, (item_id, *rest) in enumerate(places, start=1))
    return Decision(source or (OVERRIDE if items else STATIC), items, tuple(applied))


def _candidates(
    ladder: Iterable[Rung],
    blocks: dict[str, Override],
    boosts: list[Override],
    pins: dict[str, Override],
    may_show: Callable[[str], bool],
    applied: dict[str, None],
) -> Iterator[tuple[Rung, ListItem, float, list[Override]]]:
    """What the ladder offers, rung by rung, each item once, with its score and the boosts in it; notes blocks
    that held.
    """
    seen = set(pins)
    for rung in ladder:
        offered = (
            boosted(rung.items, boosts) if boosts else ((listed, listed.score, []) for listed in rung.items)
        )
        for listed, score, boosted_by in offered:
            if listed.item_id in blocks:
                applied[blocks[listed.item_id].override_id] = None
            elif listed.item_id not in seen and may_show(listed.item_id):
                seen.add(listed.item_id)
                yield rung, listed, score, boosted_by


def boosted(
    items: Sequence[ListItem], boosts: list[Override]
) -> list[tuple[ListItem, float, list[Override]]]:
    """Each item with its boosted score and the boosts in it, in the order of those scores, ties as they
    stood.

    A factor above 1 raises and one below 1 lowers; below zero a score is divided by it, so that this holds
    there too.
    """

    def score(value: float, factors: list[Override]) -> float:
        for boost in factors:
            value = value * boost.factor if value >= 0 else value / boost.factor
        return value

    of_item = [(listed, [boost for boost in boosts if boost.item_id == listed.item_id]) for listed in items]
    scored = [(listed, score(listed.score, factors), factors) for listed, factors in of_item]
    return sorted(scored, key=lambda row: -row[1])


def reason(rung: Rung, listed: ListItem, boosted_by: list[Override]) -> str:
    """Why an item is there, in words for the people who run the shop."""
    named = [
        source for source in listed.sources if source != rung.source
    ]  # "popular (by popular)" says it twice
    by = f" (by {', '.join(named)})" if named else ""
    moved = "".join(f"; boosted ×{boost.factor:g} by override {boost.override_id}" for boost in boosted_by)
    because = f"; wanted {listed.because.item_id} on {listed.because.wanted_date}" if listed.because else ""
    return f"{rung.about}{by}{because}{moved}"
