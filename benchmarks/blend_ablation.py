"""What each ingredient of the learned blend is worth on Online Retail, and to whom; one command:

    python -m benchmarks.blend_ablation [--data ../shared/data/online_retail] [--window test|validation]
    [--only PART …]

By the published protocol: the last 28 days (`test`), or the 28 before them (`validation`, where the settings
were chosen). Every part is fitted once a window. An ablation takes a part's columns away, and the candidates
that it alone proposed, and grows the trees again: on the training windows before the cut, as always. All
differences are paired over customers, 95 % intervals.
"""

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.datasets import SHARED, TestWindow, online_retail
from benchmarks.leaderboard.datasets.order import shuffle_items
from models.base import Recommender
from models.blending.candidates import CandidateItems
from models.blending.learned import LearnedBlend
from models.blending.ranker import RankerSettings, grow_all_trees
from models.blending.training_rows import PartScores, TrainingRows, concatenate_rows, score_parts
from models.blending.training_windows import TrainingWindow as RankerWindow
from models.data_shape import DataShape
from models.evaluation import bootstrap_interval, evaluate_scores
from models.evaluation.comparison import MetricResults
from models.evaluation.part_worth import measure_part_worth
from models.evaluation.ranking_metrics import compute_ranking_metrics
from models.fit_limits import drop_unfittable_parts, format_left_out_parts
from models.inference import select_top_items
from models.listing.diversity import TOP, Diversification, diversify_lists
from models.recommenders import build_recommender
from models.search import get_memory_limit, read_search_space
from models.training_data import Customers, Training

TASKS = ("discover", "next")
SLICES = {"warm (3+ days)": (3, 10**6), "cool (2 days)": (2, 2), "cold (1 day)": (1, 1)}
JOBS = 2  # cores
WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.4)


@dataclass(frozen=True)
class FittedParts:
    """Everything that trees are grown of and judged on."""

    learned: TrainingRows
    at: CandidateItems
    table: np.ndarray
    alone: dict[str, MetricResults]
    blend: LearnedBlend
    seconds: float


def fit_all_parts(
    found: TestWindow, parts: dict[str, dict], settings: RankerSettings, seed: int
) -> FittedParts:
    """Fit every part before every window's cut and before the test's."""
    start = time.monotonic()
    training, everything = found.training, np.ones(found.training.behaviour.n_items, bool)
    blend = LearnedBlend([build_recommender(name, given) for name, given in sorted(parts.items())], settings)
    windows = []
    with ProcessPoolExecutor(JOBS) as pool:
        waited = [
            pool.submit(build_window_rows, blend, training, window, seed)
            for window in blend.select_windows(training)
        ]
        final = pool.submit(fit_parts, blend.parts, training, seed)
        for made in waited:
            windows.append(made.result())
            n = len(np.unique(windows[-1].query))
            print(f"  a window of {n:,} customers, {time.monotonic() - start:.0f} s so far", flush=True)
        blend.parts = final.result()
    blend.fit_ranker(training, windows, seed)
    customers = Customers.from_training(training, found.asked.customers)
    alone = {
        name: evaluate_scores(scores, found.asked, everything)
        for name, scores in score_parts(blend.parts, customers).items()
    }
    at, table = blend.build_features(customers)
    return FittedParts(concatenate_rows(windows), at, table, alone, blend, time.monotonic() - start)


def fit_parts(parts: list[Recommender], training: Training, seed: int) -> list[Recommender]:
    """The parts, fitted."""
    return [replace(part).fit(training, seed) for part in parts]


def build_window_rows(
    blend: LearnedBlend, training: Training, window: RankerWindow, seed: int
) -> TrainingRows:
    """A window's rows."""
    past, test = training.before(window.cut), blend.draw_case(training, window, seed)
    scores = score_parts(fit_parts(blend.parts, past, seed), test.select_customers(past))
    return blend.build_rows(
        training, window, test, PartScores(scores, [past.behaviour.until] * len(scores)), seed
    )


