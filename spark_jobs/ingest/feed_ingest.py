"""Ingests the new deliveries of one feed into its raw table and its core table, each record accounted for.

Most runs add to the tables. Two cases cannot be decided by the new records alone, and then the core table's
rows of the source are rebuilt from all records that count: a file that supersedes another one (rows that it
no longer names must go; so must those of a run that was cut off), and an older full export that comes after a
newer one, or a second part of one.
"""

from pathlib import Path

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from expectations.contracts.tables import Table
from spark_jobs.ingest import dedupe
from spark_jobs.ingest.absent_records import FullExportDay, find_ended_rows, group_by_landing_day, lacks_key
from spark_jobs.ingest.deliveries import Delivery, DeliveryManifest, IngestedDelivery, find_arrival
from spark_jobs.ingest.delivery_counts import DeliveryCounts, count_few_records, count_records
from spark_jobs.ingest.feed_records import FeedRecords
from spark_jobs.ingest.file_messages import log_files, log_full_exports
from spark_jobs.ingest.read_files import are_small
from spark_jobs.ingest.readable_records import select_few_readable, select_readable
from spark_jobs.ingest.repeated_records import mark_news
from spark_jobs.ingest.table_reports import make_table_report
from spark_jobs.lake.frames import convert_arrow_to_spark
from spark_jobs.lake.tables import Lake, WriteResult
from spark_jobs.run.context import TableReport
from spark_jobs.sources.declaration import Feed, Source, SourceContext

IS_EARLIER_RECORD = "new.first_received < old.first_received"


