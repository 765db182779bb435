"""Recommendation lists from scores: eligible items, at most half of them bought before, and the parts that
proposed each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.inference import select_top_items

LENGTH = 100
# A page that wants only new things finds enough of them in every list.
MOST_REPEATS = 50
DECIMALS = 6  # beyond, a product of float32 factors depends on the size of the block


@dataclass(frozen=True)
class RecommendationLists:
    """The recommendation lists of a block of customers or items.

    Attributes:
        items: int32 [rows, n], best first, -1 where a list has ended.
        scores: float64 [rows, n], descending.
        sources: uint32 [rows, n]: bit p is set when part p of `names` proposed the item.
        names: names of the parts.
    """

    items: np.ndarray
    scores: np.ndarray
    sources: np.ndarray
    names: tuple[str, ...]


@dataclass(frozen=True)
class EligibleItems:
    """What may be listed for the customers of a block.

    Attributes:
        allowed: bool [items], what may be listed for anybody.
        consumable: bool [items], what may be listed for somebody who bought it.
        bought: bool [rows, items], what each customer bought.
    """

    allowed: np.ndarray
    consumable: np.ndarray
    bought: np.ndarray


def select_best_items(total: np.ndarray, eligible: EligibleItems, n: int) -> np.ndarray:
    """int32 [rows, n], best first: at most half of them bought before, and those only where they are
    consumed.
    """
    allowed, bought = eligible.allowed, eligible.bought
    fresh, _ = select_top_items(total, n, allowed & ~bought)
    repeated, _ = select_top_items(total, min(MOST_REPEATS, n // 2), allowed & bought & eligible.consumable)
    return sort_items_by_score(np.concatenate([fresh, repeated], axis=1), total)[:, :n]


def select_scores(total: np.ndarray, items: np.ndarray) -> np.ndarray:
    """float [rows, n]: the scores of listed items; -inf for none."""
    return np.where(items >= 0, np.take_along_axis(total, np.maximum(items, 0), axis=1), -np.inf)


def sort_items_by_score(items: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Each row's items by score, best first, among equals the lower position; -1 last."""
    return np.take_along_axis(items, np.lexsort((items, -select_scores(scores, items)), axis=1), axis=1)


def build_lists_with_sources(
    items: np.ndarray, scores: np.ndarray, shares: Mapping[str, np.ndarray], allowed: np.ndarray
) -> RecommendationLists:
    """Lists of these items, with the parts that proposed each.

    Args:
        items: int32 [rows, n], -1 for none.
        scores: float64 [rows, items].
        shares: by part, float [rows, items]: what it adds to the score.
        allowed: bool [items].
    """
    names, place = tuple(shares), np.maximum(items, 0)
    sources = np.zeros(items.shape, np.uint32)
    item_shares = np.stack([np.take_along_axis(shares[name], place, axis=1) for name in names])
    for bit, name in enumerate(names):
        own = np.where(allowed, shares[name], 0.0)
        n = min(LENGTH, own.shape[1])
        # A part proposed what is among the best of its own list; the rest it merely did not object to.
        threshold = -np.partition(-own, n - 1, axis=1)[:, n - 1 : n]
        sources |= np.where(
            (item_shares[bit] > 0) & (item_shares[bit] >= threshold), np.uint32(1 << bit), np.uint32(0)
        )
    strongest = np.uint32(1) << item_shares.argmax(axis=0).astype(np.uint32)
    return RecommendationLists(
        items, select_scores(scores, items), np.where(sources == 0, strongest, sources), names
    )


def decode_source_names(mask: int, names: Sequence[str]) -> list[str]:
    """The names a bit mask stands for."""
    return [name for bit, name in enumerate(names) if mask >> bit & 1]
