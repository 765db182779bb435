"""Who is most like a segment's members: trees that tell these from other customers, asked of those they were
not fitted on.
"""

import lightgbm
import numpy as np

from models.reproducible_trees import REPRODUCIBLE

FEWEST_SEEDS = 20  # the habits of fewer would reveal persons
FOLDS = 3
MOST_ROWS = 20_000  # of members, and of others: beyond, what a fit costs does not grow with the shop
ROUNDS = 100
SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.6,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    **REPRODUCIBLE,
}


class TooFewSeedsError(ValueError):
    """A segment has too few members, or too few others stand against them, to learn from."""


def score_likeness(table: np.ndarray, is_member: np.ndarray, seed: int) -> np.ndarray:
    """float64 [rows]: the log-odds that somebody with these habits is a member; nan for members.

    Others are a mixture: some of them could as well be members (Elkan, Noto 2008), and a model that has
    seen them as others would say that they are not. So each third is scored by a model of the members and
    the other two thirds (Mordelet, Vert 2014).

    Args:
        table: float32 [rows, features], nan where unknown.
        is_member: bool [rows].

    Raises:
        TooFewSeedsError: there are fewer than `FEWEST_SEEDS` of either.
    """
    members, others = np.flatnonzero(is_member), np.flatnonzero(~is_member)
    if min(len(members), len(others)) < FEWEST_SEEDS:
        raise TooFewSeedsError(
            f"{len(members)} members and {len(others)} others, at least {FEWEST_SEEDS} of each are needed"
        )
    generator = np.random.default_rng(seed)
    fold = generator.permutation(len(others)) % FOLDS
    positives = draw(members, generator)
    scores = np.full(len(table), np.nan)
    for n in range(FOLDS):
        rows = np.concatenate([positives, draw(others[fold != n], generator)])
        data = lightgbm.Dataset(table[rows], is_member[rows].astype(float))
        trees = lightgbm.train({**SETTINGS, "seed": seed}, data, ROUNDS)
        asked = others[fold == n]
        scores[asked] = trees.predict(table[asked], raw_score=True)
    return scores


def draw(rows: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """`MOST_ROWS` of the rows at most, in their order."""
    if len(rows) <= MOST_ROWS:
        return rows
    return np.sort(generator.choice(rows, MOST_ROWS, replace=False))


def select_best(scores: np.ndarray, n: int) -> np.ndarray:
    """int [m]: the n rows with the highest scores, best first, of equals the first; those of nan never.

    More are asked for, fewer never drop out: whoever is among the best 10 is among the best 20.
    """
    order = np.argsort(-np.where(np.isnan(scores), -np.inf, scores), kind="stable")
    return order[: min(n, int((~np.isnan(scores)).sum()))]
