"""How well lookalikes find hidden members of a segment, on Online Retail and on a home of the sample shop:

    python -m benchmarks.lookalikes [--data FOLDER] [--home HOME] [--hidden 0.3]

Of each segment a share is hidden among the other customers; the model learns from the rest. Expansion AUC:
how often a hidden member stands before somebody who is none. Beside it, the distance to the visible members'
mean in recency, frequency and money. In brackets 95 % by the bootstrap over customers; ends with 1 where the
model's mean area is below .8. Segments of buyers: the items that make one a member are taken out of what is
known.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.leaderboard.datasets import SHARED
from benchmarks.leaderboard.datasets.online_retail import read_goods_lines
from benchmarks.predictions.online_retail_history import load_history
from expectations.contracts.home import HomePaths
from models.groups.clusters import CLUSTERED, build_cluster_table, fit_scaling
from models.groups.customer_table import build_customer_table
from models.groups.lookalikes import score_likeness
from models.predictions.features import build_features, list_features
from models.predictions.history import CustomerHistory
from models.predictions.measures import compute_auc, measure_with_intervals
from models.predictions.rfm_rule import find_cells
from spark_jobs.lake.tables import Lake
from spark_jobs.learning_data.behaviour import open_learning_data
from spark_jobs.learning_data.customer_history import read_customer_history
from spark_jobs.score.learned_segments import ATTRIBUTES, read_attributes, read_wanted_items

SEED = 1
LEAST_AREA = 0.8
FEWEST_MEMBERS = 100
ITEM_RANKS = (10, 50, 100, 200)
FIFTHS = 6  # and 0 for who never bought: the digits of a cell of the RFM rule


def find_rfm_segments(history: CustomerHistory) -> dict[str, np.ndarray]:
    """bool [customers] of cells of the RFM grid: champions, loyal, at risk, one-time buyers of late."""
    names = tuple(feature.name for feature in list_features())
    table = build_features(history, history.until)
    cells = find_cells(table, names)
    recency, value = cells // FIFTHS**2, (cells // FIFTHS % FIFTHS + cells % FIFTHS + 1) // 2
    frequency = table[:, names.index("frequency")]
    return {
        "champions": (recency == 5) & (value >= 4),
        "loyal": np.isin(recency, (3, 4)) & (value >= 4),
        "at risk": (recency <= 2) & (recency > 0) & (value >= 3),
        "bought once, lately": (recency >= 4) & (frequency == 1),
    }


def list_buyer_segments(items: sparse.csr_matrix, names: Mapping[str, np.ndarray]) -> Iterator[tuple]:
    """Name, members and the known items without those that make one a member."""
    counts = np.asarray((items > 0).sum(axis=0))[0]
    order = np.argsort(-counts, kind="stable")
    columns = {f"buyers of item {rank}": order[[rank]] for rank in ITEM_RANKS if rank < len(order)} | dict(
        names
    )
    for name, own in columns.items():
        least = 1 if len(own) == 1 else 3
        members = np.asarray((items[:, own] > 0).sum(axis=1))[:, 0] >= least
        yield name, members, items[:, np.setdiff1d(np.arange(items.shape[1]), own)]


def load_online_retail(folder: Path) -> tuple[CustomerHistory, sparse.csr_matrix, list, dict, dict]:
    """History, items, attributes, segments by cell, and columns of items by a word of their titles."""
    history, lines = load_history(folder), read_goods_lines(folder)
    lines = lines[lines["customer"].notna()]
    ids = np.unique(lines["customer"].to_numpy(str))
    sold = lines[lines["quantity"] > 0]
    item_ids, item = np.unique(sold["item"].to_numpy(str), return_inverse=True)
    row = np.searchsorted(ids, sold["customer"].to_numpy(str))
    items = sparse.csr_matrix((np.ones(len(row)), (row, item)), shape=(len(ids), len(item_ids)))
    titles = sold.groupby("item")["title"].first().reindex(item_ids).fillna("")
    words = {
        f"buyers of 3 with '{word}'": np.flatnonzero(titles.str.contains(word).to_numpy())
        for word in ("CHRISTMAS", "LUNCH BAG", "GARDEN")
    }
    country = lines.groupby("customer")["country"].first().reindex(ids).tolist()
    return history, items, [country], find_rfm_segments(history), words


def load_home(home: Path) -> tuple[CustomerHistory, sparse.csr_matrix, list, dict, dict]:
    """The same of a home's lake, with the segments that its customers are in; no words."""
    lake = Lake(HomePaths(home).lake)
    with open_learning_data(lake) as con:
        history, ids = read_customer_history(con, lake)
        known, items = read_attributes(con, ids), read_wanted_items(con, ids)
    names = sorted(set().union(*known["segment_ids"]))
    segments = {name: np.array([name in each for each in known["segment_ids"]]) for name in names}
    return history, items, [known[name] for name in ATTRIBUTES], segments, {}


