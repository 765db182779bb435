"""Explanations of a listed item: what each part and each group of features adds to its score, and the item of
the customer's history that speaks most for it.

Contributions are SHAP values of the trees (Lundberg, Lee, NeurIPS 2017; TreeSHAP, Lundberg et al. 2018, as
LightGBM computes them): they and the base add up to the score. Evidence is always an item of this customer's
own history.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.blending.item_facts import summarise_wanted_pairs
from models.blending.learned import LearnedBlend
from models.training_data import Behaviour, Customers

BASE = "base"
HALF_LIFE_DAYS = 60.0  # of a purchase as evidence
NOBODY = -1


@dataclass(frozen=True)
class ScoreContributions:
    """Why the candidates of a block have their scores.

    Attributes:
        row, item: int32 [n], the candidates.
        score: float64 [n].
        by_group: float64 [n] by name of the part, or of the kind of column (`pair`, `item`, `customer`, …),
            and `base`.
    """

    row: np.ndarray
    item: np.ndarray
    score: np.ndarray
    by_group: dict[str, np.ndarray]


def explain_scores(blend: LearnedBlend, customers: Customers) -> ScoreContributions:
    """Every candidate's score taken apart; a few milliseconds each, so ask for few customers."""
    candidates, table = blend.build_features(customers)
    names = [name.split(".")[0] for name in blend.boosters[0].feature_name()] + [BASE]
    contributions = np.mean(
        [booster.predict(table, pred_contrib=True, num_threads=1) for booster in blend.boosters], axis=0
    )
    groups = {
        group: contributions[:, [n for n, name in enumerate(names) if name == group]].sum(axis=1)
        for group in dict.fromkeys(names)
    }
    score = np.mean([booster.predict(table, num_threads=1) for booster in blend.boosters], axis=0)
    return ScoreContributions(candidates.row, candidates.item, score, groups)


def find_reason_items(
    parts: list[Recommender], customers: Customers, items: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The purchase that speaks most for each listed item: "because you bought X on D".

    An item that was bought before speaks for itself. Otherwise the first part by `explanation_rank` that
    joins the item with the customer's history says which of their items, by its likeness times how fresh the
    purchase is.

    Args:
        items: int [rows, n], -1 for no item.

    Returns:
        because: int32 [rows, n], an item of this customer's history; -1 where nothing speaks for it.
        day: int32 [rows, n], the last day they wanted that item; -1 there.
    """
    wanted = customers.behaviour.wanted()
    because, day = np.full(items.shape, NOBODY, np.int32), np.full(items.shape, NOBODY, np.int32)
    row, place = np.nonzero(items >= 0)
    if not len(row) or not len(wanted):
        return because, day
    pairs, _, last, _ = summarise_wanted_pairs(wanted)
    listed_pairs = row * wanted.n_items + items[row, place]
    reasons = np.where(np.isin(listed_pairs, pairs), listed_pairs % wanted.n_items, NOBODY)
    for likeness in iterate_likeness_matrices(parts):
        open_ = np.flatnonzero(reasons == NOBODY)
        if len(open_):
            reasons[open_] = find_strongest_items(likeness, wanted, pairs, last, listed_pairs[open_])
    has_reason = reasons != NOBODY
    because[row, place] = reasons
    own = row[has_reason] * wanted.n_items + reasons[has_reason]
    day[row[has_reason], place[has_reason]] = last[np.searchsorted(pairs, own)]
    return because, day


def iterate_likeness_matrices(parts: list[Recommender]) -> Iterator[sparse.csr_matrix]:
    """The likeness matrices of the parts that explain, items × items, by their `explanation_rank`; of a part
    that is in the blend twice, that of the one with the plain name.
    """
    explaining = [part for part in parts if part.explanation_rank and not part.is_twin]
    for part in sorted(explaining, key=lambda part: part.explanation_rank):
        yield part.likeness_matrix


def find_strongest_items(
    likeness: sparse.csr_matrix,
    wanted: Behaviour,
    pairs: np.ndarray,
    last: np.ndarray,
    listed_pairs: np.ndarray,
) -> np.ndarray:
    """For each listed pair (row × n_items + item): the item of the row's history most alike and fresh, -1
    where none is.

    Among equals the lower item.
    """
    n_items = wanted.n_items
    answer, strength = np.full(len(listed_pairs), NOBODY, np.int64), np.zeros(len(listed_pairs))
    freshness = 0.5 ** ((wanted.until - 1 - last) / HALF_LIFE_DAYS)
    owner, history = np.divmod(pairs, n_items)
    # By pair its place among the listed; a block has a dozen matrices of this size. To search for each
    # neighbour of each purchase took as long as all the rest here.
    places = np.full((int(max(owner[-1], listed_pairs.max() // n_items)) + 1) * n_items, NOBODY, np.int32)
    places[listed_pairs] = np.arange(len(listed_pairs))
    # 20,000 × 200 neighbours are 50 MB
    for start, end in pairwise([*range(0, len(pairs), 20_000), len(pairs)]):
        near = likeness[history[start:end]]
        n = np.diff(near.indptr)
        key = np.repeat(owner[start:end], n) * n_items + near.indices
        at = places[key]
        hit = (at >= 0) & (near.data > 0)
        worth = (near.data * np.repeat(freshness[start:end], n))[hit]
        from_item, at = np.repeat(history[start:end], n)[hit], at[hit]
        best = np.lexsort((from_item, -worth, at))
        first = best[np.diff(at[best], prepend=-1) > 0]
        # A customer's history may span two blocks: the first block's answer stays unless this one's is
        # stronger.
        more = first[worth[first] > strength[at[first]]]
        answer[at[more]], strength[at[more]] = from_item[more], worth[more]
    return answer
