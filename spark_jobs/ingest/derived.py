"""What is made of a run's feeds together: the identifiers seen, and tables derived from a feed's records."""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_IDENTIFIERS
from spark_jobs.ingest.identifiers import seen
from spark_jobs.ingest.intake import FeedIntake, as_report
from spark_jobs.night import TableReport
from spark_jobs.tables import Lake

SEEN_EARLIER = "struct(new.first_seen_at, new.value) < struct(old.first_seen_at, old.value)"


def derive(lake: Lake, taken: list[FeedIntake]) -> list[TableReport]:
    """Write the tables derived from the feeds that received something."""
    reports = []
    for intake in taken:
        for derivation in intake.source.derivations:
            if derivation.entity != intake.feed.entity:
                continue
            table = derivation.target
            if derivation.from_all or intake.anew:
                made = derivation.make(intake.all_accepted(), None)
                within = f"source = '{intake.source.name}'" if "source" in table.columns else "true"
                written = lake.replace(made, table, within)
            else:
                made = derivation.make(intake.accepted, intake.held)
                written = lake.upsert(made, table, derivation.update_when)
            reports.append(as_report(table.name, written))
    return reports


def identifiers(lake: Lake, every: list[FeedIntake], taken: list[FeedIntake]) -> list[TableReport]:
    """Write the identifiers seen in new records; from all records when some no longer count.

    Args:
        every: all feeds of the home.
        taken: those that received something, after their `run`.
    """
    anew = any(intake.anew for intake in taken)
    naming = [intake for intake in (every if anew else taken) if intake.feed.sightings]
    if not naming:
        return []
    found = [
        seen(intake.all_accepted() if anew else intake.accepted, intake.feed.sightings, intake.told) for intake in naming
    ]  # fmt: skip
    first = F.min(F.struct("first_seen_at", "value"))
    merged = (
        reduce(DataFrame.unionByName, found)
        .groupBy("identifier_id", "kind", "source", "value_normalised")
        .agg(first.alias("first"))
        .select("identifier_id", "kind", "source", "first.value", "value_normalised", "first.first_seen_at")
    )
    table = CORE_IDENTIFIERS
    written = lake.replace(merged, table) if anew else lake.upsert(merged, table, SEEN_EARLIER)
    return [as_report(table.name, written)]
