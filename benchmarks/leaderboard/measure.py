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
from models.evaluation import Facts, Measured, evaluate, slices
from spark_jobs.train.budget import read_process_memory


def measure_row(
    data: Dataset, window: TestWindow, row: LeaderboardRow, seed: int
) -> tuple[Measured, dict[str, float]]:
    """The row's figures on a window, and what it took: seconds to fit, to score and rank, of CPU; MiB at the
    peak.
    """
    began, cpu = time.monotonic(), time.process_time()
    fitted = row.fit(window.training, seed)
    asked = time.monotonic()
    allowed = np.ones(window.asked.n_items, bool)
    found = evaluate(
        lambda places: fitted.score(window.customers(places)),
        window.asked,
        allowed,
        ks=data.ks,
        tasks=data.tasks,
        facts=Facts.of(window.asked.known_share, window.training, data.ks[0]),
        item_slices=slices.of_items(window.training.behaviour),
    )
    found = replace(
        found,
        figures={
            task: held if task in row.tasks else list_missing_metrics(held)
            for task, held in found.figures.items()
        },
    )
    ended = time.monotonic()
    mib = read_process_memory("VmHWM") / (
        1 << 20
    )  # the data included. Not ru_maxrss: that remembers what the starting process held
    return found, {"fit": asked - began, "rank": ended - asked, "cpu": time.process_time() - cpu, "mib": mib}


def list_missing_metrics(figures: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: np.full_like(values, np.nan) for name, values in figures.items()}


def write_result(found: Measured, took: dict[str, float], to: Path) -> None:
    """The figures as `<to>.npz` and `<to>.json`, as `benchmarks.leaderboard.run` reads them."""
    arrays = {
        f"{task}/{name}": values for task, held in found.figures.items() for name, values in held.items()
    }
    np.savez(to.with_suffix(".npz"), **arrays)
    to.with_suffix(".json").write_text(json.dumps({"took": took, "lists": found.lists, "k": found.k}))


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
    given = parser.parse_args()
    data: Dataset = pickle.loads(given.handed.read_bytes())
    row = next(row for row in list_rows(given.rows_of) if row.name == given.row)
    found, took = measure_row(data, getattr(data, given.window), row, given.seed)
    write_result(found, took, given.to)


if __name__ == "__main__":
    main()
