"""The candidates of several parts, the weights of their linear blend, and trees that correct its order."""

import numpy as np

from benchmarks.leaderboard.datasets.window import TestWindow
from benchmarks.leaderboard.rows import BEAUTY_POWER
from models.base import Recommender
from models.blending.score_scale import normalise_scores
from models.inference import select_top_items

BLOCK = 500
PROPOSED = 60
STEPS = (0.0, 0.5, 0.7, 1.4, 2.0)
CORRECTED = 60  # of the blend's best; below, its own order stays
TREES = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "num_leaves": 8,
    "learning_rate": 0.04,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10,
    "max_bin": 63,
    "seed": 1,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
ROUNDS = 100


def collect_candidates(
    window: TestWindow, parts: list[Recommender], places: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What the parts propose to these customers: query int [n], whether wanted bool [n], units float32 [n,
    parts].
    """
    columns = []
    for start in range(0, len(places), BLOCK):
        block = places[start : start + BLOCK]
        customers = window.customers(block)
        seen, wanted = (getattr(window.asked, name)[block].toarray() > 0 for name in ("seen", "wanted"))
        units = [normalise_scores(np.where(seen, -np.inf, part.score(customers))) for part in parts]
        is_candidate = np.zeros_like(seen)
        for share in units:
            items, is_filled = select_top_items(np.where(share > 0, share, -np.inf), PROPOSED)
            row, place = np.nonzero(np.isfinite(is_filled))
            is_candidate[row, items[row, place]] = True
        row, item = np.nonzero(is_candidate)
        columns.append(
            (row + start, wanted[row, item], np.stack([share[row, item] for share in units], axis=1))
        )
    query, wanted, table = (np.concatenate(column) for column in zip(*columns, strict=True))
    return query, wanted, table


def compute_metrics(
    scores: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int, k: int = 10
) -> tuple[np.ndarray, np.ndarray]:
    """NDCG@k and hits@k float [n]: one item is wanted of each query, and what nobody proposed is missed.

    Among equals the lower position stands first, which is the earlier row.
    """
    best, place = np.full(n, np.inf), np.zeros(n, np.int64)
    best[query[wanted]], place[query[wanted]] = scores[wanted], np.flatnonzero(wanted)
    own = best[query]
    above = np.bincount(
        query, (scores > own) | ((scores == own) & (np.arange(len(query)) < place[query])), minlength=n
    )
    hit = np.isfinite(best) & (above < k)
    return np.where(hit, 1.0 / np.log2(2.0 + above), 0.0), hit.astype(float)


def optimise_weights(
    table: np.ndarray, query: np.ndarray, wanted: np.ndarray, n: int
) -> tuple[np.ndarray, float]:
    """Weights float [parts] by coordinates, from equal ones, as long as NDCG@10 rises; and that."""
    weights = np.ones(table.shape[1])
    total = table @ weights
    best = compute_metrics(total, query, wanted, n)[0].mean()
    for _ in range(4):
        before = best
        for part in range(len(weights)):
            for step in STEPS:
                weight = step * max(weights[part], 0.1)
                tried = total + (weight - weights[part]) * table[:, part]
                reached = compute_metrics(tried, query, wanted, n)[0].mean()
                if reached > best + 1e-6:
                    best, total, weights[part] = reached, tried, weight
        if best == before:
            break
    return weights, float(best)


def build_tree_columns(
    table: np.ndarray, query: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What trees read of candidates (float32 [n, columns]), the blend's scores and places in its lists (float
    [n]).
    """
    blended = table**BEAUTY_POWER @ weights
    starts = np.flatnonzero(np.diff(query, prepend=-1))
    group = np.cumsum(np.diff(query, prepend=-1) != 0) - 1
    top = np.maximum.reduceat(blended, starts)[group]
    place = np.empty(len(query))
    place[np.lexsort((-blended, query))] = np.arange(len(query))
    place -= starts[group]
    facts = [blended, blended / top, (table > 0).sum(axis=1), place, top]
    return np.column_stack([table, *facts]).astype(np.float32), blended, place


def correct_scores(
    learn: tuple[np.ndarray, ...], ask: tuple[np.ndarray, np.ndarray], weights: np.ndarray
) -> np.ndarray:
    """Scores float [n] of `ask` (query, table): the blend's, corrected by trees grown on `learn` (query,
    wanted, table).

    Only what stands among the blend's best is learned from, the wanted item too: or its low place alone would
    give it away.
    """
    from lightgbm import Dataset, train

    query, wanted, table = learn
    facts, blended, place = build_tree_columns(table, query, weights)
    near = place < CORRECTED
    is_row = near & np.isin(query, query[wanted & near])
    sizes = np.unique(query[is_row], return_counts=True)[1]
    data = Dataset(
        facts[is_row], wanted[is_row].astype(np.int8), group=sizes, init_score=blended[is_row], params=TREES
    )
    trees = train(TREES, data, ROUNDS)
    facts, blended, place = build_tree_columns(ask[1], ask[0], weights)
    near = place < CORRECTED
    scores = np.where(near, blended, blended - 1e3)
    scores[near] += trees.predict(facts[near], num_threads=1)
    return scores
