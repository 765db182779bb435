"""One more night, step by step: seconds, CPU seconds and peak memory, of one or several checkouts in turn.

    python -m benchmarks.night HOME --from DAY [--to DAY] [--code CHECKOUT …] [--rounds N] [--keep FOLDER]

Each round copies HOME for every checkout and runs the DAG `nightly` in the copy by that checkout's own code
and Airflow; without HOME in an empty one, so that `--from 2010-12-01 --to 2011-12-09` is a year at once.
Printed for each step: the seconds of its task, of which its own by `ops_runs` (the rest is Airflow and the
starts of processes and JVMs). CPU seconds and memory are those of all processes that the night started, an
engine included that makes itself independent of the task that starts it.
"""

import argparse
import ctypes
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, datetime
from pathlib import Path

from benchmarks.online_retail_nights import PeakMemory
from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_RUNS
from spark_jobs.lake.tables import Lake

ROOT = Path(__file__).resolve().parents[1]
SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER: whose parent ends becomes a child of this process (Linux)
PREPARE, RUN = "airflow.prepare_database(env)", "airflow.run_nightly(env, first, last, log, lambda: None)"
PROGRAM = """
import sys
from datetime import date
from pathlib import Path
from expectations.contracts.home import HomePaths
from operate import airflow
home, (first, last) = Path(sys.argv[1]), map(date.fromisoformat, sys.argv[2:4])
env, log = airflow.build_environment(home, sys.argv[4]), HomePaths(home).log("benchmark")
"""


def run_program(args: argparse.Namespace, checkout: Path, home: Path, words: str) -> None:
    """Run a sentence of `PROGRAM` by a checkout's own code.

    Raises:
        subprocess.CalledProcessError: it failed, and said why.
    """
    env = {
        **os.environ,
        "PYTHONPATH": str(checkout),
        "CONCIERGE_HOME": str(home),
        "CONCIERGE_SOURCES": args.sources,
        "CONCIERGE_LANDING_FROM": str(args.data.resolve()) if args.data else "",
    }
    days = [args.first.isoformat(), (args.last or args.first).isoformat()]
    command = [checkout / ".venv" / "bin" / "python", "-c", PROGRAM + words, home, *days, args.master]
    subprocess.run([str(word) for word in command], cwd=checkout, env=env, check=True)


def reap_orphans() -> None:
    """Wait for processes that became ours: only then does the system count what they took."""
    while True:
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def measure_night(args: argparse.Namespace) -> dict:
    """One night in this process's care; its figures."""
    [checkout], home = args.code, args.home
    ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
    run_program(args, checkout, home, PREPARE)
    runs_before = {row["run_id"] for row in read_ops_runs(home)}
    start, cpu = time.monotonic(), read_cpu_seconds()
    with PeakMemory() as peak:
        run_program(args, checkout, home, RUN)
        seconds = time.monotonic() - start
    reap_orphans()
    own: dict[str, float] = {}
    # A step writes a row a table, each with the step's seconds; `validate` is part of several tasks.
    rows = [row for row in read_ops_runs(home) if row["run_id"] not in runs_before]
    for step, took in {(row["step"], row["seconds"]) for row in rows}:
        own[step] = own.get(step, 0.0) + took
    return {
        "seconds": seconds,
        "cpu_seconds": read_cpu_seconds() - cpu,
        "peak_gb": peak.bytes / 1e9,
        "tasks": read_task_seconds(home),
        "own": own,
    }


def read_cpu_seconds() -> float:
    """Of all processes that were started from this one and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def read_ops_runs(home: Path) -> list[dict]:
    """The run manifest's steps and seconds."""
    return Lake(HomePaths(home).lake).read_arrow(OPS_RUNS, ["run_id", "step", "seconds"]).to_pylist()


def read_task_seconds(home: Path) -> dict[str, float]:
    """By task of the newest run, the seconds that Airflow gave it, in the order of their starts."""
    with sqlite3.connect(f"file:{HomePaths(home).airflow_database}?mode=ro", uri=True) as database:
        rows = database.execute(
            "select task_id, start_date, end_date from task_instance where start_date is not null"
            " and run_id = (select run_id from dag_run order by id desc limit 1) order by start_date"
        ).fetchall()
    return {
        task.rpartition(".")[2]: (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
        for task, start, end in rows
        if end
    }


def measure_in_process(args: argparse.Namespace, checkout: Path, home: Path) -> dict:
    """The night in the care of a process of its own."""
    words = [
        "--code",
        checkout,
        "--from",
        args.first,
        "--to",
        args.last or args.first,
        "--master",
        args.master,
    ]
    words += ["--sources", args.sources, *(["--data", args.data] if args.data else []), "--at-once"]
    command = [sys.executable, "-m", "benchmarks.night", home, *words]
    done = subprocess.run(
        [str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def print_figures(name: str, nights: list[dict]) -> None:
    """The medians of a checkout's nights, and behind them each night's."""
    for key, unit in (("seconds", "s"), ("cpu_seconds", "CPU seconds"), ("peak_gb", "GB at most")):
        values = [night[key] for night in nights]
        each = ", ".join(f"{value:.1f}" for value in values)
        print(f"{name}: {statistics.median(values):.1f} {unit} ({each})")
    tasks = list(dict.fromkeys(task for night in nights for task in night["tasks"]))
    for task in [*tasks, "validate"]:
        whole, own = (
            statistics.median(night[kind].get(task, 0.0) for night in nights) for kind in ("tasks", "own")
        )
        print(f"  {task:<14} {whole:7.1f} s, its own {own:6.1f} s")


def main() -> None:
    """Print each checkout's figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("home", type=Path, nargs="?", help="copied; left out: an empty one")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
    parser.add_argument("--to", dest="last", type=date.fromisoformat)
    parser.add_argument("--code", type=Path, nargs="+", default=[ROOT], help="checkouts, each with its .venv")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder that the homes of the last round are left in")
    parser.add_argument("--sources", default="sample_shop")
    parser.add_argument("--data", type=Path, help="CONCIERGE_LANDING_FROM")
    parser.add_argument("--master", default="local[*]")
    parser.add_argument("--at-once", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.at_once:
        print(json.dumps(measure_night(args)))
        return
    nights: dict[Path, list[dict]] = {checkout.resolve(): [] for checkout in args.code}
    with tempfile.TemporaryDirectory(prefix="night-") as scratch:
        folder = args.keep or Path(scratch)
        for number in range(args.rounds):
            # in turn, and the other way round in every second round
            for checkout in list(nights) if number % 2 == 0 else reversed(list(nights)):
                home = (folder / f"{checkout.name}-{list(nights).index(checkout)}").resolve()
                shutil.rmtree(home, ignore_errors=True)
                if args.home:
                    shutil.copytree(args.home, home, symlinks=True)
                home.mkdir(parents=True, exist_ok=True)
                nights[checkout].append(measure_in_process(args, checkout, home))
                seconds, load = nights[checkout][-1]["seconds"], os.getloadavg()[0]
                print(f"round {number + 1}, {checkout}: {seconds:.0f} s, load {load:.1f}", flush=True)
    for checkout, measured in nights.items():
        print_figures(str(checkout), measured)


if __name__ == "__main__":
    main()