def evaluate_blend(
    fitted: FittedParts, window: TestWindow, without: str | None, seed: int
) -> tuple[MetricResults, np.ndarray]:
    """Trees grown and measured, all parts or all but one; and the scores."""
    bit = np.uint32(0 if without is None else 1 << fitted.at.names.index(without))
    columns = [n for n, name in enumerate(fitted.learned.names) if name.split(".")[0] != without]
    names = tuple(fitted.learned.names[n] for n in columns)

    def left(table: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        is_kept_row = (sources & ~bit) > 0
        table = table[np.ix_(is_kept_row, columns)]
        table[:, names.index("agreement.parts")] = np.bitwise_count(sources[is_kept_row] & ~bit)
        return table, is_kept_row

    learned, is_kept_row = left(fitted.learned.table, fitted.learned.sources)
    rows = TrainingRows(
        fitted.learned.query[is_kept_row],
        learned,
        fitted.learned.wanted[is_kept_row],
        fitted.learned.sources[is_kept_row],
        names,
    )
    asked, proposed = left(fitted.table, fitted.at.sources)
    trees = fitted.blend.trees if without is None else grow_all_trees(rows, fitted.blend.settings, seed)
    judge = LearnedBlend(settings=fitted.blend.settings)
    judge.trees = trees
    scores = np.full((len(window.asked.customers), window.training.behaviour.n_items), -np.inf, np.float32)
    scores[fitted.at.row[proposed], fitted.at.item[proposed]] = np.mean(
        [booster.predict(asked, num_threads=1) for booster in judge.boosters], axis=0
    )
    return evaluate_scores(scores, window.asked, np.ones(scores.shape[1], bool)), scores


def format_metrics(name: str, metrics: MetricResults) -> str:
    figures = [
        f"{task} {np.nanmean(metrics.ndcg[task]):.4f}/{np.nanmean(metrics.recall[task]):.4f}"
        for task in TASKS
    ]
    return f"{name:<44} {'   '.join(figures)}"


def format_paired_difference(values: np.ndarray) -> str:
    """Mean and interval of paired differences."""
    mean, low, high = bootstrap_interval(values)
    return f"{mean:+.4f} [{low:+.4f}, {high:+.4f}]"


def print_cost_of_variety(fitted: FittedParts, window: TestWindow, scores: np.ndarray) -> None:
    """What variety costs: NDCG of `discover`, beside how alike the ten are and how much of the
    shop is shown.
    """
    likeness = fitted.blend.get_diversity_likeness()
    if likeness is None:
        print("variety: no part is a diversity basis")
        return
    seen, fresh = window.asked.seen.toarray(), window.asked.fresh.toarray()
    items, is_filled = select_top_items(scores, 100, ~seen)
    print("variety: λ, NDCG@10 of discover and its price, mean likeness within the ten, items shown")
    whole = None
    for weight in WEIGHTS:
        listed = diversify_lists(items, is_filled, Diversification(weight), likeness, None)[:, :TOP]
        ndcg = np.where(
            fresh.any(axis=1), compute_ranking_metrics(listed, fresh, (TOP,))[f"ndcg@{TOP}"], np.nan
        )
        whole = ndcg if whole is None else whole
        price = 1 - np.nanmean(ndcg) / np.nanmean(whole)
        alike = [compute_mean_likeness(row[row >= 0], likeness) for row in listed]
        n_shown = len(np.unique(listed[listed >= 0]))
        print(
            f"  {weight:.2f}  {np.nanmean(ndcg):.4f}  {price:6.1%}  {np.mean(alike):.4f}  {n_shown:,}",
            flush=True,
        )


def compute_mean_likeness(items: np.ndarray, likeness) -> float:
    """Of the pairs of a list."""
    near = likeness[items][:, items].toarray()
    return float(near[np.triu_indices(len(items), 1)].mean()) if len(items) > 1 else 0.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument("--window", choices=["test", "validation"], default="test")
    parser.add_argument("--only", nargs="*", default=None, help="parts to take away; all when left out")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    window = getattr(shuffle_items(online_retail.load_online_retail(args.data), args.seed), args.window)
    space = read_search_space()
    learned, left_out = drop_unfittable_parts(
        space["learned"], DataShape.from_training(window.training), get_memory_limit(space)
    )
    if left_out:
        print(f"left out: {format_left_out_parts(left_out)}")
    fitted = fit_all_parts(window, learned["parts"], RankerSettings(**learned["ranker"]), args.seed)
    print(f"{len(window.asked.customers):,} customers; fitted in {fitted.seconds:.0f} s; NDCG@10/Recall@10")
    for name, measured in fitted.alone.items():
        print(format_metrics(name, measured))
    whole, scores = evaluate_blend(fitted, window, None, args.seed)
    print(format_metrics("learned blend of all", whole))
    for task in TASKS:
        best = max(fitted.alone, key=lambda name: np.nanmean(fitted.alone[name].ndcg[task]))
        print(
            f"  {task}: over {best}, the best alone"
            f" {format_paired_difference(whole.ndcg[task] - fitted.alone[best].ndcg[task])}",
            flush=True,
        )
    print_cost_of_variety(fitted, window, scores)
    print("what is lost without a part (NDCG@10 of all less NDCG@10 without it)")
    days = window.asked.n_days_before
    parts = (
        ["lightfm", *[name for name in fitted.alone if name != "lightfm"]] if args.only is None else args.only
    )
    for part in parts:
        less = evaluate_blend(fitted, window, part, args.seed)[0]
        verdict = measure_part_worth(part, whole.quality, less.quality)
        print(
            f"  {part:<20} "
            + "   ".join(
                f"{task} {format_paired_difference(whole.ndcg[task] - less.ndcg[task])}" for task in TASKS
            ),
            f"  quality {verdict.mean:+.4f} [{verdict.low:+.4f}, {verdict.high:+.4f}]:"
            f" {'stays' if verdict.stays else 'goes'}",
            flush=True,
        )
        if part == "lightfm":
            for name, (least, most) in SLICES.items():
                is_in_band = (days >= least) & (days <= most)
                lost = [
                    f"{task} {format_paired_difference((whole.ndcg[task] - less.ndcg[task])[is_in_band])}"
                    for task in TASKS
                ]
                print(f"    {name:<18} {is_in_band.sum():>5,} customers   {'   '.join(lost)}", flush=True)


if __name__ == "__main__":
    main()
