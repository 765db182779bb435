"""Tables derived from the records of feeds: those that a source declares, and `core_identifiers`."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_IDENTIFIERS
from spark_jobs.ingest.feed_ingest import FeedIngest
from spark_jobs.ingest.identifiers import list_seen_identifiers
from spark_jobs.ingest.table_reports import make_table_report
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport
from spark_jobs.sources.declaration import DerivedTable

IS_EARLIER_SIGHTING = "(new.first_seen_at, new.value) < (old.first_seen_at, old.value)"


def write_derived_tables(lake: Lake, ingest: FeedIngest) -> list[TableReport]:
    """Write the tables derived from a feed that received something, one report each."""
    derived_tables = [each for each in ingest.source.derived_tables if each.entity == ingest.feed.entity]
    return [write_derived_table(lake, ingest, derived) for derived in derived_tables]


def write_derived_table(lake: Lake, ingest: FeedIngest, derived: DerivedTable) -> TableReport:
    """Upsert the rows derived from new records, or replace all when some records no longer count."""
    table = derived.target
    previous = ingest.read_previous(derived.compared_table) if derived.compared_table else None
    if derived.reads_target:
        rows, is_all = derived.derive_rows(ingest.read_target(), previous), ingest.is_rebuild
    else:
        is_all = bool(ingest.is_rebuild or (ingest.is_repeated and derived.compared_table))
        new, read_all = (
            (ingest.news, ingest.read_all_typed)
            if derived.includes_refused
            else (ingest.accepted, ingest.read_all_accepted)
        )
        records = read_all() if is_all else new
        records = ingest.add_ended_rows(records) if derived.compared_table else records
        rows = derived.derive_rows(records, None if is_all else previous)
    if not is_all:
        return make_table_report(table.name, lake.upsert(rows, table, derived.update_condition))
    owner = {"source": ingest.source.name, "feed": ingest.feed.entity}
    conditions = [f"{name} = '{value}'" for name, value in owner.items() if name in table.columns]
    return make_table_report(table.name, lake.replace(rows, table, " and ".join(conditions) or "true"))


def write_identifiers(
    lake: Lake, feed_ingests: list[FeedIngest], finished: list[FeedIngest]
) -> list[TableReport]:
    """Write the identifiers seen in new records; from all records when some no longer count.

    Args:
        feed_ingests: of all feeds of the home.
        finished: those that received something, after their `run`.
    """
    is_rebuild = any(ingest.is_rebuild for ingest in finished)
    naming = [ingest for ingest in (feed_ingests if is_rebuild else finished) if ingest.feed.identifiers]
    if not naming:
        return []
    sightings = [
        list_seen_identifiers(
            ingest.read_all_accepted() if is_rebuild else ingest.accepted,
            ingest.feed.identifiers,
            ingest.context,
        )
        for ingest in naming
    ]
    first = F.min(F.struct("first_seen_at", "value"))
    merged = (
        reduce(DataFrame.unionByName, sightings)
        .groupBy("identifier_id", "kind", "source", "value_normalised")
        .agg(first.alias("first"))
        .select("identifier_id", "kind", "source", "first.value", "value_normalised", "first.first_seen_at")
    )
    table = CORE_IDENTIFIERS
    result = lake.replace(merged, table) if is_rebuild else lake.upsert(merged, table, IS_EARLIER_SIGHTING)
    return [make_table_report(table.name, result)]
