"""What is new: items nobody touched and customers without a history, on real shops; one command:

    python -m benchmarks.cold_start [--data ../shared/data] [--seeds 5] [--window test|validation] [--only
    online_retail|beauty]

Items: a tenth of those sold before the cut is hidden from training and from every history, then told apart
and ranked: among each other (AUC, NDCG@10, nothing masked) and among all items (NDCG@10; what was had is
masked but for the hidden). Attributes are read only up to the cut. Customers: a fifth of those asked is
hidden from training and asked without a history, five times, so that everybody is new once. Parameters were
chosen on the window before the test, with other items hidden.
"""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import sparse
from scipy.stats import rankdata

from benchmarks.leaderboard.datasets import SHARED, load_dataset
from benchmarks.leaderboard.datasets.window import TestWindow
from models.evaluation import EvaluationOptions, bootstrap_interval, evaluate_scores
from models.evaluation.ranking_metrics import compute_ranking_metrics
from models.inference import select_top_items
from models.recommenders import build_recommender
from models.training_data import Customers

K, SHARE, FOLDS = 10, 0.1, 5
COLD = ("content", "cold_items")
NOBODY = ("popularity", "recent_popularity", "decayed_popularity", "lightfm", "attribute_popularity")
Scores = Callable[[np.ndarray], np.ndarray]


def hide_items(window: TestWindow, seed: int) -> tuple[TestWindow, np.ndarray]:
    """A tenth of the items sold before the cut out of all behaviour; their positions, ascending."""
    sold = np.unique(window.training.behaviour.item)
    hidden = np.sort(np.random.default_rng(seed).choice(sold, int(SHARE * len(sold)), replace=False))
    is_visible = ~np.isin(np.arange(window.asked.n_items), hidden)
    without = [
        replace(t, behaviour=t.behaviour.where(is_visible[t.behaviour.item]))
        for t in (window.training, window.history)
    ]
    return replace(window, training=without[0], history=without[1]), hidden


def score_cold_items(
    scores: np.ndarray, window: TestWindow, rows: np.ndarray, hidden: np.ndarray
) -> dict[str, np.ndarray]:
    """Figures of those asked, by name, float [rows]; nan for who wanted nothing that was hidden.

    Args:
        scores: float32 [rows, items].
        rows: places in the test.
        hidden: int [n], items.
    """
    wanted = window.asked.wanted[rows].toarray()
    own, wanted_hidden = scores[:, hidden].astype(np.float64), wanted[:, hidden]
    lowest = np.min(own, initial=0.0, where=np.isfinite(own))
    own = np.where(np.isfinite(own), own, lowest - 1.0)
    counts, ranks, n = wanted_hidden.any(axis=1), rankdata(own, axis=1), wanted_hidden.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        auc = ((ranks * wanted_hidden).sum(axis=1) - n * (n + 1) / 2) / (n * (len(hidden) - n))
    among_cold = compute_ranking_metrics(select_top_items(own.astype(np.float32), K)[0], wanted_hidden, (K,))[
        f"ndcg@{K}"
    ]
    had = window.asked.seen[rows].toarray()
    had[:, hidden] = False
    among_all = compute_ranking_metrics(select_top_items(scores, K, ~had)[0], wanted & ~had, (K,))[
        f"ndcg@{K}"
    ]
    figures = {"AUC": auc, "NDCG@10 among cold": among_cold, "NDCG@10 among all": among_all}
    return {
        name: np.where(counts | (name == "NDCG@10 among all"), values, np.nan)
        for name, values in figures.items()
    }


