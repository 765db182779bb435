"""Fold-in of a customer's fresh events: how long it takes from a snapshot, and what it is worth on Online
Retail; one command:

    python -m benchmarks.fold_in [--data ../shared/data] [--items 50000] [--times 300]

Time: a snapshot with factors of so many items is written and read as the service reads it, then customers
with 1 to 20 events are placed and every item scored and ranked for them, on one thread. Worth: by cohort as
every night's report has it (see `models/evaluation/fold_in.py`), NDCG@10 of the mean of both tasks, folded in
and retrained, and the trust that follows.
"""

import argparse
import json
import tempfile
import time
from pathlib import Path

import lmdb
import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.leaderboard.datasets import SHARED, load_dataset
from expectations.contracts import snapshot
from models.evaluation import fold_in
from models.factor_space import FactorSpace
from models.inference import select_top_items
from models.recommenders.als import ALS
from models.training_data import KIND_WEIGHTS, KINDS
from spark_jobs.publish.snapshot_writer import write_snapshot

COMPONENTS, DAYS = 48, 30


def write_and_read_factors(folder: Path, n_items: int) -> FactorSpace:
    """A snapshot's factors of so many items, written, and read again."""
    factors = np.random.default_rng(0).normal(0, 0.1, (n_items, COMPONENTS)).astype(np.float32)
    wide = factors.astype(np.float64)
    record = snapshot.FoldInFactors(
        "benchmark/1",
        tuple(f"item-{n:06}" for n in range(n_items)),
        COMPONENTS,
        factors.astype("<f2").tobytes(),
        (wide.T @ wide).tobytes(),
        10.0,
        15.0,
        45.0,
        tuple(zip(KINDS, KIND_WEIGHTS.tolist(), strict=True)),
        ((20, 1.0),),
    )
    write_snapshot(folder / "snapshot", [(snapshot.FOLD_IN, snapshot.pack_record(record))])
    start = time.perf_counter()
    with lmdb.open(str(folder / "snapshot"), readonly=True, lock=False) as env, env.begin() as txn:
        packed = txn.get(snapshot.FOLD_IN)
    factors_read = snapshot.unpack_record(snapshot.FoldInFactors, packed)
    space = FactorSpace.read(
        factors_read.factors,
        factors_read.gram,
        factors_read.confidence,
        factors_read.regularisation,
        factors_read.half_life_days,
        [weight for _, weight in factors_read.kinds],
    )
    seconds = time.perf_counter() - start
    print(
        f"{n_items:,} items × {COMPONENTS}: {len(packed) / 1e6:.1f} MB in the snapshot, read once in"
        f" {1000 * seconds:.0f} ms"
    )
    return space


def time_fold_in(space: FactorSpace, times: int) -> tuple[np.ndarray, np.ndarray]:
    """float [times]: to place a customer; and to place, score and rank every item."""
    generator, placed, ranked = np.random.default_rng(1), [], []
    for _ in range(times):
        n = int(generator.integers(1, 21))
        items, kinds = generator.integers(0, len(space.item_factors), n), generator.integers(0, len(KINDS), n)
        start = time.perf_counter()
        vector = space.fold_in(items, space.weigh_events(kinds, generator.integers(0, DAYS, n)))
        placed.append(time.perf_counter() - start)
        select_top_items(space.score(vector)[None], 100)
        ranked.append(time.perf_counter() - start)
    return 1000 * np.array(placed), 1000 * np.array(ranked)


def measure_fold_in_quality(folder: Path) -> list[dict]:
    """The night's report on the last 28 days of Online Retail."""
    data = load_dataset("online_retail", folder)
    window, everything = data.test, np.ones(data.test.asked.n_items, bool)
    cohorts = fold_in.draw_cohorts(window.asked, seed=0)
    trainings = fold_in.split_training(window.training, cohorts)
    fits = [ALS().fit(training, seed=0) for training in trainings]
    return fold_in.evaluate_fold_in(window.asked, everything, cohorts, trainings[0], *fits)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=SHARED)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--times", type=int, default=300)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, threadpool_limits(1):
        placed, ranked = time_fold_in(write_and_read_factors(Path(temporary), args.items), args.times)
    for name, times_ms in (("placed", placed), ("placed, scored and ranked", ranked)):
        print(f"  {name}: median {np.median(times_ms):.2f} ms, p99 {np.quantile(times_ms, 0.99):.2f} ms")
    for row in measure_fold_in_quality(args.data):
        print(json.dumps(row))


if __name__ == "__main__":
    main()
