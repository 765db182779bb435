"""A list and what a visitor just did in, the re-ranked candidates out. Numpy alone: the service calls it for
every answer to a visitor with live events.

A candidate is what the list holds, what is similar to an event's item, or what sessions went on with after
it. Its score is a weighted sum, an item's utility in a conditional logit (McFadden 1974) whose weights are
learned
from the shop's sessions (`learn.py`):

    base × place + Σ events 0.5^(newer events / half-life) × (neighbours[kind] × likeness
                                                              + transitions[kind] × share) + fold_in × factors

An item of one of the events has the first term alone, and is no candidate where the list lacks it: sessions
teach and judge what they go on to that is new to them (`examples.py`), so nothing says what to add to the
others.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from models.steering.weights import CohortWeights

NOTHING = np.zeros(0, np.int64), np.zeros(0)


class RelatedItems(NamedTuple):
    """A list of an event's item: item numbers, each once, and a weight of each, 0…1."""

    items: np.ndarray
    weights: np.ndarray


NO_ITEMS = RelatedItems(*NOTHING)


class EventLists(NamedTuple):
    """One event as scoring reads it: its kind (place in `KINDS`), the lists of its item, and the item's
    number; -1: it stands in no list.
    """

    kind: int
    neighbours: RelatedItems = NO_ITEMS
    transitions: RelatedItems = NO_ITEMS
    item: int = -1


class SteeredList(NamedTuple):
    """Candidates, best first.

    Attributes:
        items: int [candidates], their numbers.
        scores: float64 [candidates], descending.
        events: int [candidates], the event that speaks most for each (its place, 0 the newest); -1: none
        does.
    """

    items: np.ndarray
    scores: np.ndarray
    events: np.ndarray


FactorScores = Callable[[np.ndarray], np.ndarray]  # item numbers to their scores in the factor space


def steer(
    base: np.ndarray,
    events: Sequence[EventLists],
    weights: CohortWeights,
    half_life_places: float,
    factor_scores: FactorScores | None = None,
) -> SteeredList:
    """The candidates re-ranked. Among equal scores the place in the list decides, then the item's number.

    Args:
        base: int, the list that is steered, best first, each item once.
        events: newest first.
        factor_scores: None where the factors are not trusted.
    """
    parts, values, places = [base], [weigh_places(len(base)) * weights.base], [len(base)]
    owners = [0]
    for place, event in enumerate(events):
        strength = 0.5 ** (place / half_life_places)
        for related, weight in (
            (event.neighbours, weights.neighbours[event.kind]),
            (event.transitions, weights.transitions[event.kind]),
        ):
            if weight and len(related.items):
                parts.append(related.items)
                values.append(related.weights * (weight * strength))
                places.append(len(related.items))
                owners.append(place + 1)
    items, which = np.unique(np.concatenate(parts), return_inverse=True)
    n, rows = len(items), len(events) + 1
    cells = which + np.repeat(np.array(owners) * n, places)
    shares = np.bincount(cells, np.concatenate(values), rows * n).reshape(rows, n)
    touched = find_rows(items, [event.item for event in events])
    shares[1:, touched] = 0.0
    scores = shares.sum(axis=0)
    if factor_scores is not None and weights.fold_in:
        folded_in = weights.fold_in * factor_scores(items)
        folded_in[touched] = 0.0
        scores += folded_in
    rank = np.full(n, len(base), np.int64)
    rank[which[: len(base)]] = np.arange(len(base))
    is_candidate = np.ones(n, bool)
    is_candidate[touched[rank[touched] == len(base)]] = False  # no list but the session's own holds it
    order = np.lexsort((rank, -scores))
    order = order[is_candidate[order]]
    if not events:
        return SteeredList(items[order], scores[order], np.full(n, -1))
    speaking = shares[1:, order]
    strongest = speaking.argmax(axis=0)
    is_spoken_for = speaking.max(axis=0) > 0
    return SteeredList(items[order], scores[order], np.where(is_spoken_for, strongest, -1))


def find_rows(items: np.ndarray, wanted: Sequence[int]) -> np.ndarray:
    """int: the rows of those of these items that are there; `items` ascending, each once."""
    rows = np.minimum(np.searchsorted(items, wanted), max(len(items) - 1, 0))
    return rows[items[rows] == wanted] if len(items) else np.zeros(0, np.int64)


def weigh_places(n: int) -> np.ndarray:
    """float64 [n]: 1 for the first place, falling with the logarithm, nought one behind the last: demand over
    places falls by a power (Zipf), so its utility by the logarithm.
    """
    return 1.0 - np.log1p(np.arange(n)) / np.log1p(max(n, 1))


def relate_items(items: Sequence[int], scores: Sequence[float]) -> RelatedItems:
    """A list as scoring reads it: scores as shares of its best, since lists of different makers have scales
    of their own.
    """
    values = np.maximum(np.asarray(scores, np.float64), 0.0)
    best = values.max(initial=0.0)
    return RelatedItems(np.asarray(items, np.int64), values / best if best else values)
