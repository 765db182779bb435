"""Scoring at scale: customers a second beside a bare product and partition, and what an index of the
catalogue finds.

`make bench NAME=scoring ARGS="--customers 10000 100000"` scores so many customers × 50,000 items × 64 factors
on Spark, as the step does (behaviour is joined, what was bought is left out, lists of 100 are written), and
in the same run multiplies and partitions vectors of that size in as many bare numpy processes as there are
cores, before and after. Where the machine does other work, the figures per CPU second say what those per
second do not. `--index 50000 200000` compares faiss with comparing with all, on one core.
"""

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy: a core a process, as Spark's workers have

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.online_retail_nights import PeakMemory, list_own_processes
from expectations.contracts.lake import FEAT_CUSTOMERS, REC_CUSTOMER_ITEMS
from models.artifact import ModelArtifact
from models.blending.weighted import WeightedBlend
from models.inference import PRODUCT_ROWS, select_top_items_by_vectors
from models.listing import retrieval
from models.recommenders import build_recommender
from models.training_data import PURCHASE
from spark_jobs.engine.shared_objects import share_object
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.session import start_spark_session
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.score import checkpoints, personal_lists, stale_customers
from spark_jobs.score.scoring_model import ScoringModel
from spark_jobs.settings import Settings

LENGTH, TASTES, EVENTS, DAYS = 100, 200, 10, 365
BARE_CUSTOMERS = 4096  # a process: a few seconds
CHANGED = 0.01  # of the customers buy something before they are scored again


def draw_factors(n: int, d: int, seed: int, spread: bool) -> np.ndarray:
    """float32 [n, 1 + d] around some tastes, later components smaller, as a factorisation's are; the first
    column is ones.

    Args:
        spread: lengths differ, as those of items wanted by many and by few.
    """
    draw, tastes = (
        np.random.default_rng(seed),
        np.random.default_rng(0).standard_normal((TASTES, d), dtype=np.float32),
    )
    factors = tastes[draw.integers(0, TASTES, n)]
    factors += np.float32(0.7) * draw.standard_normal((n, d), dtype=np.float32)
    factors *= (np.arange(1, d + 1) ** -0.5).astype(np.float32)
    if spread:
        factors *= 0.5 + draw.random((n, 1), dtype=np.float32)
    return np.column_stack([np.ones(n, np.float32), factors])


def make_ids(letter: str, n: int) -> list[str]:
    return [f"{letter}_{number:07}" for number in range(n)]


def build_scoring_inputs(n_customers: int, n_items: int, d: int) -> ScoringModel:
    """LightFM's factors, drawn; everything may be shown, every tenth item is consumed."""
    part = build_recommender("lightfm", {"components": d})
    items = draw_factors(n_items, d, 2, spread=True)
    items[:, 0] = np.random.default_rng(3).standard_normal(n_items) * 0.2  # their biases
    arrays = {"customer_factors": draw_factors(n_customers, d, 1, spread=False), "item_factors": items}
    part.restore({**arrays, "attribute_factors": np.zeros((0, 1 + d), np.float32)})
    blend = WeightedBlend([part], {"lightfm": 1.0})
    artifact = ModelArtifact(
        {}, blend, np.array(make_ids("i", n_items), "S9"), np.array(make_ids("c", n_customers), "S9")
    )
    allowed, consumable = np.ones(n_items, bool), np.arange(n_items) % 10 == 0
    common = stale_customers.fingerprint_scoring_model(["bench"], allowed, consumable, True, None)
    return ScoringModel(artifact, allowed, consumable, DAYS, True, "concierge/1", common)


