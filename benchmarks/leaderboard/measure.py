"""One row, fitted, asked and measured in a process of its own, so that its peak of memory is its own."""

import argparse
import json
import pickle
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.datasets import Dataset, TestWindow
from benchmarks.leaderboard.rows import LeaderboardRow, list_rows
from models.evaluation import EvaluationOptions, ItemFacts, MetricResults, evaluate_scores_in_blocks, slices
from spark_jobs.train.budget import read_process_memory


def measure_row(
    data: Dataset, window: TestWindow, row: LeaderboardRow, seed: int
) -> tuple[MetricResults, dict[str, float]]:
    """The row's figures on a window, and what it took: seconds to fit, to score and rank, of CPU; MiB at the
    peak.
    """
    start, cpu = time.monotonic(), time.process_time()
    fitted = row.fit(window.training, seed)
    scoring_start = time.monotonic()
    allowed = np.ones(window.asked.n_items, bool)
    metrics = evaluate_scores_in_blocks(
        lambda places: fitted.score(window.customers(places)),
        window.asked,
        allowed,
        EvaluationOptions(
            data.ks,
            data.tasks,
            facts=ItemFacts.build(window.asked.known_share, window.training, data.ks[0]),
            item_slices=slices.slice_items(window.training.behaviour),
        ),
    )
    metrics = replace(
        metrics,
        figures={
            task: by_name if task in row.tasks else list_missing_metrics(by_name)
            for task, by_name in metrics.figures.items()
        },
    )
    ended = time.monotonic()
    # the data included. Not ru_maxrss: that remembers what the starting process held
    mib = read_process_memory("VmHWM") / (1 << 20)
    return metrics, {
        "fit": scoring_start - start,
        "rank": ended - scoring_start,
        "cpu": time.process_time() - cpu,
        "mib": mib,
    }


def list_missing_metrics(figures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.full_like(values, np.nan) for name, values in figures.items()}


def write_result(metrics: MetricResults, costs: dict[str, float], to: Path) -> None:
    """The figures as `<to>.npz` and `<to>.json`, as `benchmarks.leaderboard.run` reads them."""
    arrays = {
        f"{task}/{name}": values
        for task, by_name in metrics.figures.items()
        for name, values in by_name.items()
    }
    np.savez(to.with_suffix(".npz"), **arrays)
    to.with_suffix(".json").write_text(json.dumps({"took": costs, "lists": metrics.lists, "k": metrics.k}))


def main() -> None:
    """Read the data that the table's process left, measure one row, leave its figures beside."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "handed", type=Path, help="the data set, as benchmarks.leaderboard.run wrote it a moment ago"
    )
    parser.add_argument("to", type=Path)
    parser.add_argument("--rows-of", required=True)
    parser.add_argument("--row", required=True)
    parser.add_argument("--window", choices=("test", "validation"), default="test")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    data: Dataset = pickle.loads(args.handed.read_bytes())
    row = next(row for row in list_rows(args.rows_of) if row.name == args.row)
    metrics, costs = measure_row(data, getattr(data, args.window), row, args.seed)
    write_result(metrics, costs, args.to)


if __name__ == "__main__":
    main()
