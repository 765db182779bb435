"""`make backfill`: many landing days as one run of `nightly`, through Airflow."""

import argparse
import os
import time
from datetime import date
from pathlib import Path

from rich.console import Console

from operate import airflow
from operate.follow import start_follower
from operate.settings import load_settings_or_exit
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates
from spark_jobs.run.locks import AnotherShopError, refuse_another_shop
from spark_jobs.sources.declaration import SharedFolder
from spark_jobs.sources.registry import SourceError, load_sources


def parse_day(text: str) -> date:
    """A day of the calendar.

    Raises:
        argparse.ArgumentTypeError: it is not written as 2010-12-01.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"a day is written as 2010-12-01, not {text!r}") from None


def parse_folder(text: str) -> Path:
    """A folder that is there; nothing at all would be the current one.

    Raises:
        argparse.ArgumentTypeError: it is not.
    """
    path = Path(text).expanduser().resolve()
    if not text.strip() or not path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is not a folder" if text.strip() else "give DATA=<folder>")
    return path


def count_files(source: str, data: Path, days: LandingDates) -> int:
    """How many of these days have a file in the folder.

    Raises:
        SourceError: there is no such source, or it takes no day files from a folder.
        FileNotFoundError: no day has one.
    """
    delivery = next(each for each in load_sources((source,)) if each.name == source).origin
    if not isinstance(delivery, SharedFolder):
        raise SourceError(
            f"{source} takes no day files from a folder: "
            "docs/how-to/add-a-source.md says how its files come in"
        )
    n_files = sum((data / delivery.file_name.format(day=one)).is_file() for one in days)
    if not n_files:
        looked_for = delivery.file_name.format(day=days.first)
        raise FileNotFoundError(
            f"{data} has no file of {days.first}…{days.last}; {source} names them like {looked_for}"
        )
    return n_files


def main() -> None:
    parser = argparse.ArgumentParser(prog="make backfill", description=__doc__)
    parser.add_argument("--source", required=True, help="a source, e.g. online_retail")
    parser.add_argument(
        "--data", type=parse_folder, required=True, help="the folder its files are copied from"
    )
    parser.add_argument("--from", dest="first", type=parse_day, required=True)
    parser.add_argument("--to", dest="last", type=parse_day, required=True)
    args = parser.parse_args()
    if not args.source or args.last < args.first:
        parser.error("give SOURCE=<source> DATA=<folder> FROM=<day> TO=<day>, with FROM not after TO")
    try:
        load_sources((args.source,))
    except SourceError as error:
        parser.exit(1, f"make backfill: {error}\n")
    os.environ["CONCIERGE_SOURCES"] = args.source
    os.environ["CONCIERGE_LANDING_FROM"] = str(args.data)
    settings = load_settings_or_exit()
    console, start, days = Console(), time.monotonic(), LandingDates(args.first, args.last)
    try:
        refuse_another_shop(Lake(settings.lake), settings.sources)
        n_files = count_files(args.source, args.data, days)
    except (AnotherShopError, SourceError, FileNotFoundError) as error:
        parser.exit(1, f"make backfill: {error}\n")
    console.print(f"{n_files} of {len(list(days))} days have a file in {args.data}.", highlight=False)
    env = airflow.build_environment(settings.home, settings.spark_master)
    airflow.prepare_database(env)
    follow = start_follower(settings.home, console)
    log = settings.paths.log(f"backfill-{args.first}-{args.last}")
    airflow.run_nightly(env, args.first, args.last, log, follow)
    if not follow.shown_any:
        console.print("Nothing new: every file of these days is in what is published already.")
    console.print(f"{args.first}…{args.last} in {time.monotonic() - start:.0f} s. Home: {settings.home}")


if __name__ == "__main__":
    main()
