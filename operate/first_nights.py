"""`make run`: a sample shop trades for 45 days, its nights run through Airflow, and a page says what came
out.

The first 43 days are one run over their range, as an operator would bring in a shop's history; days 44 and 45
are two nights as every later one will be. Run twice, it finds nothing new and only shows the page again.
"""

import json
import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console

from operate import airflow, page
from operate.follow import start_follower
from operate.next_steps import print_next_steps
from operate.settings import load_settings_or_exit
from operate.shop_calendar import OPENING_DAY, set_sample_shop_clock
from operate.visitors import fetch_before_and_after_block, run_service
from spark_jobs.lake.tables import Lake
from spark_jobs.run.locks import AnotherShopError, refuse_another_shop
from spark_jobs.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
N_DAYS = 45
N_NIGHTS = 2


def write_shop_files(settings: Settings, last: date) -> None:
    """Let the sample shop write its files up to `last`; the same bytes each time."""
    command = [
        sys.executable,
        "-m",
        "sample_shop",
        "--landing",
        settings.landing / "sample_shop",
        "--truth",
        settings.paths.truth,
        "--customers",
        str(settings.shop_customers),
        "--seed",
        str(settings.shop_seed),
        "--from",
        OPENING_DAY.isoformat(),
        "--to",
        last.isoformat(),
    ]
    subprocess.run([str(word) for word in command], cwd=ROOT, check=True)


def split_into_runs(last: date) -> list[tuple[date, date]]:
    """The DAG runs: the history as one, then single nights."""
    nights = [last - timedelta(days=n) for n in reversed(range(N_NIGHTS))]
    return [(OPENING_DAY, nights[0] - timedelta(days=1)), *((night, night) for night in nights)]


def main() -> None:
    os.environ["CONCIERGE_SOURCES"] = "sample_shop"
    settings = load_settings_or_exit()
    try:
        refuse_another_shop(Lake(settings.lake), settings.sources)
    except AnotherShopError as error:
        raise SystemExit(f"make run: {error}") from None
    console, start = Console(highlight=False, width=None if sys.stdout.isatty() else 110), time.monotonic()
    last = OPENING_DAY + timedelta(days=N_DAYS - 1)

    if (settings.landing / "sample_shop" / "orders" / last.isoformat()).is_dir():
        console.rule(f"The sample shop has traded until {last} before")
    else:
        console.rule(f"A sample shop of {settings.shop_customers:,} customers trades for {N_DAYS} days")
        write_shop_files(settings, last)

    env = airflow.build_environment(settings.home, settings.spark_master)
    console.rule("Airflow gets its database and reads the DAGs")
    airflow.prepare_database(env)
    for first, until in split_into_runs(last):
        days = (until - first).days + 1
        console.rule(f"`nightly` for {first}…{until} ({days} day{'s' if days > 1 else ''})")
        follow = start_follower(settings.home, console)
        airflow.run_nightly(env, first, until, settings.paths.log(f"nightly-{first}-{until}"), follow)
        if not follow.shown_any:
            console.print("nothing new: this night is in what is published already")

    set_sample_shop_clock(settings, datetime.now(UTC))  # what the service gets is of the shop's today
    console.rule("The service starts and three visitors come")
    summary = json.loads(settings.paths.summary.read_text())
    visitors = page.select_visitors(settings)
    with run_service(settings.home, "sample_shop", settings.paths.log("service")) as service:
        answers = fetch_before_and_after_block(service, visitors)
    page.print_page(console, summary, answers)
    console.print(f"\nAll of it took {time.monotonic() - start:.0f} s and lies in {settings.home}.")
    print_next_steps(console, settings)


if __name__ == "__main__":
    main()
