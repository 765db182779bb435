"""From scores to lists: what may be shown, how much of it may be a repeat, and which recommenders proposed
it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.base import Behaviour, Customers
from models.blending.candidates import Candidates
from models.blending.learned import LearnedBlend
from models.blending.weighted import Blend
from models.inference import top_n
from models.time_split import cells

LENGTH = 100
# A page that wants only new things finds enough of them in every list.
MOST_REPEATS = 50
DECIMALS = 6  # beyond, a product of float32 factors depends on the size of the block


@dataclass(frozen=True)
class Lists:
    """Ranked lists of a block.

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


def personal(
    blend: Blend | LearnedBlend,
    customers: Customers,
    allowed: np.ndarray,
    consumable: np.ndarray,
    n: int = LENGTH,
    ever: Behaviour | None = None,
) -> Lists:
    """The block's lists.

    What a customer bought is left out, unless it is consumed and bought again; such repeats fill at most half
    of a list.

    Args:
        allowed: bool [items], what may be shown to anybody.
        consumable: bool [items], what may be shown to somebody who bought it.
        ever: all the block ever did, where `customers` knows of the newest days alone: bought is bought,
            however long ago.
    """
    bought = cells((customers.behaviour if ever is None else ever).wanted()).toarray()
    if isinstance(blend, LearnedBlend):
        return _learned(blend, customers, allowed, bought, consumable, n)
    units = {part.name: blend.brought(part.score(customers)) for part in blend.parts}
    total = np.round(blend.combine(units).astype(np.float64), DECIMALS)
    items = _first(total, allowed, bought, consumable, n)
    return _with_sources(items, total, {name: blend.weights[name] * units[name] for name in units}, allowed)


def _first(
    total: np.ndarray, allowed: np.ndarray, bought: np.ndarray, consumable: np.ndarray, n: int
) -> np.ndarray:
    """The n best of each row, of what was bought at most half, and that only where it is consumed."""
    fresh, _ = top_n(total, n, allowed & ~bought)
    repeated, _ = top_n(total, min(MOST_REPEATS, n // 2), allowed & bought & consumable)
    return best_first(np.concatenate([fresh, repeated], axis=1), total)[:, :n]


def _learned(
    blend: LearnedBlend,
    customers: Customers,
    allowed: np.ndarray,
    bought: np.ndarray,
    consumable: np.ndarray,
    n: int,
) -> Lists:
    """Lists of a ranker: what no part proposed is in none, and who proposed it is known of every
    candidate.
    """
    at, total = _opened(blend, customers, allowed)
    sources = np.zeros(bought.shape, np.uint32)
    sources[at.row, at.item] = at.sources
    items = _varied(blend, total, allowed, bought, consumable, n)
    # Where variety moved an item down, those below it are told with no more than what stands above them.
    held = np.minimum.accumulate(_of(total, items), axis=1)
    return Lists(items, held, np.take_along_axis(sources, np.maximum(items, 0), axis=1), at.names)


def tested(
    blend: LearnedBlend, customers: Customers, allowed: np.ndarray, consumable: np.ndarray
) -> dict[str, np.ndarray]:
    """A ranker's lists by task of a test, int32 [rows, n]: `next` as they are served, `discover` of what was
    not bought alone.

    Their order is not that of the scores, which know nothing of variety.
    """
    bought = cells(customers.behaviour.wanted()).toarray()
    total = _opened(blend, customers, allowed)[1]
    again = {"discover": np.zeros_like(consumable), "next": consumable}
    return {task: _varied(blend, total, allowed, bought, held, LENGTH) for task, held in again.items()}


def _opened(blend: LearnedBlend, customers: Customers, allowed: np.ndarray) -> tuple[Candidates, np.ndarray]:
    """The candidates, and float64 [rows, items]: their scores, -inf elsewhere."""
    at, scores = blend.ranked(customers, allowed)
    total = np.full((len(customers), len(allowed)), -np.inf)
    total[at.row, at.item] = np.round(scores.astype(np.float64), DECIMALS)
    return at, total


def _varied(
    blend: LearnedBlend,
    total: np.ndarray,
    allowed: np.ndarray,
    bought: np.ndarray,
    consumable: np.ndarray,
    n: int,
) -> np.ndarray:
    """`_first`, its top varied as the blend's settings say."""
    items = _first(total, allowed, bought, consumable, n)
    return blend.varied(items, _of(total, items))


def _of(total: np.ndarray, items: np.ndarray) -> np.ndarray:
    """float [rows, n]: what listed items have; -inf for none."""
    return np.where(items >= 0, np.take_along_axis(total, np.maximum(items, 0), axis=1), -np.inf)


def similar(blend: Blend | LearnedBlend, items: np.ndarray, allowed: np.ndarray, n: int) -> Lists | None:
    """The items most alike each of these; None when no part compares items."""
    units = blend.likeness(items)
    if not units:
        return None
    total = np.round(np.sum(list(units.values()), axis=0, dtype=np.float64), DECIMALS)
    total = np.where(total > 0, total, -np.inf)
    total[np.arange(len(items)), items] = -np.inf
    return _with_sources(top_n(total, n, allowed)[0], total, units, allowed)


def best_first(items: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Each row's items by score, best first, among equals the lower position; -1 last."""
    return np.take_along_axis(items, np.lexsort((items, -_of(scores, items)), axis=1), axis=1)


def _with_sources(
    items: np.ndarray, scores: np.ndarray, shares: Mapping[str, np.ndarray], allowed: np.ndarray
) -> Lists:
    names, place = tuple(shares), np.maximum(items, 0)
    sources = np.zeros(items.shape, np.uint32)
    given = np.stack([np.take_along_axis(shares[name], place, axis=1) for name in names])
    for bit, name in enumerate(names):
        own = np.where(allowed, shares[name], 0.0)
        n = min(LENGTH, own.shape[1])
        # A part proposed what is among the best of its own list; the rest it merely did not object to.
        threshold = -np.partition(-own, n - 1, axis=1)[:, n - 1 : n]
        sources |= np.where((given[bit] > 0) & (given[bit] >= threshold), np.uint32(1 << bit), np.uint32(0))
    strongest = np.uint32(1) << given.argmax(axis=0).astype(np.uint32)
    return Lists(items, _of(scores, items), np.where(sources == 0, strongest, sources), names)


def source_names(mask: int, names: Sequence[str]) -> list[str]:
    """The names a bit mask stands for."""
    return [name for bit, name in enumerate(names) if mask >> bit & 1]
