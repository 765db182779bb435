"""Gowalla check-ins in the split that LightGCN and NGCF published: no times, no attributes, random items held
out.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.leaderboard.datasets.window import Dataset, TestWindow, build_empty_features
from models.time_split import build_holdout_case
from models.training_data import PURCHASE, Behaviour, Training

HELD_OUT = 0.1  # of each user's training items, for the choice of parameters
SEED = 20261121
PROTOCOL = (
    "The split that LightGCN published: 810,128 check-ins to fit, 217,242 asked for; training items are"
    " masked, all others are ranked, mean over users. It has no times. Parameters are chosen on a tenth of"
    f" each user's training items, held out at random (seed {SEED}), and the recommender is then fitted on"
    " all of them."
)


def load_gowalla(folder: Path) -> Dataset:
    """Training is day 0 and the test day 1; days mean nothing else here."""
    train, test = (pd.read_csv(folder / f"{name}.csv.gz", dtype=np.int32) for name in ("train", "test"))
    n_users = int(max(train["user_id"].max(), test["user_id"].max())) + 1
    n_items = int(max(train["item_id"].max(), test["item_id"].max())) + 1

    def behaviour(rows: pd.DataFrame, day: int) -> Behaviour:
        rows = rows.drop_duplicates().sort_values(["user_id", "item_id"])
        return Behaviour(
            n_users,
            n_items,
            rows["user_id"].to_numpy(),
            rows["item_id"].to_numpy(),
            np.full(len(rows), day, np.int32),
            np.full(len(rows), PURCHASE, np.int8),
            until=day + 1,
        )

    before = behaviour(train, 0)
    out = draw_holdout(before, np.random.default_rng(SEED))
    return Dataset(
        "gowalla",
        PROTOCOL,
        build_window(before, behaviour(test, 1)),
        build_window(before.where(~out), behaviour(train[out], 1)),
        ("discover",),
        (20, 10),
        (("discover", "recall@20"), ("discover", "ndcg@20")),
        np.arange(n_users),
        np.arange(n_items),
    )


def draw_holdout(behaviour: Behaviour, generator: np.random.Generator) -> np.ndarray:
    """bool [entries]: a tenth of each user's items, rounded down, chosen at random."""
    order = np.lexsort((generator.random(len(behaviour)), behaviour.customer))
    n = np.bincount(behaviour.customer, minlength=behaviour.n_customers)
    first = np.cumsum(n) - n
    rank = np.arange(len(behaviour)) - first[behaviour.customer[order]]
    out = np.zeros(len(behaviour), bool)
    out[order] = rank < np.floor(n * HELD_OUT)[behaviour.customer[order]]
    return out


def build_window(before: Behaviour, after: Behaviour) -> TestWindow:
    """Users who are in both."""
    training = Training(
        before, build_empty_features(before.n_customers), build_empty_features(before.n_items)
    )
    return TestWindow(
        training, build_holdout_case(before, after, np.ones(before.n_items, bool), most=None), training
    )
