"""`make restore`: what is in production made again from the log of deployments.

`published.json`, the link `warehouse/concierge.duckdb`, the records to roll back to and the champion say
after it what `serving/production.jsonl` says. Nothing is deleted, and what is right is not written again.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from expectations.contracts.home import HomePaths
from expectations.contracts.published import Published, PublishedUnreadable
from spark_jobs.publish.champion import restore_champion_from_log
from spark_jobs.publish.deployments import (
    PUBLISH,
    publish_lock,
    read_deployments,
    restore_last_deployment,
    write_history_record,
)
from spark_jobs.publish.retention import N_RETAINED
from spark_jobs.settings import Settings


def restore_from_log(home: Path) -> Published | None:
    """Make all files that are derived from the log of deployments again, and return what is in production.

    Raises:
        PublishedUnreadable: as `restore_last_deployment`.
    """
    now = restore_last_deployment(home)
    for record in find_retained_records(home):
        write_history_record(home, record)
    return now


def find_retained_records(home: Path) -> list[Published]:
    """The published records that one can roll back to, by the log: of the newest runs, those whose snapshot
    and warehouse file are there.
    """
    published = [each.published for each in read_deployments(home) if each.by == PUBLISH]
    newest = sorted(
        {record.run_id: record for record in published}.values(),
        key=lambda record: (record.published_at, record.run_id),
        reverse=True,
    )[:N_RETAINED]
    paths = HomePaths(home)
    return [
        record
        for record in newest
        if (paths.snapshots / record.snapshot).is_dir()
        and (not record.warehouse_file or (paths.warehouse_builds / record.warehouse_file).is_file())
    ]


def main(argv: list[str]) -> int:
    """Restore and say what is in production; 1 with a sentence when that cannot be."""
    argparse.ArgumentParser(prog="make restore", description=__doc__.splitlines()[0]).parse_args(argv)
    settings = Settings.from_environment()
    settings.home.mkdir(parents=True, exist_ok=True)
    with publish_lock(settings.home):
        try:
            now = restore_from_log(settings.home)
        except PublishedUnreadable as error:
            print(f"restore: {error}, and no deployment is logged", file=sys.stderr)
            return 1
        if now is None:
            print("restore: nothing has been published yet", file=sys.stderr)
            return 1
        champion = restore_champion_from_log(settings, read_deployments(settings.home), datetime.now(UTC))
    print(f"In production: {now.run_id} over landing days up to {now.landing_date} ({now.model_version}).")
    if champion:
        print(f"The next night scores with {champion} again.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
