"""One rung ranked: fatigue, boosts and buries change the score of some of its items."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from expectations.contracts.census import fold_categories
from expectations.contracts.override import TO_THE_END, Override
from expectations.contracts.snapshot import ListItem
from serving_app.recommendations.decision import Rules
from serving_app.recommendations.ladder import Rung, find_places, list_item_ids

DECIMALS = 9  # of a score that a factor has changed: what is behind them is a float's own


class Candidate(NamedTuple):
    """An item that a rung offers, with its score after fatigue and boosts."""

    rung: Rung
    listed: ListItem
    score: float
    fatigue: float = 1.0
    boosts: Sequence[Override] = ()


def rank_rung(rung: Rung, rules: Rules, fatigue: Mapping[str, float]) -> Iterable[Candidate]:
    """The candidates of a rung by score after fatigue and boosts. Those whose score changes find their place
    among the others, which keep their order; so do ties. What is buried to the end stands behind all others.
    """
    boosts = find_boosts(rung, rules)
    if not boosts and (not fatigue or not find_places(rung.items, fatigue.keys())):
        return (Candidate(rung, listed, listed.score) for listed in rung.items)
    return merge_scaled(rung, boosts, fatigue)


def find_boosts(rung: Rung, rules: Rules) -> Mapping[str, Sequence[Override]]:
    """The boosts and buries of a rung's items, of those that any concerns."""
    if not rules.overrides.has_boosts:
        return {}
    return rules.overrides.find_boosts(
        lambda item_ids: find_places(rung.items, item_ids),
        lambda: {item_id: list_categories(rules, item_id) for item_id in list_item_ids(rung.items)},
    )


def merge_scaled(
    rung: Rung, boosts: Mapping[str, Sequence[Override]], fatigue: Mapping[str, float]
) -> Iterator[Candidate]:
    """The candidates of a rung in which boosts or fatigue change the score of some."""
    scaled, buried, scaled_places = [], [], set()
    for item_id, place in find_places(rung.items, boosts.keys() | fatigue.keys()).items():
        own_boosts, factor, listed = boosts.get(item_id, ()), fatigue.get(item_id, 1.0), rung.items[place]
        score = scale_score(listed.score, factor, own_boosts)
        row = (-score, place, Candidate(rung, listed, round(score, DECIMALS), factor, own_boosts))
        (buried if is_buried_to_end(own_boosts) else scaled).append(row)
        scaled_places.add(place)
    scaled.sort(key=lambda row: row[:2])
    waiting = deque(scaled)
    for place, listed in enumerate(rung.items):
        if place in scaled_places:
            continue
        while waiting and waiting[0][:2] < (-listed.score, place):
            yield waiting.popleft()[2]
        yield Candidate(rung, listed, listed.score)
    for _, _, candidate in (*waiting, *sorted(buried, key=lambda row: row[:2])):
        yield candidate


def is_buried_to_end(boosts: Sequence[Override]) -> bool:
    """Whether one of the boosts and buries of an item puts it behind all others."""
    return any(boost.factor == TO_THE_END for boost in boosts)


def scale_score(score: float, fatigue: float, boosts: Sequence[Override]) -> float:
    """A score after fatigue and boosts.

    A factor above 1 raises and one below 1 lowers; a score below zero is divided by it, so that this holds
    there too. What is buried to the end keeps its score, or 0 if that is lower.
    """
    for factor, _ in list_factors(fatigue, boosts):
        score = scale_once(score, factor)
    return score


def list_factors(fatigue: float, boosts: Sequence[Override]) -> Iterator[tuple[float, Override | None]]:
    """The factors of a score in their order, each with its override, up to one that sends it to the end."""
    for factor, boost in ((fatigue, None), *((boost.factor, boost) for boost in boosts)):
        yield factor, boost
        if factor == TO_THE_END:
            return


def scale_once(score: float, factor: float) -> float:
    """A score after one factor."""
    if factor == TO_THE_END:
        return min(score, 0.0)
    return score * factor if score >= 0 else score / factor


def list_categories(rules: Rules, item_id: str) -> tuple[str, ...]:
    """The categories an item belongs to, as overrides compare them; none where no override names one."""
    if not rules.overrides.has_category_rules:
        return ()
    item = rules.read_item(item_id)
    return fold_categories(item.category, item.category_path) if item else ()
