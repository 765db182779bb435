"""Amazon Beauty as S3-Rec prepared it: each user's items in order, the last one asked for."""

import json
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.datasets.window import Dataset, TestWindow, build_empty_features
from models import features
from models.time_split import build_holdout_case
from models.training_data import PURCHASE, Behaviour, Training

PROTOCOL = (
    "Leave-one-out in order: each user's last item is asked for, all items the user has not had are ranked."
    " Fitted on all but the last two items, as the published models are; the item before the last is known of"
    " the user when asked. Parameters and blends are chosen one item earlier in the same way: that item is"
    " asked for, fitted on all but the last three."
)
LAST, BEFORE_LAST = 0, -1


def load_beauty(folder: Path) -> Dataset:
    """Days are places counted from the end, so that every user's last item is day 0 and the one before it day
    -1.
    """
    lines = [
        np.array(line.split(), np.int32) for line in (folder / "Beauty.txt").read_text().splitlines() if line
    ]
    lengths = np.array([len(line) - 1 for line in lines])
    user_ids = np.array([line[0] for line in lines])
    item = np.concatenate([line[1:] for line in lines])
    day = np.concatenate([np.arange(1 - n, 1) for n in lengths])
    item_ids, item = np.unique(item, return_inverse=True)
    user = np.repeat(np.arange(len(lines)), lengths)
    cells = np.unique(np.stack([user, item, day]), axis=1).astype(np.int32)
    whole = Behaviour(
        len(lines), len(item_ids), *cells, np.full(cells.shape[1], PURCHASE, np.int8), until=LAST + 1
    )
    described = json.loads((folder / "Beauty_item2attributes.json").read_text())
    tokens = [[f"attribute={number}" for number in described.get(str(name), [])] for name in item_ids]
    attributes = features.encode_tokens(tokens, features.build_vocabulary(tokens, min_rows=2))

    def window(asked: int) -> TestWindow:
        allowed = np.ones(len(item_ids), bool)
        known = Training(whole.before(asked), build_empty_features(len(lines)), attributes)
        # Chosen as tested: in either window the last item that is known of a user is one that nothing was
        # fitted on.
        return TestWindow(
            known.before(asked - 1),
            build_holdout_case(known.behaviour, whole.before(asked + 1).since(asked), allowed, most=None),
            known,
        )

    columns = tuple(("discover", f"{metric}@10") for metric in ("hit", "ndcg"))
    return Dataset(
        "beauty",
        PROTOCOL,
        window(LAST),
        window(BEFORE_LAST),
        ("discover",),
        (10, 5, 20),
        columns,
        user_ids,
        item_ids,
    )
