"""Several processes count in one table at once, while one after the other is killed: `make soak
NAME=concurrent_writers ARGS="--writers 4 --increments 250 --kills 200"`.

Each writer adds one to a counter of ten, again and again, and goes on from what the table holds when it is
started anew; now and then one compacts the table. At the end every counter must have every increment, once;
versions must have no gap; and every version must be readable and hold one increment more than the one before,
or, where it compacted, the same. `--spark` has one writer use Spark, the others delta-rs.
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from expectations.contracts.tables import Table
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.session import start_spark_session
from spark_jobs.lake.tables import Lake

ROOT = Path(__file__).resolve().parents[3]
N_COUNTERS = 10
COMPACTED_EVERY = 40  # increments of a writer
PAUSE_SECONDS = 0.3  # between two kills, on average
COUNTERS = Table(
    name="core_counters",
    grain="One row per counter and writer.",
    key=("counter_id", "writer"),
    columns={"counter_id": "int", "writer": "string", "n": "int"},
)


def read_counts(lake: Lake, writer: str) -> Counter[int]:
    """What a writer has counted so far, by counter."""
    if not lake.exists(COUNTERS):
        return Counter()
    rows = lake.read_arrow(COUNTERS).to_pylist()
    return Counter({row["counter_id"]: row["n"] for row in rows if row["writer"] == writer})


def write(root: Path, writer: str, until: int, *, with_spark: bool = False) -> None:
    """Count until a writer has added so much in all."""
    with ExitStack() as stack:
        spark = start_spark_session(writer, "local[1]", "1g") if with_spark else None
        if spark:
            stack.callback(spark.stop)
        lake = Lake(root, spark)
        counts = read_counts(lake, writer)
        while (n_added := counts.total()) < until:
            counter = n_added % N_COUNTERS
            counts[counter] += 1
            row = {"counter_id": counter, "writer": writer, "n": counts[counter]}
            rows = pa.Table.from_pylist([row], build_arrow_schema(COUNTERS))
            lake.upsert(spark.createDataFrame(rows) if spark else rows, COUNTERS)
            locate_mark(root, writer).touch()
            if not spark and n_added % COMPACTED_EVERY == COMPACTED_EVERY - 1:
                with lake.lock(COUNTERS):
                    DeltaTable(lake.path(COUNTERS)).optimize.compact()


def locate_mark(root: Path, writer: str) -> Path:
    """A file that is there when a writer is at work: to kill one that only starts shows nothing."""
    return root.with_name(f"{writer}.at_work")


def start_writer(root: Path, writer: str, until: int, *, with_spark: bool) -> subprocess.Popen:
    """A writer in a process of its own."""
    words = ["--root", root, "--write", writer, "--increments", until, *(["--spark"] if with_spark else [])]
    command = [sys.executable, "-m", "benchmarks.soak.concurrent_writers", *map(str, words)]
    locate_mark(root, writer).unlink(missing_ok=True)
    return subprocess.Popen(command, cwd=ROOT)


def kill_at_random(
    root: Path,
    start: Callable[[str], subprocess.Popen],
    writers: list[str],
    n_kills: int,
    draw: random.Random,
) -> int:
    """Run the writers to their ends, killing one after the other at its work; how many were killed."""
    running, n_killed = {writer: start(writer) for writer in writers}, 0
    while running:
        if n_killed < n_kills:
            time.sleep(draw.expovariate(1 / PAUSE_SECONDS))
            at_work = [writer for writer in sorted(running) if locate_mark(root, writer).exists()]
            victim = draw.choice(at_work) if at_work else ""
            if victim and running[victim].poll() is None:
                running[victim].send_signal(signal.SIGKILL)
                n_killed += 1
        else:
            next(iter(running.values())).wait()
        for writer, process in list(running.items()):
            if process.poll() is None:
                continue
            process.wait()
            if process.returncode == 0:
                del running[writer]
            elif process.returncode == -signal.SIGKILL:
                running[writer] = start(writer)
            else:
                raise SystemExit(f"{writer} ended with {process.returncode}")
    return n_killed


def find_flaws(root: Path, writers: list[str], n_increments: int) -> list[str]:
    """What is wrong with the table, in words."""
    lake, flaws = Lake(root), []
    for writer in writers:
        counts = read_counts(lake, writer)
        if counts.total() != n_increments or max(counts.values()) - min(counts.values()) > 1:
            flaws.append(f"{writer} added {n_increments}, and the table holds {sorted(counts.items())}")
    path = Path(lake.path(COUNTERS))
    newest = DeltaTable(path).version()
    versions = sorted(int(file.stem) for file in (path / "_delta_log").glob("[0-9]*.json"))
    if versions != list(range(newest + 1)):
        flaws.append(f"versions have a gap: {versions}")
    before = 0
    for version in range(newest + 1):
        rows = DeltaTable(path, version=version).to_pyarrow_table().to_pylist()
        total = sum(row["n"] for row in rows)
        if len({(row["counter_id"], row["writer"]) for row in rows}) != len(rows):
            flaws.append(f"version {version} has a counter twice")
        if total not in (before, before + 1):
            flaws.append(f"version {version} holds {total} increments, the one before {before}")
        before = total
    return flaws


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--increments", type=int, default=250, help="of each writer")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--spark", action="store_true", help="one writer uses Spark")
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--write", help=argparse.SUPPRESS)
    parser.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.write:
        write(args.root, args.write, args.increments, with_spark=args.spark)
        return 0
    writers = [f"writer-{n}" for n in range(args.writers)]
    with tempfile.TemporaryDirectory() as folder:
        root, began = Path(folder) / "lake", time.monotonic()

        def start(writer: str) -> subprocess.Popen:
            return start_writer(root, writer, args.increments, with_spark=args.spark and writer == writers[0])

        n_killed = kill_at_random(root, start, writers, args.kills, random.Random(args.seed))
        flaws = find_flaws(root, writers, args.increments)
        n_versions = DeltaTable(Lake(root).path(COUNTERS)).version() + 1
    print(
        f"{args.writers} writers, {args.writers * args.increments:,} increments, {n_killed} kills:"
        f" {n_versions:,} versions in {time.monotonic() - began:.0f} s"
    )
    print("\n".join(flaws) or "every increment is there once, every version is whole")
    return int(bool(flaws))


if __name__ == "__main__":
    sys.exit(main())
