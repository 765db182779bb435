"""Take in what landed: every file that the manifest does not know becomes rows of `raw_*`, then of `core_*`.

Reads:   landing/<source>/<entity>/<day>/, days up to the last of the run (skipped nights are found and filled)
Writes:  raw_<source>__<entity>, core_events, core_order_lines, core_people, core_items, core_item_changes, core_consents,
         core_identifiers, core_impressions, quarantine, ops_deliveries
If it fails: clear the task; the manifest is written last, so what was half taken in is taken in again, with the same result.
"""

from concurrent.futures import ThreadPoolExecutor

from spark_jobs.ingest.deliveries import Delivery, Manifest
from spark_jobs.ingest.derived import derive, identifiers, quarantine
from spark_jobs.ingest.feed import Context
from spark_jobs.ingest.intake import FeedIntake
from spark_jobs.ingest.sources import load
from spark_jobs.land.inputs import landed
from spark_jobs.night import Night, TableReport
from spark_jobs.tables import Lake

AT_ONCE = 2  # feeds: while one plans or commits, another's tasks keep the cores busy


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Ingest every source of the home; one report a table, those of records with what became of each.

    Raises:
        SourceError: the home names sources that do not exist or do not go together.
    """
    manifest, files = Manifest(lake), landed(night.settings.landing, night.days.last)
    every = [
        FeedIntake(lake, Context(source.name, night.settings.identity_key), manifest, source, feed)
        for source in load(night.settings.sources)
        for feed in source.feeds
    ]
    pending = [(intake, manifest.pending(intake.source, intake.feed, files)) for intake in every]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        taken = list(pool.map(lambda given: take(lake, *given), [given for given in pending if given[1]]))
        rest = [pool.submit(quarantine, lake, taken), pool.submit(identifiers, lake, every, taken)]
        reports = [report for intake in taken for report in intake.reports] + [each for job in rest for each in job.result()]
    for intake in taken:
        intake.typed.unpersist()
    manifest.commit([each for intake in taken for each in intake.taken], night.run_id)
    return reports


def take(lake: Lake, intake: FeedIntake, deliveries: list[Delivery]) -> FeedIntake:
    """One feed: its own table, then what is derived from it."""
    intake.run(deliveries)
    intake.reports += derive(lake, intake)
    return intake