def measure_expansion(
    table: np.ndarray, near: np.ndarray, is_member: np.ndarray, hidden: float
) -> dict[str, list[float]]:
    """The area, with its interval, of the model, of the distance, and of the first over the second."""
    is_hidden = is_member & (np.random.default_rng(SEED).random(len(is_member)) < hidden)
    visible = is_member & ~is_hidden
    scores, asked = score_likeness(table, visible, SEED), ~visible
    distance = -((near - near[visible].mean(axis=0)) ** 2).sum(axis=1)
    figures = measure_with_intervals(
        {"model": scores[asked], "distance": distance[asked]},
        is_hidden[asked].astype(float),
        {"auc": compute_auc},
        SEED,
    )
    return {name: row["auc"] for name, row in figures.items()}


def print_shop(name: str, loaded: tuple, hidden: float) -> float:
    """A line for each segment; the mean area of the model over all."""
    history, items, attributes, segments, words = loaded
    clustered = build_cluster_table(history, history.until)
    near = fit_scaling(clustered).apply(clustered)[
        :, [CLUSTERED.index(n) for n in ("recency", "frequency", "money")]
    ]
    start, rows = time.process_time(), []
    whole = build_customer_table(history, items, attributes, SEED)
    made_in = time.process_time() - start
    for segment, is_member in segments.items():
        if FEWEST_MEMBERS <= is_member.sum() <= len(is_member) - FEWEST_MEMBERS:
            rows.append((segment, is_member.sum(), measure_expansion(whole, near, is_member, hidden)))
    for segment, is_member, others in list_buyer_segments(items, words):
        if is_member.sum() >= FEWEST_MEMBERS:
            table = build_customer_table(history, others, attributes, SEED)
            rows.append((segment, is_member.sum(), measure_expansion(table, near, is_member, hidden)))
    print(f"\n{name}: {history.n_customers:,} customers, {whole.shape[1]} features in {made_in:.1f} CPU s")
    for segment, n, figures in rows:
        words = "  ".join(
            f"{key} {value[0]:.3f} [{value[1]:.3f}, {value[2]:.3f}]" for key, value in figures.items()
        )
        print(f"  {segment:<28} {n:>5,} members  {words}")
    table = pd.DataFrame([{key: value[0] for key, value in figures.items()} for *_, figures in rows])
    print(
        f"  {'mean':<28} {len(rows):>5} segments ",
        "  ".join(f"{key} {v:.3f}" for key, v in table.mean().items()),
    )
    print(f"  {'least':<43} ", "  ".join(f"{key} {v:.3f}" for key, v in table.min().items()))
    return float(table["model"].mean())


def main(argv: list[str]) -> int:
    """Print both shops; 1 where a mean area is too low."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument("--home", type=Path, help="of the sample shop")
    parser.add_argument("--hidden", type=float, default=0.3)
    args = parser.parse_args(argv)
    means = [print_shop("Online Retail", load_online_retail(args.data), args.hidden)]
    if args.home:
        means.append(print_shop("sample shop", load_home(args.home), args.hidden))
    return int(min(means) < LEAST_AREA)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
