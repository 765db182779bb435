"""Where the parameters of single rows come from: every recipe of `models/config/search.yml` on the window
before the test.

    python -m benchmarks.leaderboard.choose online_retail [--only rp3beta,ease] [--most 3]

Prints each recipe's figures on the validation window and each part's best by mean quality. The test window is
never asked.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.datasets import SHARED, TestWindow, load_dataset
from benchmarks.leaderboard.rows import MEMORY_BYTES
from models.data_shape import DataShape
from models.evaluation import EvaluationOptions, evaluate_scores_in_blocks
from models.fit_limits import explain_unfittable
from models.recommenders import build_recommender
from models.search import compute_items_per_customer, order_recipes, read_search_space


def measure_quality(
    window: TestWindow, part: str, parameters: dict, tasks: tuple[str, ...], k: int, seed: int
) -> tuple[float, dict[str, float]]:
    """Mean quality over those asked, and NDCG by task."""
    fitted = build_recommender(part, parameters).fit(window.training, seed)
    allowed = np.ones(window.asked.n_items, bool)
    metrics = evaluate_scores_in_blocks(
        lambda places: fitted.score(window.customers(places)),
        window.asked,
        allowed,
        EvaluationOptions((k,), tasks),
    )
    return float(np.nanmean(metrics.quality)), {
        task: float(np.nanmean(values)) for task, values in metrics.ndcg.items()
    }


def main() -> None:
    """Print a line a recipe, then the best of each part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data")
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--only", default="", help="names of parts, by commas")
    parser.add_argument("--most", type=int, default=99, help="recipes tried of each part")
    parser.add_argument(
        "--seed", type=int, default=1, help="of the fits, and of the order that decides between equals"
    )
    args = parser.parse_args()
    data = load_dataset(args.data, args.shared, args.seed)
    shape = DataShape.from_training(data.validation.training)
    best: dict[str, tuple[float, dict]] = {}
    for part, recipes in order_recipes(
        read_search_space(), compute_items_per_customer(data.validation.training.behaviour)
    ).items():
        if args.only and part not in args.only.split(","):
            continue
        for parameters in recipes[: args.most]:
            if reason := explain_unfittable(build_recommender(part, parameters), shape, MEMORY_BYTES):
                print(f"{part:<18} {parameters}: left out: {reason}", flush=True)
                continue
            start = time.monotonic()
            mean, by_task = measure_quality(
                data.validation, part, parameters, data.tasks, data.ks[0], args.seed
            )
            described = "  ".join(f"{task} {value:.4f}" for task, value in by_task.items())
            print(
                f"{part:<18} {parameters}: quality {mean:.4f}  {described}  {time.monotonic() - start:.0f} s",
                flush=True,
            )
            best[part] = max(best.get(part, (-1.0, {})), (mean, parameters), key=lambda each: each[0])
    print("best on the window before the test:")
    for part, (mean, parameters) in sorted(best.items(), key=lambda each: -each[1][0]):
        print(f"  {part:<18} {mean:.4f}  {parameters}")


if __name__ == "__main__":
    main()