def write_shop(folder: Path, n_customers: int, n_items: int, changed: float = 0.0) -> int:
    """`EVENTS` purchases a customer, and the customers' table, as files; how many have one more, a share
    given.
    """
    draw, every = np.random.default_rng(5), pa.array(make_ids("i", n_items))
    schema, people = build_arrow_schema(FEAT_CUSTOMERS), pa.array(make_ids("c", n_customers))
    nothing = {field.name: pa.nulls(n_customers, field.type) for field in schema}
    fields = [field.with_nullable(True) for field in schema]
    pq.write_table(
        pa.table({**nothing, "customer_id": people}, schema=pa.schema(fields)), folder / "customers.parquet"
    )
    n, more = n_customers * EVENTS, round(n_customers * changed)
    who = np.concatenate(
        [np.repeat(np.arange(n_customers), EVENTS), np.linspace(0, n_customers - 1, more).astype(int)]
    )
    what, when = (np.append(draw.integers(0, most, n), np.full(more, most - 1)) for most in (n_items, DAYS))
    behaviour = {
        "customer_id": people.take(pa.array(who)),
        "item_id": every.take(pa.array(what)),
        "day": pa.array(when.astype(np.int32)),
        "kind": pa.array(np.full(len(who), PURCHASE, np.int32)),
    }
    pq.write_table(pa.table(behaviour), folder / "behaviour.parquet")
    return more


def run_bare_worker(seed: int, n: int, n_items: int, d: int, begin, results) -> None:
    """Product and partition of n customers, as numpy does it: which are the best 100, in no order, nothing
    left out.
    """
    vectors, items = draw_factors(n, d, seed, spread=False), draw_factors(n_items, d, 2, spread=True)
    begin.wait()
    start, cpu = time.perf_counter(), time.process_time()
    for first in range(0, n, PRODUCT_ROWS):
        np.argpartition(vectors[first : first + PRODUCT_ROWS] @ items.T, n_items - LENGTH, axis=1)
    results.put((n / (time.perf_counter() - start), time.process_time() - cpu))


def measure_bare_speed(cores: int, n_items: int, d: int) -> tuple[float, float]:
    """Customers a second of all processes, and a CPU second."""
    context = multiprocessing.get_context("spawn")
    begin, results = context.Barrier(cores), context.Queue()
    arguments = [(seed, BARE_CUSTOMERS, n_items, d, begin, results) for seed in range(cores)]
    workers = [context.Process(target=run_bare_worker, args=one) for one in arguments]
    for worker in workers:
        worker.start()
    speeds = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return sum(rate for rate, _ in speeds), cores * BARE_CUSTOMERS / sum(cpu for _, cpu in speeds)


def read_cpu_seconds() -> float:
    """Of this process and all it started."""
    return sum(sum(process.cpu_times()[:2]) for process in list_own_processes())


def create_views(con: duckdb.DuckDBPyConnection, home: Path) -> None:
    """The shop's files as the step reads them."""
    for name, file in (("behaviour", "behaviour"), ("feat_customers", "customers")):
        con.execute(f"create or replace view {name} as from '{home / file}.parquet'")


