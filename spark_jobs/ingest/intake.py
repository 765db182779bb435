"""One run's intake: records of new deliveries into their raw table, their core table, quarantine, and the identifiers seen."""

from dataclasses import dataclass, field
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.lake import CORE_IDENTIFIERS, QUARANTINE
from expectations.contracts.tables import Table
from spark_jobs.ingest import winners
from spark_jobs.ingest.deliveries import Delivery, Manifest
from spark_jobs.ingest.feed import Context, Feed, Source
from spark_jobs.ingest.identifiers import seen
from spark_jobs.ingest.received import read
from spark_jobs.night import TableReport
from spark_jobs.tables import Lake, Written

EARLIER = "new.first_received < old.first_received"
SEEN_EARLIER = "struct(new.first_seen_at, new.value) < struct(old.first_seen_at, old.value)"


@dataclass
class Intake:
    """What a run has taken in so far."""

    lake: Lake
    identity_key: str = field(repr=False)
    manifest: Manifest
    reports: list[TableReport] = field(default_factory=list)
    taken: list[tuple[Delivery, int]] = field(default_factory=list)
    sightings: list[DataFrame] = field(default_factory=list)
    cached: list[DataFrame] = field(default_factory=list)

    def take(self, source: Source, feed: Feed, deliveries: list[Delivery]) -> None:
        """Records of these deliveries → raw, quarantine, core."""
        told = Context(source.name, self.identity_key)
        records = self._cache(read(self.lake.spark, feed, deliveries))
        typed = self._cache(feed.transform(records.where("raw is not null"), told))
        accepted = typed.where("reason is null")
        ids = ", ".join(f"'{delivery.delivery_id}'" for delivery in deliveries)
        days = f"landing_date between date'{deliveries[0].file.day}' and date'{deliveries[-1].file.day}'"
        mine = f"{days} and delivery_id in ({ids})"

        received = {row["delivery_id"]: row["count"] for row in records.groupBy("delivery_id").count().collect()}
        raw = source.raw(feed)
        self._report(raw, self.lake.rewrite(
            records.where("raw is not null").select("raw.*", "source_file", "source_line", "delivery_id", "landing_date"), raw, mine
        ), n_rows=None)  # fmt: skip
        best = winners.first(accepted, feed.target)
        written = self.lake.upsert(best.select(*feed.target.columns), feed.target, EARLIER)
        n_accepted, n_refused = accepted.count(), 0
        self.taken += [(delivery, received.get(delivery.delivery_id, 0)) for delivery in deliveries]
        kept = written.n_inserted + written.n_updated + written.n_unchanged
        self._report(
            feed.target,
            written,
            n_received=sum(received.values()),
            n_quarantined=n_refused,
            n_duplicate=n_accepted - kept,
            detail={"source": source.name, "entity": feed.entity, "n_files": len(deliveries)},
        )
        if feed.sightings:
            self.sightings.append(seen(accepted, feed.sightings, told))

    def finish(self, sources: list[Source]) -> None:
        """What is made of all feeds together: identifiers, and tables derived from all records of a feed."""
        if self.sightings:
            every = reduce(DataFrame.unionByName, self.sightings)
            self._report(CORE_IDENTIFIERS, self.lake.upsert(every, CORE_IDENTIFIERS, SEEN_EARLIER))
        touched = {(delivery.file.source, delivery.file.entity) for delivery, _ in self.taken}
        for source in sources:
            for derivation in source.derivations:
                if (source.name, derivation.entity) in touched:
                    feed = next(feed for feed in source.feeds if feed.entity == derivation.entity)
                    made = derivation.make(self.all_accepted(source, feed))
                    self._report(derivation.target, self.lake.replace(made, derivation.target))
        for frame in self.cached:
            frame.unpersist()

    def all_accepted(self, source: Source, feed: Feed) -> DataFrame:
        """All accepted records of a feed that count, read back from its raw table."""
        raw = source.raw(feed)
        held = self.lake.read(raw)
        gone = self.manifest.superseded()
        if gone:
            held = held.where(~F.col("delivery_id").isin(*gone))
        name = F.element_at(F.split("source_file", "/"), -1)
        records = held.select(
            F.struct(*feed.columns).alias("raw"), F.lit(None).cast("string").alias("raw_text"),
            "source_file", "source_line", "delivery_id", "landing_date",
            F.format_string("%s/%s#%09d", F.col("landing_date").cast("string"), name, F.col("source_line")).alias("first_received"),
        )  # fmt: skip
        return feed.transform(records, Context(source.name, self.identity_key)).where("reason is null")

    def _cache(self, frame: DataFrame) -> DataFrame:
        self.cached.append(frame.persist())
        return frame

    def _report(self, table: Table, written: Written, **more: object) -> None:
        self.reports.append(
            TableReport(
                table.name, written.version_before, written.version_after, touched_dates=written.touched_dates,
                n_inserted=written.n_inserted, n_updated=written.n_updated, n_unchanged=written.n_unchanged, **more,
            )
        )  # fmt: skip
