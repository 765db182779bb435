"""Bring the run's files into `landing/<source>/<entity>/<landing date>/`, each in its source's own format.

Reads:   CONCIERGE_LANDING_FROM, the sample shop, the service's finished logs of lists and events
Writes:  landing/, where many files of a log become one; new columns of tables whose contract gained some;
         core_consents of an earlier version
If it fails: no file is half there; correct what the message names and clear the task. A run whose files,
code, settings, decisions, definitions and lists are those of what is published ends here: nothing new.
"""

import logging
from datetime import date

import pyarrow.compute as pc

from expectations.contracts.lake import LAKE, OPS_DELIVERIES
from expectations.contracts.published import Published
from expectations.contracts.settings import SETTINGS
from spark_jobs.lake.tables import Lake
from spark_jobs.land import consent_migration
from spark_jobs.land.collect_files import collect_files
from spark_jobs.land.merge_files import merge_landed_files
from spark_jobs.run.context import NothingNew, RunContext, TableReport
from spark_jobs.run.identity_inputs import read_current_identity_inputs
from spark_jobs.run.input_fingerprint import hash_inputs
from spark_jobs.sources.declaration import ServiceLog, Source
from spark_jobs.sources.registry import load_sources

logger = logging.getLogger(__name__)
PUBLIC_KEY = SETTINGS["CONCIERGE_IDENTITY_KEY"].default  # it stands in this repository


def run(context: RunContext, lake: Lake) -> list[TableReport]:
    """Collect the files of every source of the home; one report a source.

    Raises:
        NothingNew: what is published was made of exactly these inputs.
        DeliveryError: a source did not hand over what it promises.
        SourceError: the home names sources that do not exist or do not go together.
    """
    if context.settings.identity_key == PUBLIC_KEY and "sample_shop" not in context.settings.sources:
        logger.warning(
            "identifiers of real people are hashed with the key that everybody knows; set"
            " CONCIERGE_IDENTITY_KEY"
        )
    context.settings.landing.mkdir(parents=True, exist_ok=True)
    for table in LAKE.values():
        if gained := lake.add_missing_columns(table):
            message = f"{table.name}: made by an earlier version; gains {', '.join(gained)}"
            logger.info(message, extra={"table": table.name})
    sources, reports = load_sources(context.settings.sources), []
    consent_migration.migrate_consents(lake, {source.name: source.time_zone for source in sources})
    for source in sources:
        n_files = collect_files(source, context)
        if isinstance(source.origin, ServiceLog):
            merge_new_files(source, context, lake)
        reports.append(
            TableReport(table_name=f"landing/{source.name}", n_rows=None, detail={"n_files": n_files})
        )
        logger.info(f"landing/{source.name}: {n_files} new or changed files")
    published = Published.read(context.settings.home)
    if published:
        newest = max(context.days.last, date.fromisoformat(published.landing_date))
        if published.inputs == hash_inputs(
            context, newest, read_current_identity_inputs(context.settings.home)
        ):
            raise NothingNew(f"run {published.run_id} published these very inputs, up to {newest}")
    return reports


def merge_new_files(source: Source, context: RunContext, lake: Lake) -> None:
    """Merge the files of a service's log that no night has ingested, where they are too many."""
    entity = source.origin.entity
    rows = lake.read_arrow(OPS_DELIVERIES, ["source", "source_file"])
    ingested = {
        name.as_py().removeprefix(f"{source.name}/{entity}/")
        for name in rows.filter(pc.equal(rows["source"], source.name))["source_file"]
    }
    merge_landed_files(context.settings.landing / source.name / entity, context.days.last, ingested)