class FeedIngest(FeedRecords):
    """Ingests the new deliveries of one feed. `reports` and `ingested` are complete after `run`."""

    def __init__(
        self, lake: Lake, context: SourceContext, manifest: DeliveryManifest, source: Source, feed: Feed
    ) -> None:
        super().__init__(lake, context, manifest, source, feed)
        self.is_rebuild = False
        self.is_repeated = False  # an earlier attempt was cut off: tables may hold what it wrote of these
        self.reports: list[TableReport] = []
        self.ingested: list[IngestedDelivery] = []
        self.export_days: list[FullExportDay] = []  # of a full export, those looked at in this run
        self.ended_rows: DataFrame | None = None  # of a full export, what they ended

    def run(self, deliveries: list[Delivery], folder: Path) -> None:
        """Write the deliveries to the raw and the core table; count and report them.

        Args:
            folder: for files that it reads until `release`.
        """
        feed, lake, self.deliveries = self.feed, self.lake, deliveries
        self.is_repeated = bool(
            self.manifest.begun_earlier & {delivery.delivery_id for delivery in deliveries}
        )
        self.is_rebuild = self.needs_rebuild(self.is_repeated)
        self.before = {
            table.name: lake.version(table) for table in (feed.target, *self._list_compared_tables())
        }
        self.typed = self.type_deliveries(deliveries, None if are_small(deliveries) else folder)
        self.marked = self.news = self.typed
        self.accepted = self.number_lines(
            self.typed.where("reason is null"),
            self.read_previous(feed.target) if feed.position_column else None,
        )
        counts = self.counts = (
            count_records(self.typed, self.accepted, feed)
            if self.few_typed is None or feed.position_column
            else count_few_records(self.few_typed, feed)
        )
        self._write_raw()
        if feed.is_full_export:
            self._leave_out_repeats()
            self._find_ended_rows()
        result, n_new = self._rebuild() if self.is_rebuild else self._add_records(counts)
        n_lost = counts.n_accepted - n_new + result.n_kept
        self._report(
            feed.target.name,
            result,
            n_received=counts.n_received,
            n_quarantined=counts.n_quarantined,
            **{"n_superseded" if feed.newest_wins else "n_duplicate": n_lost},
            detail=self._describe(counts, result),
        )
        n_keys = counts.keys_by_delivery
        self.ingested = [
            IngestedDelivery(
                each,
                counts.by_delivery.get(each.delivery_id, 0),
                n_keys.get(each.delivery_id, 0) if feed.is_full_export else None,
            )
            for each in deliveries
        ]

    def add_ended_rows(self, records: DataFrame) -> DataFrame:
        """Accepted records, and the rows that full exports ended since."""
        return (
            records
            if self.ended_rows is None
            else records.unionByName(self.ended_rows, allowMissingColumns=True)
        )

    def _leave_out_repeats(self) -> None:
        """Leave records that say what the file before them said out of `news` and `accepted`."""
        if len(self.deliveries) > 1 and self.few_typed is None and not self.is_rebuild:
            self.marked = mark_news(self.lake.spark, self.typed, self.feed)
            self.news = self.marked.where("is_news")
            self.accepted = self.news.where("reason is null")

    def _may_end_rows(self) -> bool:
        """Whether full exports of this run may lack a key that the table holds."""
        if self.few_typed is None or self.is_rebuild or len(self.export_days) > 1:
            return True  # which only a comparison of all days can tell
        version, table = self.before[self.feed.target.name], self.feed.target
        if version is None or self.export_days[0].is_suspicious:
            return False
        names = dict.fromkeys(
            [*table.key, *[name for name in ("source",) if name in table.columns], "ended_on"]
        )
        return lacks_key(
            self.lake.read_arrow(table, list(names), version), self.few_typed, table, self.source.name
        )

    def _find_ended_rows(self) -> None:
        new = [
            (each.place, self.counts.keys_by_delivery.get(each.delivery_id, 0)) for each in self.deliveries
        ]
        # A home of an earlier version did not count what its files name.
        before = [
            (find_arrival(row), row["n_records"] if row["n_keys"] is None else row["n_keys"])
            for row in self.list_known_rows()
        ]
        every = group_by_landing_day(before + new)
        self.export_days = every if self.is_rebuild else [day for day in every if day.day >= self.days[0]]
        if not self._may_end_rows():
            return
        typed, current = (
            (self.read_all_typed(), None)
            if self.is_rebuild
            else (self.marked, self.read_previous(self.feed.target))
        )
        ended = find_ended_rows(typed, current, self.feed, self.export_days, self.context.time_zone)
        is_small = self.few_typed is not None
        ended = convert_arrow_to_spark(self.lake.spark, ended.toArrow()) if is_small else self.persist(ended)
        self.ended_rows = None if ended.isEmpty() else ended

    def read_previous(self, table: Table) -> DataFrame | None:
        """The source's rows of a table before this run; None when there were none, or they no longer count.

        The source's alone: an item that its full export lacks must not end when another source names it.
        """
        version = self.before[table.name]
        if self.is_rebuild or version is None:
            return None
        rows = self.lake.read(table, version)
        return rows.where(F.col("source") == self.source.name) if "source" in table.columns else rows

    def _list_compared_tables(self) -> list[Table]:
        mine = (each for each in self.source.derived_tables if each.entity == self.feed.entity)
        return [each.compared_table for each in mine if each.compared_table]

    def _write_raw(self) -> None:
        """Write the records as received; by delivery, so that a run that died here may be repeated."""
        raw = self.source.raw_table(self.feed)
        few = self.few_typed
        readable = self.raw_rows
        if readable is None:
            readable = select_readable(self.typed) if few is None else select_few_readable(few)
        self._report(raw.name, self.lake.rewrite_days(readable, raw, self.days, self.delivery_filter))

    def _add_records(self, counts: DeliveryCounts) -> tuple[WriteResult, int]:
        """Add the new records to the core table; the result, and how many records were offered."""
        feed, current = self.feed, self.read_previous(self.feed.target)
        if feed.newest_wins:
            best = dedupe.select_last_received(self.add_ended_rows(self.accepted), current, feed).where(
                "_new"
            )
            best = best.select(*feed.target.columns, F.col("delivery_id").isNotNull().alias("_offered"))
            n_offered = counts.n_keys if self.ended_rows is None else best.where("_offered").count()
            return self.lake.upsert(best, feed.target, counted="_offered", n_rows=n_offered), n_offered
        best = (
            self.accepted
            if counts.n_keys == counts.n_accepted
            else dedupe.select_first_received(self.accepted, feed)
        )
        if feed.record_key and self.lake.exists(feed.target):
            # of all sources: an event may come over HTTP and in a file
            best = dedupe.drop_repeated_rows(best, self.lake.read(feed.target), feed)
        offered = best.select(*feed.target.columns, (F.col("_row_no") == 1).alias("_offered"))
        return (
            self.lake.upsert(
                offered, feed.target, IS_EARLIER_RECORD, counted="_offered", n_rows=counts.n_accepted
            ),
            counts.n_keys,
        )

    def _rebuild(self) -> tuple[WriteResult, int]:
        """Rebuild the source's rows from all records that count; the result, and how many are new."""
        feed, every = self.feed, self.add_ended_rows(self.read_all_accepted())
        best = (
            dedupe.select_last_received(every, None, feed)
            if feed.newest_wins
            else dedupe.select_first_received(every, feed)
        )
        if feed.record_key and self.lake.exists(feed.target):
            others = self.lake.read(feed.target).where(F.col("source") != self.source.name)
            best = dedupe.drop_known_records(best, others, feed)
        new = F.col("delivery_id").isin(*[delivery.delivery_id for delivery in self.deliveries]) & (
            F.col("_row_no") == 1
        )
        best = best.select(*feed.target.columns, F.coalesce(new, F.lit(False)).alias("_offered")).persist()
        try:
            within = f"source = '{self.source.name}'" if "source" in feed.target.columns else "true"
            return (
                self.lake.replace(best, feed.target, within, counted="_offered"),
                best.where("_offered").count(),
            )
        finally:
            best.unpersist()

    def _describe(self, counts: DeliveryCounts, result: WriteResult) -> dict:
        detail = {"source": self.source.name, "entity": self.feed.entity, "n_files": len(self.deliveries)}
        days = sorted({str(delivery.file.day) for delivery in self.deliveries})
        detail["landing_days"] = [days[0], days[-1]]
        if counts.by_reason:
            detail["reasons"] = counts.by_reason
        if counts.n_doubtful:
            detail["n_doubtful"] = counts.n_doubtful
        detail |= log_files(self.source.name, self.deliveries, counts.by_delivery, result.n_deleted)
        if self.feed.is_full_export:
            mine = [day for day in self.export_days if self.days[0] <= day.day <= self.days[1]]
            detail |= log_full_exports(f"{self.source.name}.{self.feed.entity}", mine, self._count_ended())
        return detail

    def _count_ended(self) -> int:
        if self.ended_rows is None:
            return 0
        return self.ended_rows.where(F.col("ended_on").between(*map(F.lit, self.days))).count()

    def _report(self, table_name: str, result: WriteResult, **details: object) -> None:
        self.reports.append(make_table_report(table_name, result, **details))
