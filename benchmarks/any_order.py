"""Three orders of ten days end in the same tables (R05), and so does a shop whose false merges were undone
(F28).

    python -m benchmarks.any_order [--home FOLDER] [--customers 400] [--seed 5] [--days 10]

In order; backwards; and shuffled, through ingest, identity and dbt. Each night takes in what has landed by
then, so a late day comes after those behind it. In a fourth home somebody joins ten customers in five pairs
on the third night and parts them on the eighth. Ids are compared too: `core_*` and the marts, row by row, but
for the logs of what happened when.
"""

import argparse
import random
import shutil
import tempfile
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from benchmarks.online_retail_nights import count_differences
from expectations.contracts import identity_decision_file
from expectations.contracts import identity_decisions as decisions
from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_IDENTIFIERS
from expectations.contracts.published import Published
from sample_shop.shop import Shop
from sample_shop.shop_calendar import OPENING_DAY, get_day_number
from spark_jobs.identify import job as identify
from spark_jobs.ingest import job as ingest
from spark_jobs.lake.session import start_spark_session
from spark_jobs.lake.tables import Lake
from spark_jobs.publish.deployments import build_publish_deployment, deploy
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.run.warehouse_files import find_built_file
from spark_jobs.settings import Settings
from spark_jobs.warehouse import dbt

# What was seen when, and by whom it was said.
LOGS = ("core_identity_changes", "fct_identity_changes", "core_identity_decisions")
JOINED_ON, PARTED_ON, N_PAIRS = 2, 7, 5  # nights, counted from 0


def list_landing_orders(days: list[date], seed: int) -> dict[str, list[date]]:
    """Name → the days in the order in which they land."""
    shuffled = days[:]
    random.Random(seed).shuffle(shuffled)
    return {"in order": days, "backwards": days[::-1], "shuffled": shuffled}


def land_day(shop: Path, home: Path, day: date) -> None:
    """Hand over one day's files of every feed."""
    for folder in shop.glob(f"*/{day}"):
        shutil.copytree(folder, HomePaths(home).landing / "sample_shop" / folder.parent.name / folder.name)


def write_decisions(home: Path, lake: Lake, word: str) -> None:
    """Decide on the same five pairs of logins, none of which has anything to do with the other."""
    known = lake.read_arrow(CORE_IDENTIFIERS).to_pylist()
    users = sorted((one["first_seen_at"], one["identifier_id"]) for one in known if one["kind"] == "user_id")
    for number in range(N_PAIRS):
        a, b = (users[2 * number + k][1] for k in (0, 1))
        decision = decisions.Decision(
            datetime(2026, 7, 1, tzinfo=UTC), word, a, b, "benchmark", "a merge that never should have been"
        )
        identity_decision_file.append_decision(home / identity_decision_file.DECISIONS_FILE, decision)


def build_home(home: Path, shop: Path, days: list[date], spark, has_mishap: bool = False) -> None:
    """One night a day, in this order of days; the warehouse is built each night as of the newest day there
    is.
    """
    settings = Settings.from_environment({"CONCIERGE_HOME": str(home), "CONCIERGE_SOURCES": "sample_shop"})
    lake, newest = Lake(HomePaths(home).lake, spark), days[0]
    for number, day in enumerate(days):
        land_day(shop, home, day)
        newest = max(newest, day)
        now = datetime(2026, 7, 1, 3, number, tzinfo=UTC)
        night = RunContext(f"night-{number}", LandingDates(day, day), settings, now)
        ingest.run(night, lake)
        if has_mishap and number in (JOINED_ON, PARTED_ON):
            write_decisions(home, lake, "join" if number == JOINED_ON else "split")
        identify.run(night, lake)
        dbt.run(replace(night, days=LandingDates(newest, newest)), lake)
        file_name = find_built_file(night).name
        record = Published(
            night.run_id, newest.isoformat(), now.isoformat(), "", file_name, "none", "", lake.read_versions()
        )
        # the next build goes on from this one
        deploy(home, build_publish_deployment(home, night.slug, record, {}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, help="kept; by default a temporary folder")
    parser.add_argument("--customers", type=int, default=400)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--days", type=int, default=10)
    args = parser.parse_args()
    base = args.home or Path(tempfile.mkdtemp(prefix="any-order-"))
    first = get_day_number(OPENING_DAY)
    shop = Shop(args.seed, args.customers, base / "shop", base / "truth", write_from=first)
    shop.trade_until(first + args.days - 1)
    days = [OPENING_DAY + timedelta(days=n) for n in range(args.days)]
    spark = start_spark_session("any order", "local[2]", "3g")
    for name, landed in list_landing_orders(days, args.seed).items():
        start = time.monotonic()
        build_home(base / name.replace(" ", "_"), base / "shop", landed, spark)
        print(
            f"{name:<10} {time.monotonic() - start:6.0f} s   {' '.join(f'{day:%d}' for day in landed)}",
            flush=True,
        )
    start = time.monotonic()
    build_home(base / "undone", base / "shop", days, spark, has_mishap=True)
    print(f"undone     {time.monotonic() - start:6.0f} s", flush=True)
    spark.stop()
    for name in ("backwards", "shuffled", "undone"):
        differences = count_differences(base / "in_order", base / name)
        apart = {table: n for table, n in differences.items() if n and not table.endswith(LOGS)}
        print(f"in order against {name}: {len(differences)} tables, rows apart: {apart or 0}")


if __name__ == "__main__":
    main()
