"""A night that is run again, and a backfill of ten days, tell no transition: by the real steps, on a copy.

    python -m benchmarks.repeated_nights HOME [--days 10] [--keep FOLDER]

HOME has segments that live. In the copy the worker with the lead tells what is due first. Then the steps of
a night run over its newest day, and over the newest days together, all of whose events and orders have come
once more in files that are others to the byte: so both are ingested and worked out anew, and published.
Behind each the lead looks at everybody. What was told since of segments with rules, other than that time has
passed meanwhile, is counted and ought to be nothing. Learned segments are shown beside it: their model knows
the predictions of the run before, so a first repetition may turn some. The control: the orders of the newest
day come with a hundred times as many pieces, which some segments must tell. Ends with 1 where a run tells
something, or the control nothing.
"""

import argparse
import csv
import gzip
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path

import duckdb

from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published
from expectations.contracts.transitions import decode_transition
from segments.standing import TIME
from serving_app.app import get_utc_now
from serving_app.memberships.told_log import TransitionLog
from serving_app.settings import Settings
from serving_app.stores import open_stores

ROOT = Path(__file__).resolve().parents[1]
STEPS = ("ingest", "identify", "load", "dbt", "export", "score", "publish")
QUIET_LOOKS = 20  # of the lead, behind which nothing more comes
NOTHING_NEW = 99


def compress_otherwise(file: Path) -> None:
    """Other bytes of the same lines."""
    level = 1 if file.read_bytes()[8:9] != b"\x04" else 9  # what gzip notes of its effort
    file.write_bytes(gzip.compress(gzip.decompress(file.read_bytes()), level))


def end_otherwise(file: Path) -> None:
    """The same rows behind another line end."""
    file.write_bytes(file.read_bytes() + b"\r\n")


def multiply_pieces(file: Path) -> None:
    """Orders of a hundred times as many pieces."""
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "quantity": str(100 * int(row["quantity"]))} for row in rows)


def list_files(home: Path, days: Iterable[date], entity: str, pattern: str) -> list[Path]:
    """The landed files of an entity of the sample shop."""
    folder = HomePaths(home).landing / "sample_shop" / entity
    return [file for day in days for file in sorted((folder / str(day)).glob(pattern))]


def run_steps(home: Path, days: list[date], run_id: str) -> None:
    """A night's steps over some days.

    Raises:
        subprocess.CalledProcessError: one failed, and said why.
    """
    env = {**os.environ, "CONCIERGE_HOME": str(home), "CONCIERGE_SOURCES": "sample_shop"}
    env.setdefault("CONCIERGE_SPARK_MEMORY", "1500m")
    for step in STEPS:
        started_at = time.monotonic()
        command = [sys.executable, "spark_jobs/run/launcher.py", step, "--run-id", run_id]
        command += ["--from", str(days[0]), "--to", str(days[-1])]
        done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
        if done.returncode not in (0, NOTHING_NEW):
            print(done.stdout[-3_000:], done.stderr[-3_000:], sep="\n")
            done.check_returncode()
        print(f"  {run_id} {step}: {time.monotonic() - started_at:.0f} s", flush=True)


def tell_what_is_due(home: Path) -> Counter[str]:
    """Let the lead look at everybody of the published night; what it has told but for what time alone has
    turned, by segment.
    """
    stores = open_stores(Settings.from_environment({"CONCIERGE_HOME": str(home)}), get_utc_now)
    keeper = stores.memberships.keeper
    log = TransitionLog(stores.transitions, HomePaths(home).transitions)
    before, n_quiet = sum(1 for _ in log.read_lines()), 0
    n_told = before
    while n_quiet < QUIET_LOOKS:
        keeper.keep()
        now = sum(1 for _ in log.read_lines())
        n_quiet, n_told = (n_quiet + 1 if now == n_told else 0), now
    told = [decode_transition(line) for line in log.read_lines()][before:]
    stores.transitions.rotate(is_forced=True)
    return Counter(f"{one.segment_id} ({one.reason})" for one in told if one.reason != TIME)


def list_learned(home: Path) -> set[str]:
    """The segments that a model decides."""
    with duckdb.connect(str(HomePaths(home).warehouse_file.resolve()), read_only=True) as warehouse:
        query = "select segment_id from dim_segments where kind not in ('rule', 'rfm')"
        return {name for (name,) in warehouse.execute(query).fetchall()}


def repeat(home: Path, name: str, days: list[date], change: Callable[[list[date]], None]) -> Counter[str]:
    """Change landed files, run the steps, and return what was told then."""
    change(days)
    before = Published.read(home).snapshot
    run_steps(home, days, name)
    after = Published.read(home).snapshot
    told = tell_what_is_due(home)
    learned = list_learned(home)
    by_rule = Counter({each: n for each, n in told.items() if each.partition(" ")[0] not in learned})
    published = f"snapshot {after}" if after != before else "what is published stays, nothing differs"
    about = f"{name}: {len(days)} days, {published}"
    print(f"{about}: {by_rule.total()} transitions {dict(by_rule)}")
    print(f"  and of learned segments {(told - by_rule).total()}", flush=True)
    return by_rule


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--keep", type=Path, help="where the copy stays")
    args = parser.parse_args()
    folder = args.keep or Path(tempfile.mkdtemp())
    home = folder / "home"
    shutil.copytree(args.home, home, symlinks=True)
    newest = date.fromisoformat(Published.read(home).landing_date)
    days = [newest - timedelta(days=ago) for ago in reversed(range(args.days))]

    def deliver_again(some: list[date]) -> None:
        for file in list_files(home, some, "events", "*.gz"):
            compress_otherwise(file)
        for file in list_files(home, some, "orders", "*.csv"):
            end_otherwise(file)

    def deliver_others(some: list[date]) -> None:
        for file in list_files(home, some, "orders", "orders.csv"):
            multiply_pieces(file)

    try:
        deliver_again(days[-1:])
        run_steps(home, days[-1:], "first")  # by this code: states of another build are not read
        print(f"first look: {tell_what_is_due(home).total()} transitions", flush=True)
        told = repeat(home, "again", days[-1:], deliver_again)
        told += repeat(home, "backfill", days, deliver_again)
        control = repeat(home, "control", days[-1:], deliver_others)
    finally:
        if not args.keep:
            shutil.rmtree(folder)
    return int(bool(told) or not control)


if __name__ == "__main__":
    sys.exit(main())
