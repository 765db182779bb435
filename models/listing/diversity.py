"""Diversified lists: maximal marginal relevance, and at most so many items of a category at the top.

Carbonell, Goldstein: The Use of MMR, Diversity-Based Reranking for Reordering Documents and Producing
Summaries, SIGIR 1998. Place after place goes to the item with the largest (1 - λ) · relevance - λ · likeness
to the most alike item above it, relevance being the score brought to 0…1 among the row's contenders. Only the
top is ordered anew; what is below stands as it was.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

TOP = 10  # what a page shows
CONTENDERS = 40  # for the top; what stands lower is not worth a place there


@dataclass(frozen=True)
class Diversification:
    """How lists are diversified.

    Attributes:
        weight: λ, from 0 (as scored) to 1 (as different as can be).
        most_per_category: in the top; None for no cap. A cap is never broken: where nothing else is left, the
            list ends.
    """

    weight: float = 0.0
    most_per_category: int | None = None

    def __bool__(self) -> bool:
        return self.weight > 0 or self.most_per_category is not None


def diversify_lists(
    items: np.ndarray,
    scores: np.ndarray,
    diversification: Diversification,
    likeness: sparse.csr_matrix | None,
    category: np.ndarray | None,
) -> np.ndarray:
    """The lists with their top ordered anew.

    Args:
        items: int32 [rows, n], best first, -1 where a list has ended.
        scores: float [rows, n].
        likeness: csr [items, items], 0…1; None for lists that are only capped.
        category: int [items], -1 where unknown: what has no category is under no cap; None where the shop
            names none.

    Returns:
        int32 [rows, n]: the same items, -1 last; fewer only where a cap leaves nothing to follow.
    """
    n = items.shape[1]
    m = min(CONTENDERS if diversification.most_per_category is None or category is None else n, n)
    alike = (
        compare_pairs(items[:, :m], likeness) if likeness is not None and diversification.weight > 0 else None
    )
    relevance = scale_scores(scores[:, :m], items[:, :m] >= 0)
    kind = (
        None if category is None else np.where(items[:, :m] >= 0, category[np.maximum(items[:, :m], 0)], -1)
    )
    open_ = items[:, :m] >= 0
    nearest, rows = np.zeros(relevance.shape), np.arange(len(items))
    top_places = np.full((len(items), min(TOP, m)), -1)
    for place in range(top_places.shape[1]):
        under_cap = (
            open_
            if kind is None
            else open_ & ~find_full_categories(kind, top_places[:, :place], diversification.most_per_category)
        )
        worth = np.where(
            under_cap, (1 - diversification.weight) * relevance - diversification.weight * nearest, -np.inf
        )
        best = worth.argmax(axis=1)  # among equals the one that stood higher
        has_item = np.isfinite(worth[rows, best])
        top_places[:, place] = np.where(has_item, best, -1)
        open_[rows[has_item], best[has_item]] = False
        if alike is not None:
            nearest = np.maximum(nearest, np.where(has_item[:, None], alike[rows, best], 0.0))
    return move_to_top(items, top_places)


def find_full_categories(categories: np.ndarray, top_places: np.ndarray, most: int | None) -> np.ndarray:
    """bool [rows, m]: contenders whose category has its share of the chosen places already."""
    if most is None or not top_places.shape[1]:
        return np.zeros(categories.shape, bool)
    top_categories = np.where(
        top_places >= 0, np.take_along_axis(categories, np.maximum(top_places, 0), axis=1), -2
    )
    return (categories >= 0) & ((categories[:, :, None] == top_categories[:, None, :]).sum(axis=2) >= most)


def move_to_top(items: np.ndarray, top_places: np.ndarray) -> np.ndarray:
    """The rows with these places first, the others after them in their order.

    A top that ended early ends the list: what follows would stand in it.
    """
    n = items.shape[1]
    rank = np.tile(np.arange(n) + n, (len(items), 1))
    row, place = np.nonzero(top_places >= 0)
    rank[row, top_places[row, place]] = place
    ordered = np.take_along_axis(items, np.argsort(rank, axis=1, kind="stable"), axis=1)
    length = (top_places >= 0).sum(axis=1)
    ordered[(length < min(TOP, n))[:, None] & (np.arange(n) >= length[:, None])] = -1
    return ordered


def compare_pairs(items: np.ndarray, likeness: sparse.csr_matrix) -> np.ndarray:
    """float32 [rows, m, m]: how alike the items of each list are; an item is not compared with itself."""
    alike = np.zeros((*items.shape, items.shape[1]), np.float32)
    for row, own in enumerate(items):
        places = np.flatnonzero(own >= 0)
        near = likeness[own[places]][:, own[places]].toarray()
        near = np.minimum(np.maximum(near, near.T), 1.0)
        np.fill_diagonal(near, 0.0)
        alike[row][np.ix_(places, places)] = near
    return alike


def scale_scores(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Scores brought to 0…1 row by row."""
    finite = np.where(mask, scores, np.nan)
    low, top = (
        np.nanmin(finite, axis=1, keepdims=True, initial=np.inf),
        np.nanmax(finite, axis=1, keepdims=True, initial=-np.inf),
    )
    with np.errstate(invalid="ignore"):
        return np.where(mask & (top > low), (scores - low) / np.where(top > low, top - low, 1.0), 0.0)
