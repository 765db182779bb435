"""The off-cycle search on Online Retail with the same budget on one core, on two, and on a cluster of two
workers.

    python -m benchmarks.search [--data ../shared/data/online_retail] [--seconds 120] [--whole]

The history ends where the published protocol's test begins, so nothing here reads the test. Each place is a
program of its own: `local[1]`, `local[2]`, and a standalone cluster of one master and two workers with one
core each. Printed are the trials made within the budget, trials per minute of the time that trials had, the
largest peak of a trial, and the winner; with `--whole` the budget is that of the space, and where no search
was cut all winners must be the same.
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.leaderboard.datasets import SHARED, online_retail
from benchmarks.leaderboard.datasets.order import shuffle_items
from models.search import read_search_space
from models.time_split import HoldoutWindows
from operate.spark_cluster import run_cluster
from spark_jobs.engine.tasks import run_tasks
from spark_jobs.train.configuration_search import OFF_CYCLE, search_weighted_blend
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.training_run import TrainingRun

PLACES = ("local[1]", "local[2]", "cluster")
DAYS = online_retail.DAYS
SEED = 1
NOBODY = np.zeros(0, "S1")


def load_material(data: Path) -> TrainingMatrices:
    """Known customers' purchases up to the test of the published protocol."""
    training = shuffle_items(online_retail.load_online_retail(data), SEED).test.training
    everything = np.ones(training.behaviour.n_items, bool)
    return TrainingMatrices(training, NOBODY, NOBODY, {}, everything, everything, 0)


def run_search(master: str, data: Path, seconds: float | None) -> dict:
    """One search, in this process; what came of it."""
    from spark_jobs.lake.session import start_spark_session

    training_data, space = load_material(data), read_search_space()
    if seconds is not None:
        space["efforts"][OFF_CYCLE]["seconds"] = seconds
    spark = start_spark_session("benchmark search", master, "2g")
    # The workers of a cluster start with the first task: that is theirs, not the search's.
    run_tasks(spark, lambda n: __import__("models.search") and n, range(8))
    training = TrainingRun(spark, training_data, HoldoutWindows(-DAYS, 0, DAYS), SEED)
    result = search_weighted_blend(training, space, OFF_CYCLE)
    spark.stop()
    peaks = [trial.metrics["peak_memory_mb"] for trial in result.trials if "peak_memory_mb" in trial.metrics]
    quality = [trial.metrics["quality"] for trial in result.trials if trial.name.startswith("blend")]
    cpu = sum(trial.metrics.get("cpu_seconds", 0.0) for trial in result.trials)
    return {
        **result.report,
        "cpu_seconds": cpu,
        "peak_memory_mb": max(peaks, default=0.0),
        "winner": result.configuration,
        "quality": quality[-1:],
        "best": result.best,
        "log": [[trial.name, dict(trial.parameters), dict(trial.metrics)] for trial in result.trials],
    }


@contextlib.contextmanager
def resolve_master_url(place: str, folder: Path) -> Iterator[str]:
    """The master URL of a place."""
    if place != "cluster":
        yield place
        return
    with run_cluster(folder) as url:
        yield url


def run_search_in_subprocess(place: str, data: Path, seconds: float | None) -> dict:
    """The search in a program of its own."""
    with tempfile.TemporaryDirectory() as folder, resolve_master_url(place, Path(folder)) as master:
        words = [
            "--at",
            master,
            "--data",
            str(data),
            *(["--seconds", str(seconds)] if seconds is not None else ["--whole"]),
        ]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.search", *words],
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            env=os.environ,
        )
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--whole", action="store_true", help="the seconds of the space")
    parser.add_argument("--places", nargs="*", default=PLACES)
    parser.add_argument("--at", help=argparse.SUPPRESS)
    args = parser.parse_args()
    seconds = None if args.whole else args.seconds
    if args.at:
        print(json.dumps(run_search(args.at, args.data, seconds)))
        return
    results = {}
    for place in args.places:
        results[place] = one = run_search_in_subprocess(place, args.data, seconds)
        rate = 60 * one["n_trials"] / max(one["trial_seconds"], 1e-9)
        print(
            f"{place:<9} {one['n_trials']:>4} trials in {one['trial_seconds']:.0f} s ({rate:.1f} a minute),"
            f" {one['cpu_seconds']:.0f} CPU seconds, {one['seconds']:.0f} of {one['budget_seconds']:.0f} s in"
            f" all, {len(one['not_made'])} not made, {len(one['refused'])} refused, a trial at most"
            f" {one['peak_memory_mb']:.0f} MB; load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
        print(f"          quality {one['quality']} of {one['winner']}")
    if not any(one["was_cut"] for one in results.values()):
        winners = {json.dumps(one["winner"], sort_keys=True) for one in results.values()}
        print("the same winner everywhere" if len(winners) == 1 else f"{len(winners)} DIFFERENT WINNERS")
        sys.exit(len(winners) != 1)


if __name__ == "__main__":
    main()
