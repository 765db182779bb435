"""`make night`: one night by hand, of this home's shop, whenever you like; `DAY=` names another landing day.

Without a day it is the next one that the sample shop trades, or another shop's yesterday. A day that was run
is run again, and does nothing where all it reads is as the published night had it.
"""

import argparse
import sys
import time
from datetime import UTC, date, datetime, timedelta

from rich.console import Console

from expectations.contracts.published import Published
from operate import airflow
from operate.backfill import parse_day
from operate.follow import start_follower
from operate.settings import load_settings_or_exit
from operate.shop_calendar import OPENING_DAY, find_last_traded, set_sample_shop_clock
from spark_jobs.lake.tables import Lake
from spark_jobs.run.locks import AnotherShopError, refuse_another_shop
from spark_jobs.settings import Settings


def find_next_day(settings: Settings, now: datetime) -> date:
    """The landing day that a night by hand is of where nobody names one."""
    if settings.sources != ("sample_shop",):
        return now.astimezone(UTC).date() - timedelta(days=1)
    last_traded = find_last_traded(settings)
    return last_traded + timedelta(days=1) if last_traded else OPENING_DAY


def main() -> None:
    parser = argparse.ArgumentParser(prog="make night", description=__doc__)
    parser.add_argument("--day", type=lambda text: parse_day(text) if text else None)
    given, settings = parser.parse_args().day, load_settings_or_exit()
    try:
        refuse_another_shop(Lake(settings.lake), settings.sources)
    except AnotherShopError as error:
        raise SystemExit(f"make night: {error}") from None
    day = given or find_next_day(settings, datetime.now(UTC))
    console, start = Console(highlight=False, width=None if sys.stdout.isatty() else 110), time.monotonic()
    env = airflow.build_environment(settings.home, settings.spark_master)
    with airflow.lock_scheduler(settings.home):
        airflow.prepare_database(env)
        console.rule(f"`nightly` for {day}")
        follow = start_follower(settings.home, console)
        airflow.run_nightly(env, day, day, settings.paths.log(f"nightly-{day}-{day}"), follow)
        if not follow.shown_any:
            console.print("nothing new: files, code, settings, definitions and lists are those of last night")
        if settings.sources == ("sample_shop",):
            set_sample_shop_clock(settings, datetime.now(UTC))
    published = Published.read(settings.home)
    until = f"; published: up to {published.landing_date}" if published else ""
    console.print(f"It took {time.monotonic() - start:.0f} s{until}.")


if __name__ == "__main__":
    main()