def measure_scoring(spark, n_customers: int, args: argparse.Namespace, folder: Path) -> dict:
    """Score so many customers, bare products before and after."""
    home = folder / f"{n_customers}x{args.items}"
    home.mkdir()
    write_shop(home, n_customers, args.items)
    settings = Settings.from_environment({"CONCIERGE_HOME": str(home)})
    night = RunContext(
        "bench", LandingDates(date(2026, 1, 1), date(2026, 1, 1)), settings, datetime(2026, 1, 2, tzinfo=UTC)
    )
    before = measure_bare_speed(args.cores, args.items, args.components)
    lake, where = Lake(settings.lake, spark), checkpoints.locate_checkpoint_folder(night)
    model = build_scoring_inputs(n_customers, args.items, args.components)
    with PeakMemory() as peak, share_object(model, home / "shared") as shared, ExitStack() as databases:
        nobody = pa.table({"customer_id": pa.array([], pa.string()), "inputs": pa.array([], pa.int64())})
        con = databases.enter_context(open_database())
        create_views(con, home)
        start, cpu = time.perf_counter(), read_cpu_seconds()
        retained, done = personal_lists.score_due_customers(spark, con, shared, nobody, where)
        scored, cpu = time.perf_counter() - start, read_cpu_seconds() - cpu
        start = time.perf_counter()
        report = personal_lists.commit_personal_lists(lake, pa.array([], pa.string()), retained, done)
        committed = time.perf_counter() - start
        after = measure_bare_speed(args.cores, args.items, args.components)
        n_bytes = sum(file.stat().st_size for file in Path(lake.path(REC_CUSTOMER_ITEMS)).glob("*.parquet"))
        changed = write_shop(home, n_customers, args.items, CHANGED)
        create_views(con, home)
        start = time.perf_counter()
        again = personal_lists.update_personal_lists(lake, night, shared, con)
        changed_seconds = time.perf_counter() - start
    if again.detail["rescored"] != changed:
        raise SystemExit(f"{changed} customers changed and {again.detail['rescored']} were scored")
    wall, per_cpu = (before[0] + after[0]) / 2, (before[1] + after[1]) / 2
    return {
        "customers": n_customers,
        "lists": report.n_rows,
        "seconds": round(scored, 1),
        "commit_seconds": round(committed, 1),
        "per_second": round(n_customers / scored),
        "bare_per_second": round(wall),
        "share": round(n_customers / scored / wall, 2),
        "per_cpu_second": round(n_customers / cpu),
        "bare_per_cpu_second": round(per_cpu),
        "share_of_cpu": round(n_customers / cpu / per_cpu, 2),
        "peak_gb": round(peak.bytes / 1e9, 2),
        "bytes_a_list": round(n_bytes / n_customers),
        "changed": changed,
        "changed_seconds": round(changed_seconds, 1),
    }


def measure_index(n_items: int, d: int) -> dict:
    """An index of so many items against comparing with all, on one core, in CPU seconds."""
    items, asking, others = (
        draw_factors(n_items, d, 2, True),
        draw_factors(256, d, 1, False),
        draw_factors(1024, d, 4, False),
    )
    start = time.process_time()
    index = retrieval.build_item_index(items, asking)
    built, start = time.process_time() - start, time.process_time()
    exact = select_top_items_by_vectors(others, items, LENGTH)[0]
    alone, start = time.process_time() - start, time.process_time()
    if index is None:
        return {"items": n_items, "index": "recalls too little"}
    best_items = index.best(others, items, LENGTH)[0]
    near = time.process_time() - start
    return {
        "items": n_items,
        "build_seconds": round(built, 1),
        "megabytes": round(len(index.packed) / 1e6, 1),
        "cells_looked_into": index.n_probes,
        "recall_at_100": round(retrieval.compute_recall(best_items, exact), 4),
        "per_cpu_second": round(len(others) / near),
        "exact_per_cpu_second": round(len(others) / alone),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench NAME=scoring", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--components", type=int, default=64)
    parser.add_argument("--cores", type=int, default=os.cpu_count())
    parser.add_argument("--memory", default="2g", help="of Spark's JVM")
    parser.add_argument("--index", type=int, nargs="*", default=[50_000, 200_000], help="sizes of catalogue")
    args = parser.parse_args()
    for n_items in args.index:
        print(json.dumps(measure_index(n_items, args.components)), flush=True)
    if args.customers:
        spark = start_spark_session("benchmark of scoring", f"local[{args.cores}]", args.memory)
        with tempfile.TemporaryDirectory() as folder:
            warm = argparse.Namespace(**{**vars(args), "items": 1000})
            measure_scoring(spark, 4000, warm, Path(folder))  # workers start and import, the JVM compiles
            for n_customers in args.customers:
                print(json.dumps(measure_scoring(spark, n_customers, args, Path(folder))), flush=True)
        spark.stop()


if __name__ == "__main__":
    main()
