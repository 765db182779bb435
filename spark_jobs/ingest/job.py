"""Take in what landed: every file that the manifest does not know becomes rows of `raw_*`, then of `core_*`.

Reads:   landing/<source>/<entity>/<day>/, days up to the last of the run (skipped nights are found and filled)
Writes:  raw_<source>__<entity>, core_events, core_order_lines, core_people, core_items, core_item_changes, core_consents,
         core_identifiers, core_impressions, quarantine, ops_deliveries
If it fails: clear the task; the manifest is written last, so what was half taken in is taken in again, with the same result.
"""

from spark_jobs.ingest.deliveries import Manifest
from spark_jobs.ingest.intake import Intake
from spark_jobs.ingest.sources import load
from spark_jobs.land.inputs import landed
from spark_jobs.night import Night, TableReport
from spark_jobs.tables import Lake


def run(night: Night, lake: Lake) -> list[TableReport]:
    """Ingest every source of the home; one report a table, those of records with what became of each.

    Raises:
        SourceError: the home names sources that do not exist or do not go together.
    """
    sources, manifest = load(night.settings.sources), Manifest(lake)
    files = landed(night.settings.landing, night.days.last)
    intake = Intake(lake, night.settings.identity_key, manifest)
    for source in sources:
        for feed in source.feeds:
            if deliveries := manifest.pending(source, feed, files):
                intake.take(source, feed, deliveries)
    intake.finish(sources)
    manifest.commit(intake.taken, night.run_id)
    return intake.reports
