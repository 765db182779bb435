"""A real shop's year at once, and its last nine days as nine nights: seconds, memory, and whether both end in
the same tables.

    python -m benchmarks.online_retail_nights [--data ../shared/data/online_retail] [--home FOLDER] [--nights
    9]

One home takes all 305 days as one run; another stops at 2011-11-30 and then takes 2011-12-01 … 09 one by one.
Days on which the shop was closed have no file. A night's own seconds are its steps'; the rest of its wall
time is what Airflow and the starts of processes and JVMs cost. The last night is then run again.
"""

import argparse
import subprocess
import tempfile
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import psutil

from benchmarks.compare_homes.exceptions import ignored_columns
from benchmarks.compare_homes.stores import compare_lakes, compare_warehouses
from benchmarks.leaderboard.datasets import SHARED
from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_RUNS
from operate import airflow
from spark_jobs.lake.tables import Lake

FIRST, LAST = date(2010, 12, 1), date(2011, 12, 9)
NIGHTS = 9
# Which run saw a thing, and on which night: what a log is for, and never the same for one run and nine.
OF_THE_RUN = dict.fromkeys(
    ("core_identity_changes", "fct_identity_changes"),
    frozenset({"change_id", "landing_date", "run_id", "because"}),
)


def list_own_processes() -> list[psutil.Process]:
    """This process and all it started."""
    me = psutil.Process()
    return [me, *me.children(recursive=True)]


class PeakMemory:
    """The most memory that this process and all it started held at once, in bytes (proportional set size,
    sampled).
    """

    def __init__(self) -> None:
        self.bytes, self._done = 0, threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.wait(1.0):
            n_bytes = 0
            for process in list_own_processes():
                try:
                    n_bytes += process.memory_full_info().pss
                except psutil.Error:  # it ended while we looked
                    continue
            self.bytes = max(self.bytes, n_bytes)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()


def run_nightly_timed(
    env: dict[str, str], home: Path, first: date, last: date, name: str
) -> dict[str, float]:
    """One run of `nightly`; its wall seconds, and those of each step by its own clock."""
    lake, start = Lake(HomePaths(home).lake), time.monotonic()
    before = set(lake.read_arrow(OPS_RUNS)["run_id"].to_pylist())
    airflow.run_nightly(env, first, last, HomePaths(home).log(name), lambda: None)
    seconds = {"wall": time.monotonic() - start}
    new = [row for row in lake.read_arrow(OPS_RUNS).to_pylist() if row["run_id"] not in before]
    # A step writes a row a table, each with the step's seconds; `validate` is part of several tasks.
    for step, took in {(row["step"], row["seconds"]) for row in new}:
        seconds[step] = seconds.get(step, 0) + took
    return seconds


def print_seconds(name: str, seconds: dict[str, float]) -> None:
    own = sum(value for step, value in seconds.items() if step != "wall")
    each = ", ".join(
        f"{step} {value:.0f}" for step, value in seconds.items() if step != "wall" and value >= 0.5
    )
    print(
        f"{name}: {seconds['wall']:.0f} s, of which Airflow and starts {seconds['wall'] - own:.0f} ({each})",
        flush=True,
    )


def count_differences(one: Path, other: Path) -> dict[str, int]:
    """Rows that only one of two homes holds, by table: `core_*` and `feat_*` of the lake, and the marts."""
    comparisons = [
        *compare_lakes(one, other, ("core_", "feat_"), list_ignored_columns),
        *compare_warehouses(one, other, ("dim_", "fct_", "feat_"), list_ignored_columns),
    ]
    return {each.name: each.n_differences for each in comparisons}


def list_ignored_columns(table: str) -> frozenset[str]:
    """Columns that differ between homes that took the same days in other nights."""
    return ignored_columns(table) | OF_THE_RUN.get(table, frozenset())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=SHARED / "online_retail")
    parser.add_argument("--home", type=Path, help="kept; by default a temporary folder")
    parser.add_argument("--nights", type=int, default=NIGHTS, help="how many single nights at the end (9)")
    args = parser.parse_args()
    base = args.home or Path(tempfile.mkdtemp(prefix="nights-"))
    settings = {"CONCIERGE_SOURCES": "online_retail", "CONCIERGE_LANDING_FROM": str(args.data.resolve())}
    homes = {name: base / name for name in ("year", "nights")}
    envs = {name: {**airflow.build_environment(home, "local[*]"), **settings} for name, home in homes.items()}
    for env in envs.values():
        airflow.prepare_database(env)
    with PeakMemory() as peak:
        print_seconds(
            "2010-12-01…2011-12-09", run_nightly_timed(envs["year"], homes["year"], FIRST, LAST, "year")
        )
    print(f"peak memory of all processes: {peak.bytes / 2**30:.1f} GiB", flush=True)
    nights = [LAST - timedelta(days=n) for n in reversed(range(args.nights))]
    env, home = envs["nights"], homes["nights"]
    history = nights[0] - timedelta(days=1)
    print_seconds(f"2010-12-01…{history}", run_nightly_timed(env, home, FIRST, history, "history"))
    for night in nights:
        print_seconds(f"{night}", run_nightly_timed(env, home, night, night, f"{night}"))
    before = Lake(HomePaths(home).lake).read_versions(), HomePaths(home).published.read_bytes()
    print_seconds("the last night again", run_nightly_timed(env, home, LAST, LAST, "again"))
    print(
        "the same versions and snapshot:",
        (Lake(HomePaths(home).lake).read_versions(), HomePaths(home).published.read_bytes()) == before,
    )
    for name, n_rows in count_differences(homes["year"], homes["nights"]).items():
        print(f"  {name:<36} {n_rows:,} rows apart")
    print(subprocess.run(["du", "-sh", *homes.values()], capture_output=True, text=True, check=True).stdout)


if __name__ == "__main__":
    main()
