"""Take in what landed: every file that the manifest does not know becomes rows of `raw_*`, then of `core_*`.

Reads:   landing/<source>/<entity>/<day>/, days up to the last of the run (skipped nights are found and
filled) Writes:  raw_<source>__<entity>, core_events, core_order_lines, core_people, core_items,
core_item_changes, core_consents,
         core_identifiers, core_impressions, quarantine, ops_deliveries
If it fails: clear the task; a file counts as taken in when all of it is written, so what was half taken in is
taken in again, with the same result, also when the file was put right in between. Rows that do not add up
fail each attempt: that is a bug. When too much of a file was refused, look with `make quarantine`, then put
the file right or take it away; it fails until then.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

from spark_jobs.ingest.deliveries import Delivery, Manifest, claims
from spark_jobs.ingest.derived_tables import derive, identifiers, quarantine
from spark_jobs.ingest.feed_ingest import FeedIntake
from spark_jobs.ingest.file_messages import SHOWN
from spark_jobs.ingest.refused_share import find_failure
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import RunContext, TableReport
from spark_jobs.sources.declaration import Context, Source
from spark_jobs.sources.landed_files import LandedFile, list_landed_files
from spark_jobs.sources.registry import load_sources

logger = logging.getLogger(__name__)
AT_ONCE = 2  # feeds: while one plans or commits, another's tasks keep the cores busy


class UnbalancedError(RuntimeError):
    """Records were received and are neither in a table nor refused: some would be lost unseen."""


def run(night: RunContext, lake: Lake) -> list[TableReport]:
    """Ingest every source of the home; one report a table, those of records with what became of each.

    Raises:
        SourceError: the home names sources that do not exist or do not go together.
        UnbalancedError: received rows and outcomes do not add up.
    """
    manifest, files, sources = (
        Manifest(lake),
        list_landed_files(night.settings.landing, night.days.last),
        load_sources(night.settings.sources),
    )
    every = [
        FeedIntake(
            lake, Context(source.name, source.time_zone, night.settings.identity_key), manifest, source, feed
        )
        for source in sources
        for feed in source.feeds
    ]
    for intake in every:
        lake.add_missing_columns(intake.source.raw(intake.feed))  # of a home that an earlier version made
    pending = [(intake, manifest.pending(intake.source, intake.feed, files)) for intake in every]
    manifest.begin([delivery for _, deliveries in pending for delivery in deliveries], night.run_id)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        taken = list(pool.map(lambda given: take(lake, *given), [given for given in pending if given[1]]))
        rest = [pool.submit(quarantine, lake, taken), pool.submit(identifiers, lake, every, taken)]
        reports = [report for intake in taken for report in intake.reports] + [
            each for job in rest for each in job.result()
        ]
    check_balance(reports)  # before the manifest, or the next attempt would find nothing to do and be green
    failed = [intake for intake in taken if note_failure(intake, night.settings.refused_percent)]
    for intake in taken:
        intake.typed.unpersist()
    # What is not written here is taken in again by the next attempt, and refused again, until a person has
    # decided.
    manifest.commit([each for intake in taken if intake not in failed for each in intake.taken], night.run_id)
    return reports + unclaimed(sources, files)


def note_failure(intake: FeedIntake, percent: int | None) -> bool:
    """Whether the step fails because too much of a feed's files was refused; its report says so."""
    failure = find_failure(intake, percent)
    report = next(each for each in intake.reports if each.table_name == intake.feed.target.name)
    report.failure = failure
    if failure:
        report.detail["failure"] = failure
    return failure is not None


def check_balance(reports: list[TableReport]) -> None:
    """Conservation of records.

    Raises:
        UnbalancedError: says of which tables, and their numbers.
    """
    wrong = [
        f"{each.table_name} received {each.n_received} = {each.n_inserted} inserted + {each.n_updated}"
        f" updated + {each.n_unchanged} unchanged + {each.n_superseded} superseded + {each.n_duplicate}"
        f" duplicate + {each.n_quarantined} quarantined?"
        for each in reports
        if not each.is_balanced
    ]
    if wrong:
        raise UnbalancedError(f"rows received and outcomes do not add up: {'; '.join(wrong)}")


def unclaimed(sources: list[Source], files: list[LandedFile]) -> list[TableReport]:
    """Says which files of the home's sources match no feed's pattern: nobody reads them, and a slip in a name
    costs a day.
    """
    reports = []
    for source in sources:
        mine = [file for file in files if file.source == source.name]
        names = [file.name for file in mine if not any(claims(source, feed, file) for feed in source.feeds)]
        if names:
            patterns = ", ".join(f"{feed.entity}/<day>/{feed.pattern}" for feed in source.feeds)
            shown = ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")
            logger.warning(
                f"{source.name}: {len(names)} landed files match none of {patterns} and are not read: {shown}"
            )
            detail = {
                "source": source.name,
                "n_unclaimed_files": len(names),
                "unclaimed_files": names[:SHOWN],
            }
            reports.append(TableReport(table_name=f"landing/{source.name}", detail=detail))
    return reports


def take(lake: Lake, intake: FeedIntake, deliveries: list[Delivery]) -> FeedIntake:
    """One feed: its own table, then what is derived from it."""
    intake.run(deliveries)
    intake.reports += derive(lake, intake)
    return intake