def compare_on_cold_items(
    window: TestWindow, names: tuple[str, ...], seeds: range, only_hidden: bool
) -> dict[str, np.ndarray]:
    """By recommender, float [seeds, 3]: means over those asked.

    Args:
        only_hidden: ask only those who wanted a hidden item (Beauty, where each wanted one).
    """
    metrics: dict[str, list[list[float]]] = {name: [] for name in ("random", *names)}
    for seed in seeds:
        cold, hidden = hide_items(window, seed)
        wants = np.asarray(cold.asked.wanted[:, hidden].sum(axis=1)).ravel() > 0
        rows = np.flatnonzero(wants) if only_hidden else np.arange(len(cold.asked))
        for name in metrics:
            score = build_scorer(name, cold, seed)
            parts = [
                score_cold_items(score(block), cold, block, hidden)
                for block in np.array_split(rows, max(1, len(rows) // 1000))
            ]
            means = [float(np.nanmean(np.concatenate([part[key] for part in parts]))) for key in parts[0]]
            metrics[name].append(means)
            print(f"  seed {seed} {name:<12} " + "  ".join(f"{mean:.4f}" for mean in means), flush=True)
    return {name: np.array(rows) for name, rows in metrics.items()}


def build_scorer(name: str, window: TestWindow, seed: int) -> Scores:
    """Scores of those asked, by their places in the test."""
    if name == "random":
        return lambda rows: np.random.default_rng(seed).random((len(rows), window.asked.n_items), np.float32)
    fitted = build_recommender(name).fit(window.training, seed)
    return lambda rows: fitted.score(window.customers(rows))


def compare_on_cold_customers(window: TestWindow, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """By recommender, float [customers]: NDCG@10 of `next` with the customer's history hidden."""
    ndcg = {name: np.full(len(window.asked), np.nan) for name in names}
    folds = np.random.default_rng(0).permutation(len(window.asked)) % FOLDS
    for fold in range(FOLDS):
        places = np.flatnonzero(folds == fold)
        new = np.isin(np.arange(window.training.behaviour.n_customers), window.asked.customers[places])
        behaviour = window.training.behaviour
        training = replace(window.training, behaviour=behaviour.where(~new[behaviour.customer]))
        customers = Customers.from_training(training, window.asked.customers[places])
        strangers = Customers(np.full(len(customers), -1, np.int32), customers.behaviour, customers.features)
        # Nothing was had: the case of somebody new masks nothing.
        test = window.asked.rows(places)
        test = replace(test, seen=sparse.csr_matrix(test.seen.shape, dtype=bool))
        for name in names:
            scores = build_recommender(name).fit(training, 0).score(strangers)
            ndcg[name][places] = evaluate_scores(
                scores, test, np.ones(test.n_items, bool), EvaluationOptions((K,))
            ).ndcg["next"]
    return ndcg


def format_mean_and_deviation(values: np.ndarray) -> str:
    """Mean and, of several seeds, their standard deviation."""
    return "  ".join(
        f"{m:.4f} ± {s:.4f}" for m, s in zip(values.mean(axis=0), values.std(axis=0), strict=True)
    )


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--window", choices=("test", "validation"), default="test")
    parser.add_argument("--only", choices=("online_retail", "beauty"))
    args = parser.parse_args()
    # Other seeds for choosing than for reporting: what was hidden while choosing is not what is reported.
    seeds = range(args.seeds) if args.window == "test" else range(100, 100 + args.seeds)
    for name in ("online_retail", "beauty"):
        if args.only not in (None, name):
            continue
        data = load_dataset(name, args.data)
        window = getattr(data, args.window)
        print(
            f"{name}, {args.window} window: AUC, NDCG@10 among cold items, NDCG@10 among all; {len(seeds)}"
            " seeds"
        )
        for recommender, figures in compare_on_cold_items(
            window, COLD, seeds, only_hidden=name == "beauty"
        ).items():
            print(f"{recommender:<22} {format_mean_and_deviation(figures)}", flush=True)
        if name == "online_retail":
            new = compare_on_cold_customers(window, NOBODY)
            print("customers without a history, NDCG@10 of next; over popularity; over recent popularity")
            for recommender, values in new.items():
                lifts = [
                    bootstrap_interval(values - new[base]) for base in ("popularity", "recent_popularity")
                ]
                print(
                    f"{recommender:<22} {values.mean():.4f}  "
                    + "  ".join(f"{m:+.4f} [{a:+.4f}, {b:+.4f}]" for m, a, b in lifts)
                )


if __name__ == "__main__":
    main()
