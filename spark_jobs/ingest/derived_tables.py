"""What a run writes beside the feeds' own tables: what is derived from their records, what they refused, whom
they name.
"""

from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_IDENTIFIERS, QUARANTINE
from spark_jobs.ingest.feed_ingest import FeedIntake, as_report
from spark_jobs.ingest.identifiers import seen
from spark_jobs.lake.delta_writes import MAX_ROWS_IN_MEMORY
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import TableReport

SEEN_EARLIER = "struct(new.first_seen_at, new.value) < struct(old.first_seen_at, old.value)"


def derive(lake: Lake, intake: FeedIntake) -> list[TableReport]:
    """Write the tables derived from a feed that received something."""
    reports = []
    for derivation in intake.source.derivations:
        if derivation.entity != intake.feed.entity:
            continue
        table = derivation.target
        held = intake.held(derivation.compared_with) if derivation.compared_with else None
        new, every = (
            (intake.typed, intake.all_typed)
            if derivation.hears_refused
            else (intake.accepted, intake.all_accepted)
        )
        if derivation.reads_target:
            rows, is_all = derivation.make(intake.all_of_target(), held), intake.anew
        else:
            is_all = bool(intake.anew or (intake.is_repeated and derivation.compared_with))
            records = every() if is_all else new
            records = intake.with_endings(records) if derivation.compared_with else records
            rows = derivation.make(records, None if is_all else held)
        mine = {"source": intake.source.name, "feed": intake.feed.entity}
        within = (
            " and ".join(f"{name} = '{value}'" for name, value in mine.items() if name in table.columns)
            or "true"
        )
        written = (
            lake.replace(rows, table, within) if is_all else lake.upsert(rows, table, derivation.update_when)
        )
        reports.append(as_report(table.name, written))
    return reports


def quarantine(lake: Lake, taken: list[FeedIntake]) -> list[TableReport]:
    """Write the refused records of all feeds, and the accepted ones in doubt, in one commit."""
    refusing = [intake for intake in taken if intake.counts.n_quarantined or intake.counts.n_doubtful]
    if not refusing:
        return []
    every = reduce(DataFrame.unionByName, [intake.refused() for intake in refusing])
    days = min(intake.days[0] for intake in refusing), max(intake.days[1] for intake in refusing)
    n_rows = sum(intake.counts.n_quarantined + intake.counts.n_doubtful for intake in refusing)
    if n_rows <= MAX_ROWS_IN_MEMORY:
        every = every.toArrow()
    written = lake.rewrite_days(
        every, QUARANTINE, days, " or ".join(f"({intake.mine})" for intake in refusing)
    )
    reasons = {f"{intake.source.name}.{intake.feed.entity}": intake.counts.by_reason for intake in refusing}
    return [as_report(QUARANTINE.name, written, n_rows=n_rows, detail={"reasons": reasons})]


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
        seen(intake.all_accepted() if anew else intake.accepted, intake.feed.sightings, intake.told)
        for intake in naming
    ]
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
