"""`make backfill`: many landing days as one run of `nightly`, through Airflow."""

import argparse
import os
import time
from datetime import date
from pathlib import Path

from rich.console import Console

from operate import airflow
from operate.follow import follower
from spark_jobs.settings import Settings


def day(text: str) -> date:
    """A day of the calendar.

    Raises:
        argparse.ArgumentTypeError: it is not written as 2010-12-01.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day written as 2010-12-01") from None


def folder(text: str) -> Path:
    path = Path(text).expanduser().resolve()
    if text and not path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is not a folder")
    return path


def main() -> None:
    parser = argparse.ArgumentParser(prog="make backfill", description=__doc__)
    parser.add_argument("--source", required=True, help="a source, e.g. online_retail")
    parser.add_argument("--data", type=folder, required=True, help="the folder its files are copied from")
    parser.add_argument("--from", dest="first", type=day, required=True)
    parser.add_argument("--to", dest="last", type=day, required=True)
    given = parser.parse_args()
    if not given.source or given.last < given.first:
        parser.error("give SOURCE=<source> DATA=<folder> FROM=<day> TO=<day>, with FROM not after TO")
    os.environ["CONCIERGE_SOURCES"] = given.source
    os.environ["CONCIERGE_LANDING_FROM"] = str(given.data)
    settings = Settings.from_environment()
    console, began = Console(), time.monotonic()
    env = airflow.environment(settings.home, settings.spark_master)
    airflow.prepare(env)
    follow = follower(settings.lake, console)
    log = settings.home / "logs" / f"backfill-{given.first}-{given.last}.log"
    airflow.run_nightly(env, given.first, given.last, log, follow)
    if not follow.shown_any:
        console.print("Nothing new: every file of these days is in what is published already.")
    console.print(f"{given.first}…{given.last} in {time.monotonic() - began:.0f} s. Home: {settings.home}")


if __name__ == "__main__":
    main()
