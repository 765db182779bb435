"""A night of hostile input: every field of every feed holds every extreme value, through land → publish.

    make soak NAME=hostile [ARGS="--home FOLDER --customers 150 --days 8 --source sample_shop"]

A small healthy shop trades; on its last day each extreme value stands once in each field of a record that is
healthy otherwise. The real steps run in this process, then once more for the day after, which builds upon
that night. A step that stops is red, and says why. Ends with what became of the values: tried, refused by
reason, accepted, and how many of those are found again behind.
"""

import argparse
import sys
import tempfile
import time
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.soak.hostile import healthy
from benchmarks.soak.hostile.figures import count_outcomes, find_lost_rows, print_outcomes
from benchmarks.soak.hostile.trials import PLANS
from spark_jobs.lake.session import start_spark_session
from spark_jobs.run import launcher
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings

STEPS = ("ingest", "identify", "load", "dbt", "export", "train", "score", "publish")


def run_night(settings: Settings, days: LandingDates, run_id: str) -> str | None:
    """The steps behind `land`; what stopped one, or None."""
    night = RunContext(run_id, days, settings, datetime(2026, 12, 1, 3, tzinfo=UTC))
    for step in STEPS:
        start = time.monotonic()
        try:
            code = launcher.execute_step(step, replace(night, now=datetime.now(UTC)), start)
        except Exception as error:
            traceback.print_exc()
            return f"{step}: {type(error).__name__}: {str(error)[:2000]}"
        if code:
            return f"{step} ended with {code}; what it printed says why"
    return None


def run_soak(home: Path, source: str, customers: int, days: int) -> bool:
    """Two nights of one shop; whether both ended green."""
    settings = Settings.from_environment(
        {
            "CONCIERGE_HOME": str(home),
            "CONCIERGE_SOURCES": source,
            "CONCIERGE_SHOP_CUSTOMERS": str(customers),
            # most of what it lands is to be refused, and the night is to go on
            "CONCIERGE_REFUSED_PERCENT": "100",
        }
    )
    feeds = [feed for feed in PLANS if feed.startswith((source, "serving"))]
    first, hostile = healthy.OPENING, healthy.OPENING + timedelta(days=days - 1)
    healthy.write_shop_files(settings, source, first, hostile)
    landed = [trial for feed in feeds for trial in healthy.append_trials(settings.landing, feed, hostile)]
    stopped = run_night(settings, LandingDates(first, hostile), "hostile")
    print_outcomes(count_outcomes(settings, landed))
    if stopped is None:
        after = hostile + timedelta(days=1)
        healthy.write_shop_files(settings, source, after, after)
        stopped = run_night(settings, LandingDates(after, after), "the-day-after")
    if stopped is None:
        lost = find_lost_rows(settings)
        print(f"accepted rows that are not found again: {lost}")
        stopped = "accepted rows are lost" if any(lost.values()) else None
    print(f"{source}: {'green' if stopped is None else f'RED. {stopped}'}", flush=True)
    return stopped is None


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, help="kept; by default a temporary folder")
    parser.add_argument("--customers", type=int, default=150)
    parser.add_argument("--days", type=int, default=8)
    parser.add_argument("--source", choices=("sample_shop", "online_retail"), action="append")
    args = parser.parse_args()
    base, start = args.home or Path(tempfile.mkdtemp(prefix="hostile-")), time.monotonic()
    start_spark_session("hostile", "local[2]", "2g")
    green = [
        run_soak(base / source, source, args.customers, args.days)
        for source in args.source or ("sample_shop", "online_retail")
    ]
    print(f"{time.monotonic() - start:.0f} s, in {base}")
    sys.exit(0 if all(green) else 1)


if __name__ == "__main__":
    main()
