"""RetailRocket: views, carts and purchases of a shop's visitors, one purchase of each held out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.leaderboard.datasets.window import Dataset, TestWindow, build_empty_features
from models.time_split import HoldoutCase, build_cell_matrix, build_holdout_case
from models.training_data import KINDS, Behaviour, Training

SECONDS = 86_400
KIND = {"view": "view", "addtocart": "cart", "transaction": "purchase"}
PROTOCOL = (
    "One purchase of each visitor is held out, and with it all that the visitor did with that item (0 of"
    " 2,174 are in the events), so items a visitor has touched are masked. When it was bought is not in the"
    " data: other visitors' later behaviour may be known. 211 of the items asked for are in no event of"
    " anybody and cannot be found by behaviour; they count. Parameters are chosen on the last purchase that"
    " is left of each visitor who has two, taken out in the same way with all that this visitor did later."
)


def load_retailrocket(folder: Path) -> Dataset:
    """Days since 1970-01-01; the held-out purchases are put on the day after the last."""
    events, holdout = pd.read_csv(folder / "events.csv"), pd.read_csv(folder / "test_purchases.csv")
    visitor_ids = np.unique(events["visitor_id"])
    item_ids = np.unique(np.concatenate([events["item_id"], holdout["item_id"]]))
    events = pd.DataFrame(
        {
            "visitor": np.searchsorted(visitor_ids, events["visitor_id"]),
            "item": np.searchsorted(item_ids, events["item_id"]),
            "at": events["timestamp"],
            "kind": events["event"].map(KIND).map(KINDS.index),
        }
    )
    holdout = pd.DataFrame(
        {
            "visitor": np.searchsorted(visitor_ids, holdout["visitor_id"]),
            "item": np.searchsorted(item_ids, holdout["item_id"]),
        }
    )
    until = int(events["at"].max() // SECONDS) + 1
    earlier, last = hold_out_last_purchases(events)
    sizes = (len(visitor_ids), len(item_ids))
    return Dataset(
        "retailrocket",
        PROTOCOL,
        build_window(events, holdout, until, *sizes),
        build_window(earlier, last, until, *sizes),
        ("discover",),
        (10, 20),
        tuple(("discover", name) for name in ("hit@10", "ndcg@10", "hit@20")),
        visitor_ids,
        item_ids,
    )


def hold_out_last_purchases(events: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Events as they were before each visitor's last purchased item came into their sight, and those items.

    Visitors of whom no purchase would be left keep all and are not asked.
    """
    bought = events[events["kind"] == KINDS.index("purchase")]
    last = bought.sort_values("at", kind="stable").groupby("visitor").tail(1)[["visitor", "item", "at"]]
    joined = events.merge(
        last.rename(columns={"item": "last_item", "at": "last_at"}), on="visitor", how="left", validate="m:1"
    )
    kept = joined[
        joined["last_item"].isna()
        | ((joined["item"] != joined["last_item"]) & (joined["at"] <= joined["last_at"]))
    ]
    able = kept.loc[kept["kind"] == KINDS.index("purchase"), "visitor"].unique()
    earlier = pd.concat([kept[kept["visitor"].isin(able)], events[~events["visitor"].isin(able)]])
    return earlier[list(events.columns)], last[last["visitor"].isin(able)]


def build_window(
    events: pd.DataFrame, holdout: pd.DataFrame, until: int, n_visitors: int, n_items: int
) -> TestWindow:
    """These events known, these purchases asked for."""
    day = (events["at"] // SECONDS).to_numpy()
    rows = np.unique(np.stack([events["visitor"], events["item"], day, events["kind"]]), axis=1).astype(
        np.int32
    )
    before = Behaviour(n_visitors, n_items, *rows[:3], rows[3].astype(np.int8), until=until)
    test_pairs = np.unique(np.stack([holdout["visitor"], holdout["item"]]), axis=1).astype(np.int32)
    n = test_pairs.shape[1]
    after = Behaviour(
        n_visitors,
        n_items,
        *test_pairs,
        np.full(n, until, np.int32),
        np.full(n, KINDS.index("purchase"), np.int8),
        until + 1,
    )
    training = Training(before, build_empty_features(n_visitors), build_empty_features(n_items))
    return TestWindow(
        training,
        mask_touched_items(build_holdout_case(before, after, np.ones(n_items, bool), most=None), before),
        training,
    )


def mask_touched_items(test_case: HoldoutCase, before: Behaviour) -> HoldoutCase:
    """The test with everything a visitor touched as seen, not only what was bought."""
    return replace(test_case, seen=build_cell_matrix(before.select_customers(test_case.customers)))
