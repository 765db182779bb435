"""The ranker of a learned blend: LambdaRank trees, and how they are fitted."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from models.blending.training_rows import TrainingRows
from models.reproducible_trees import REPRODUCIBLE


@dataclass(frozen=True)
class RankerSettings:
    """How the ranker is fitted.

    Attributes:
        windows: of the past it is fitted on, at most.
        step_days: between their cuts.
        candidates: items each part proposes: so many of all, and so many that are new to the customer.
        customers: asked in each window, at most.
        others: unwanted candidates kept of each customer.
        rounds, leaves, learning_rate: of the trees.
        truncation: places at the top of a list whose order is learned.
        seeds: rankers whose scores are averaged.
        diversity: λ of `models.listing.diversity` for the lists that are made of the scores, by the likeness
            of `content`.
        most_per_category: in the first ten places; None for no cap.
    """

    windows: int = 4
    step_days: int = 14
    candidates: int = 60
    customers: int = 2000
    others: int = 50
    rounds: int = 200
    leaves: int = 31
    learning_rate: float = 0.05
    truncation: int = 20
    seeds: int = 1
    diversity: float = 0.0
    most_per_category: int | None = None


def grow_all_trees(rows: TrainingRows, settings: RankerSettings, seed: int) -> list[str]:
    """The trees of every seed, as LightGBM's text: each seed's on one thread, all seeds at once.

    Cores do not matter to them, as they would to trees of one seed that grow on several threads; and threads
    that outnumber the cores just take turns, where LightGBM's own would wait for each other in loops: beside
    other work, two of them took seven times the CPU of one.
    """
    with ThreadPoolExecutor(settings.seeds) as threads:
        return list(threads.map(lambda n: grow_trees(rows, settings, seed + n), range(settings.seeds)))


def grow_trees(rows: TrainingRows, settings: RankerSettings, seed: int) -> str:
    """Trees that order each query's rows, as LightGBM's text."""
    from lightgbm import Dataset, train

    parameters = {
        "objective": "lambdarank",
        "lambdarank_truncation_level": settings.truncation,
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": 100 if len(rows.wanted) > 20_000 else 20,
        "max_bin": 63,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "seed": seed,
        **REPRODUCIBLE,
    }
    starts = np.flatnonzero(np.diff(rows.query, prepend=-1))
    sizes = np.diff(starts, append=len(rows.query))
    data = Dataset(
        rows.table, rows.wanted.astype(np.int8), group=sizes, feature_name=list(rows.names), params=parameters
    )
    return train(parameters, data, settings.rounds).model_to_string()
