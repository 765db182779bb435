"""What the next click of a visitor nobody knows will be: hit rate after one, two and three clicks, on
RetailRocket.

    python -m benchmarks.anonymous_sessions [--window validation]

A session ends after half an hour without an event. Sessions, not visitors, are what is fitted on: nobody's
identity is read. Fitted on sessions that begin before the last 28 days (`validation`: before the 28 days
before those, where the parameters were chosen); asked in the sessions of the window for the next item that
was not clicked yet, of all items. An item is clicked when it is viewed, put in the cart or bought. Item
numbers of this data tell neighbours, so they are shuffled.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from benchmarks.leaderboard.datasets import SHARED
from models.base import Recommender
from models.evaluation import bootstrap_interval
from models.inference import select_top_items
from models.recommenders import build_recommender
from models.recommenders.sequences import build_anonymous_customer
from models.training_data import Behaviour, Training

IDLE_SECONDS, DAY = 1800, 86_400
WINDOW_DAYS = 28
MOST_CLICKS = 3
K = 10
# Chosen by NDCG@10 on the window before the test: `--window validation`.
MODELS: dict[str, dict[str, object]] = {
    "popularity": {},
    "transitions": {
        "half_life_places": 2.0,
        "reach": 10,
        "backward_weight": 1.0,
        "same_weight": 0.0,
        "row_power": 0.1,
        "popularity_power": 0.0,
        "profile_half_life_places": 1.5,
        "half_life_days": None,
        "neighbours": 300,
    },
    "stan": {
        "gap_days": 1,
        "session_half_life_days": None,
        "half_life_places": 4.0,
        "profile_half_life_places": 1.5,
        "popularity_power": 0.0,
        "neighbours": 500,
    },
    "item_knn": {"half_life_days": 2.0, "trend_power": 0.0},
}


@dataclass(frozen=True)
class Sessions:
    """Items of each session in order, each at its first click; and when the session began (unix seconds)."""

    items: list[list[int]]
    began: np.ndarray
    n_items: int


def group_sessions(events: pd.DataFrame, seed: int = 0) -> Sessions:
    """Sessions of the events, ordered by their beginning."""
    events = events.sort_values(["visitor_id", "timestamp"], kind="stable")
    begins = (events["timestamp"].diff() > IDLE_SECONDS) | (events["visitor_id"].diff() != 0)
    item_ids, item = np.unique(events["item_id"], return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(item_ids))[item]
    table = pd.DataFrame(
        {"session": begins.cumsum().to_numpy(), "item": shuffled, "at": events["timestamp"].to_numpy()}
    )
    first = (
        table.drop_duplicates(["session", "item"])
        .groupby("session")
        .agg(items=("item", list), began=("at", "first"))
    )
    first = first.sort_values("began", kind="stable")
    return Sessions(first["items"].tolist(), first["began"].to_numpy(), len(item_ids))


def build_training(sessions: Sessions, before: int) -> Training:
    """Sessions that began earlier: each a customer, its clicks on one day after the other, all ending on the
    same.
    """
    earlier = [items for items, began in zip(sessions.items, sessions.began, strict=True) if began < before]
    lengths = np.array([len(items) for items in earlier])
    customer, item = np.repeat(np.arange(len(earlier)), lengths), np.concatenate(earlier)
    day = np.concatenate([np.arange(-n, 0) for n in lengths])
    order = np.lexsort((day, item, customer))
    behaviour = Behaviour(
        len(earlier),
        sessions.n_items,
        *(column[order].astype(np.int32) for column in (customer, item, day)),
        np.zeros(len(item), np.int8),
        until=0,
        has_purchases=False,
    )
    nothing = sparse.csr_matrix((1, 0), dtype=np.float32)
    return Training(behaviour, nothing[np.zeros(len(earlier), int)], nothing[np.zeros(sessions.n_items, int)])


def collect_test_cases(sessions: Sessions, since: int, until: int) -> list[tuple[list[int], int]]:
    """Clicks so far, at most three, and the next item: every such moment of the sessions that begin in the
    window.
    """
    return [
        (items[:n], items[n])
        for items, began in zip(sessions.items, sessions.began, strict=True)
        if since <= began < until
        for n in range(1, min(MOST_CLICKS, len(items) - 1) + 1)
    ]


def rank_next_items(
    model: Recommender, cases: list[tuple[list[int], int]], n_items: int
) -> tuple[np.ndarray, np.ndarray]:
    """Where the next item stands in the list of ten (-1: nowhere), and the seconds of each answer."""
    place, seconds = np.full(len(cases), -1), np.empty(len(cases))
    for number, (clicks, following) in enumerate(cases):
        start = time.perf_counter()
        scores = model.score(build_anonymous_customer(clicks, n_items, 0))
        scores[0, clicks] = -np.inf
        listed = select_top_items(scores, K)[0][0]
        seconds[number] = time.perf_counter() - start
        where = np.flatnonzero(listed == following)
        if len(where):
            place[number] = where[0]
    return place, seconds


def main() -> None:
    """Print hit rates with intervals, by number of clicks, and milliseconds an answer."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "retailrocket")
    parser.add_argument("--window", choices=("test", "validation"), default="test")
    args = parser.parse_args()
    events = pd.read_csv(args.data / "events.csv")
    sessions = group_sessions(events)
    until = int(events["timestamp"].max()) + 1 - (WINDOW_DAYS * DAY if args.window == "validation" else 0)
    cut = until - WINDOW_DAYS * DAY
    known, cases = build_training(sessions, cut), collect_test_cases(sessions, cut, until)
    clicks = np.array([len(so_far) for so_far, _ in cases])
    seen = np.bincount(known.behaviour.item, minlength=sessions.n_items) > 0
    print(
        f"{known.behaviour.n_customers:,} sessions; {len(cases):,} moments of {(clicks == 1).sum():,}"
        " sessions asked about;"
    )
    print(
        f"{np.mean([seen[item] for _, item in cases]):.3f} of the next items were ever clicked before the"
        " window"
    )
    base = None
    for name, parameters in MODELS.items():
        place, seconds = rank_next_items(
            build_recommender(name, parameters).fit(known, seed=1), cases, sessions.n_items
        )
        hit = (place >= 0).astype(float)
        base = hit if base is None else base
        by_clicks = "  ".join(f"after {n}: {hit[clicks == n].mean():.4f}" for n in range(1, MOST_CLICKS + 1))
        ndcg = np.where(place >= 0, 1.0 / np.log2(2.0 + np.maximum(place, 0)), 0.0).mean()
        lift, low, high = bootstrap_interval(hit - base)
        p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1000
        print(f"{name:<12} HR@{K} {hit.mean():.4f}  {by_clicks}  NDCG@{K} {ndcg:.4f}")
        print(
            f"{'':<12} over popularity {lift:+.4f} [{low:+.4f}, {high:+.4f}]; p50 {p50:.1f} ms, p95"
            f" {p95:.1f} ms",
            flush=True,
        )


if __name__ == "__main__":
    main()
