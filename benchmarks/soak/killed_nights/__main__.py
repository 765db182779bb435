"""Kills every step of a night once, and its engine, each at a random moment, and has the step tried again:
`make soak NAME=killed_nights ARGS="HOME --from DAY [--nights 3] [--seed 1]"`.

Each night is one more day of HOME (a copy), step by step as the DAG has them: first undisturbed, which also
says how long each step takes, then with a SIGKILL in each step, of the step's process or of the engine (its
Python process or its JVM) in turn. A retry must end well, both homes must hold the same rows in every table
of the lake (but `ops_runs`, which tells of tries) and of the warehouse, and no engine may be left. A kill
that came too late is counted: it proves nothing.
"""

import argparse
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from benchmarks.compare_homes.stores import compare_lakes, compare_warehouses
from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_RUNS
from spark_jobs.engine.record import read_record

ROOT = Path(__file__).resolve().parents[3]
STEPS = ("land", "start_engine", "ingest", "identify", "load", "dbt", "export", "train", "score")
STEPS += ("stop_engine", "publish")
TRIES = 3
LOOK_EVERY_SECONDS = 0.02
VICTIMS = ("step", "engine", "JVM")  # a step without an engine is the victim itself
EARLIEST = 0.1  # of a step's seconds: before, Python has not come to our code


@dataclass
class Night:
    """One night of one home.

    Attributes:
        kills: what was killed and when, a line each.
        late: steps that ended before they were to be killed.
    """

    home: Path
    day: date
    seconds: dict[str, float] = field(default_factory=dict)
    kills: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)

    def begin(self, step: str) -> subprocess.Popen:
        """The step's process, started."""
        days = ["--from", self.day.isoformat(), "--to", self.day.isoformat(), "--run-id", f"night-{self.day}"]
        log = (self.home / f"{step}.out").open("a")
        return subprocess.Popen(
            [sys.executable, "spark_jobs/run/launcher.py", step, *days],
            cwd=ROOT,
            env={**os.environ, "CONCIERGE_HOME": str(self.home)},
            stdout=log,
            stderr=log,
        )

    def run(self, step: str) -> None:
        """Run the step to its end.

        Raises:
            SystemExit: it failed as often as Airflow would try it.
        """
        for _ in range(TRIES):
            start = time.monotonic()
            if self.begin(step).wait() == 0:
                self.seconds[step] = time.monotonic() - start
                return
        raise SystemExit(f"{step} failed {TRIES} times: {self.home / f'{step}.out'}")

    def kill(self, step: str, victim: str, seconds: float) -> None:
        """Begin the step, and kill it or the engine so many seconds later."""
        process, until = self.begin(step), time.monotonic() + seconds
        while time.monotonic() < until and process.poll() is None:
            time.sleep(LOOK_EVERY_SECONDS)
        if process.poll() is not None:
            self.late.append(step)
            return
        record = read_record(HomePaths(self.home).engine_record)
        numbers = {"engine": record.pid, "JVM": record.jvm_pid} if record and record.is_ready else {}
        with contextlib.suppress(ProcessLookupError):
            os.kill(numbers.get(victim, process.pid), signal.SIGKILL)
        process.wait()
        self.kills.append(f"{victim if victim in numbers else 'step'} of {step} after {seconds:.1f} s")


def list_differences(one: Path, other: Path) -> Iterator[str]:
    """Tables that do not hold the same rows."""
    for each in (*compare_lakes(one, other), *compare_warehouses(one, other)):
        if each.n_differences and each.name != f"lake {OPS_RUNS.name}":
            yield f"{each.name}: {each.n_differences} rows apart"


def run_pair(args: argparse.Namespace, folder: Path, number: int) -> list[str]:
    """One undisturbed night and one with kills, of equal homes; what is wrong."""
    draw = random.Random(args.seed + number)
    homes = [folder / name for name in ("undisturbed", "killed")]
    for home in homes:
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(args.home, home, symlinks=True)
    calm, killed = (Night(home, args.first) for home in homes)
    for step in STEPS:
        calm.run(step)
    victims = [VICTIMS[(n + number) % len(VICTIMS)] for n in range(len(STEPS))]
    for step, victim in zip(STEPS, victims, strict=True):
        killed.kill(step, victim, draw.uniform(EARLIEST, 1.0) * calm.seconds[step])
        killed.run(step)
    wrong = list(list_differences(*homes))
    for home in homes:
        record = read_record(HomePaths(home).engine_record)
        if record and (record.is_alive or record.has_jvm):
            wrong.append(f"{home.name}: an engine is left, process {record.pid}")
    print(f"night {number + 1}: killed {'; '.join(killed.kills)}", flush=True)
    print(f"  too late in {', '.join(killed.late) or 'no step'}; {wrong or 'the same tables'}", flush=True)
    return wrong


def main() -> int:
    """Run the nights; 1 when anything is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("home", type=Path, help="a home after a night; copied")
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, help="its next day")
    parser.add_argument("--nights", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="folder that the homes of the last night are left in")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="killed-nights-") as scratch:
        results = [run_pair(args, args.keep or Path(scratch), number) for number in range(args.nights)]
    return int(any(results))


if __name__ == "__main__":
    sys.exit(main())
