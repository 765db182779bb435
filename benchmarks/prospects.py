"""How many of an item's coming buyers its prospects hold, on the 28 days that Online Retail keeps out:

    python -m benchmarks.prospects [--data FOLDER] [--items 60] [--size 200]

Asked are items that twenty customers or more bought for the first time in these days, and as many before.
Shares are of all those new buyers; chance is what as many customers drawn blindly would hold. `likeness` is
what a night does; `item_knn` ranks by a recommender's scores, `lists` by the item's place in its lists of
100, `active` by how often and lately anything was bought. Ends with 1 where likeness holds less than twice
what chance does.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.leaderboard.datasets import SHARED
from benchmarks.leaderboard.datasets.online_retail import (
    find_test_start,
    load_online_retail,
    read_goods_lines,
    read_sold_lines,
)
from benchmarks.leaderboard.datasets.window import TestWindow
from benchmarks.predictions.online_retail_history import load_history
from models.groups.customer_table import build_customer_table
from models.groups.lookalikes import score_likeness
from models.inference import select_top_items
from models.predictions.measures import compute_auc
from models.recommenders import build_recommender
from models.training_data import Customers

SEED = 1
FEWEST = 20
LIST_LENGTH, BLOCK = 100, 512


def build_table(folder: Path, customer_ids: np.ndarray, had: sparse.csr_matrix) -> np.ndarray:
    """float32 [customers, features], of the days before the one on which the test begins."""
    cut = find_test_start(read_sold_lines(folder))
    lines = read_goods_lines(folder)
    everybody = np.unique(lines.loc[lines["customer"].notna(), "customer"].to_numpy(str))
    history = load_history(folder).before(int((cut.normalize() - pd.Timestamp(0)).days))
    place = np.searchsorted(everybody, customer_ids.astype(str))
    row, column = had.nonzero()
    items = sparse.csr_matrix((np.ones(len(row)), (place[row], column)), shape=(len(everybody), had.shape[1]))
    return build_customer_table(history, items, [], SEED)[place]


def score_by_recommender(window: TestWindow, known: np.ndarray, had: sparse.csr_matrix) -> tuple:
    """float32 [customers, items] twice: item-kNN's scores, and places in its lists as in DCG."""
    recommender = build_recommender("item_knn").fit(window.training, SEED)
    scores = np.full(had.shape, -np.inf, np.float32)
    places = np.zeros(had.shape, np.float32)
    for start in range(0, len(known), BLOCK):
        rows = known[start : start + BLOCK]
        found = recommender.score(Customers.from_training(window.history, rows)).astype(np.float32)
        found[had[rows].toarray()] = -np.inf
        scores[rows] = found
        items, _ = select_top_items(found, LIST_LENGTH)
        for place in range(items.shape[1]):
            is_listed = items[:, place] >= 0
            places[rows[is_listed], items[is_listed, place]] = 1 / np.log2(place + 2)
    return np.where(np.isfinite(scores), scores, -1.0), places


def main(argv: list[str]) -> int:
    """Print a line for each way to rank; 1 where likeness is worth little."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--size", type=int, default=200)
    args = parser.parse_args(argv)
    dataset = load_online_retail(args.data)
    window, behaviour = dataset.test, dataset.test.training.behaviour
    shape = (behaviour.n_customers, behaviour.n_items)
    had = (
        sparse.csr_matrix((np.ones(len(behaviour.customer)), (behaviour.customer, behaviour.item)), shape) > 0
    )
    asked, fresh = window.asked, window.asked.fresh.tocoo()
    bought = sparse.csc_matrix((np.ones(fresh.nnz), (asked.customers[fresh.row], fresh.col)), shape) > 0
    known = np.unique(behaviour.customer)
    last = np.full(shape[0], -1_000)
    np.maximum.at(last, behaviour.customer, behaviour.day)
    days = np.unique(np.stack([behaviour.customer, behaviour.day]), axis=1)[0]
    active = np.log1p(np.bincount(days, minlength=shape[0])) - np.log1p(-last)
    table = build_table(args.data, dataset.customer_ids, had)
    scores, places = score_by_recommender(window, known, had)
    is_asked = (np.asarray(bought.sum(axis=0))[0] >= FEWEST) & (np.asarray(had.sum(axis=0))[0] >= FEWEST)
    items = np.flatnonzero(is_asked)
    items = np.sort(np.random.default_rng(SEED).choice(items, min(args.items, len(items)), replace=False))
    had, held, areas, total = had.tocsc(), {}, {}, 0
    for item in items:
        owns = had[:, [item]].toarray()[:, 0]
        likeness = np.full(shape[0], np.nan)
        likeness[known] = score_likeness(table[known], owns[known], SEED)
        others = known[~owns[known]]
        buys = bought[:, [item]].toarray()[others, 0]
        total += buys.sum()
        ways = {"likeness": likeness, "item_knn": scores[:, item], "lists": places[:, item], "active": active}
        for way, values in ways.items():
            best = np.argsort(-values[others], kind="stable")[: args.size]
            held[way] = held.get(way, 0) + buys[best].sum()
            areas.setdefault(way, []).append(compute_auc(values[others], buys.astype(float)))
        held["chance"] = held.get("chance", 0) + args.size * buys.mean()
    print(f"{len(items)} items, {total:,} new buyers, {args.size} prospects each of {len(known):,} customers")
    for way, n in held.items():
        area = f"area {np.mean(areas[way]):.3f}" if way in areas else ""
        print(f"  {way:<10} {n / total:6.1%}  {area}")
    return int(held["likeness"] < 2 * held["chance"])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
