"""Ingest landed files: every file that the manifest does not know becomes rows of `raw_*`, then of `core_*`.

Reads:   landing/<source>/<entity>/<day>/, days up to the run's last (days that were skipped are filled)
Writes:  raw_<source>__<entity>, core_events, core_order_lines, core_people, core_items, core_item_changes,
         core_consents, core_identifiers, core_impressions, quarantine, ops_deliveries
If it fails: clear the task. A file counts as ingested when all of it is written, so a file that was half
ingested is ingested again, with the same result, also when it was corrected in between. Rows that do not add
up fail each attempt: that is a bug. When too much of a file was refused, look with `make quarantine`, then
correct the file or remove it; it fails until then.
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from spark_jobs.ingest.conservation import check_balance
from spark_jobs.ingest.deliveries import Delivery, DeliveryManifest
from spark_jobs.ingest.derived_tables import write_derived_tables, write_identifiers
from spark_jobs.ingest.feed_ingest import FeedIngest
from spark_jobs.ingest.quarantine import write_quarantine
from spark_jobs.ingest.refused_share import find_failure
from spark_jobs.ingest.unmatched_files import report_unmatched_files
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.sources.declaration import Source, SourceContext
from spark_jobs.sources.landed_files import LandedFile, list_landed_files
from spark_jobs.sources.registry import load_sources

MAX_PARALLEL_FEEDS = 2  # while one plans or commits, another's tasks keep the cores busy
FeedJob = tuple[FeedIngest, list[Delivery]]


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Ingest every source of the home; one report a table, those of records with their outcomes.

    Raises:
        SourceError: the home names sources that do not exist or do not go together.
        UnbalancedError: received rows and outcomes do not add up.
    """
    settings = context.settings
    files, sources = list_landed_files(settings.landing, context.days.last), load_sources(settings.sources)
    reports = ingest_files(context, lake, sources, files, settings.paths.ingest_parts)
    return reports + report_unmatched_files(sources, files)


def ingest_files(
    context: RunContext, lake: Lake, sources: list[Source], files: list[LandedFile], parts: Path
) -> list[TableReport]:
    """Ingest those of some landed files that the lake has not ingested yet; one report a table.

    Args:
        parts: a folder for what is read; what is in it is deleted.

    Raises:
        UnbalancedError: received rows and outcomes do not add up.
    """
    manifest, settings = DeliveryManifest(lake), context.settings
    feed_ingests = [
        FeedIngest(
            lake, SourceContext(source.name, source.time_zone, settings.identity_key), manifest, source, feed
        )
        for source in sources
        for feed in source.feeds
    ]
    for ingest in feed_ingests:  # of a home that an earlier version made
        lake.add_missing_columns(ingest.source.raw_table(ingest.feed))
    pending = [(each, manifest.find_pending(each.source, each.feed, files)) for each in feed_ingests]
    manifest.begin([delivery for _, deliveries in pending for delivery in deliveries], context.run_id)
    with hold_parts(parts):
        with ThreadPoolExecutor(MAX_PARALLEL_FEEDS) as pool:
            groups = pool.map(lambda jobs: ingest_feeds(lake, jobs, parts), group_by_target(pending))
            finished = [ingest for group in groups for ingest in group]
            rest = [
                pool.submit(write_quarantine, lake, finished),
                pool.submit(write_identifiers, lake, feed_ingests, finished),
            ]
            reports = [report for ingest in finished for report in ingest.reports]
            reports += [report for job in rest for report in job.result()]
        # before the manifest, or the next attempt would find nothing to do and be green
        check_balance(reports)
        failed = [ingest for ingest in finished if report_failure(ingest, settings.refused_percent)]
        for ingest in finished:
            ingest.release()
    # The next attempt ingests what is not committed here, and refuses it again, until a person has decided.
    manifest.commit(
        [each for ingest in finished if ingest not in failed for each in ingest.ingested], context.run_id
    )
    return reports


@contextmanager
def hold_parts(folder: Path) -> Iterator[None]:
    """Keep a folder for what is read, empty at first and gone at the end: it holds people's records."""
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was cut off
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def group_by_target(pending: list[FeedJob]) -> list[list[FeedJob]]:
    """The feeds that received something; those of one core table together, to be ingested one after the
    other: an event that two of them hand over is found in what the first one wrote.
    """
    groups: dict[str, list[FeedJob]] = {}
    for ingest, deliveries in pending:
        if deliveries:
            groups.setdefault(ingest.feed.target.name, []).append((ingest, deliveries))
    return list(groups.values())


def ingest_feeds(lake: Lake, jobs: list[FeedJob], parts: Path) -> list[FeedIngest]:
    """Ingest feeds one after the other."""
    return [ingest_feed(lake, *job, parts) for job in jobs]


def ingest_feed(lake: Lake, ingest: FeedIngest, deliveries: list[Delivery], parts: Path) -> FeedIngest:
    """Write one feed's own tables, then those derived from it."""
    ingest.run(deliveries, parts / f"{ingest.source.name}.{ingest.feed.entity}")
    ingest.reports += write_derived_tables(lake, ingest)
    return ingest


def report_failure(ingest: FeedIngest, percent: int | None) -> bool:
    """Whether the step fails because too much of a feed's files was refused; its report gets the reason."""
    failure = find_failure(ingest, percent)
    report = next(each for each in ingest.reports if each.table_name == ingest.feed.target.name)
    report.failure = failure
    if failure:
        report.detail["failure"] = failure
    return failure is not None
