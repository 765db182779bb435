"""The recommendation lists of a blend: personal ones, and the items most alike an item."""

import numpy as np

from models.blending.base import Blend
from models.inference import select_top_items
from models.listing.lists import (
    DECIMALS,
    LENGTH,
    EligibleItems,
    RecommendationLists,
    build_lists_with_sources,
)
from models.time_split import build_cell_matrix
from models.training_data import Behaviour, Customers


def build_personal_lists(
    blend: Blend,
    customers: Customers,
    allowed: np.ndarray,
    consumable: np.ndarray,
    n: int = LENGTH,
    ever: Behaviour | None = None,
) -> RecommendationLists:
    """The block's lists.

    What a customer bought is left out, unless it is consumed and bought again; such repeats fill at most half
    of a list.

    Args:
        allowed: bool [items], what may be listed for anybody.
        consumable: bool [items], what may be listed for somebody who bought it.
        ever: all the block ever did, where `customers` has the newest days alone: bought is bought, however
            long ago.
    """
    bought = build_cell_matrix((customers.behaviour if ever is None else ever).wanted()).toarray()
    return blend.list_items(customers, EligibleItems(allowed, consumable, bought), n)


def build_similar_lists(
    blend: Blend, items: np.ndarray, allowed: np.ndarray, n: int
) -> RecommendationLists | None:
    """The items most alike each of these; None when no part compares items."""
    likeness = blend.compare_items(items)
    if not likeness:
        return None
    total = np.round(np.sum(list(likeness.values()), axis=0, dtype=np.float64), DECIMALS)
    total = np.where(total > 0, total, -np.inf)
    total[np.arange(len(items)), items] = -np.inf
    return build_lists_with_sources(select_top_items(total, n, allowed)[0], total, likeness, allowed)
