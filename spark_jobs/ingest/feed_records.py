"""The records of one feed, read back from its raw table or from its new deliveries: typed and numbered."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.ingest.deliveries import Delivery, DeliveryManifest, find_arrival
from spark_jobs.ingest.line_numbers import continue_line_numbers, find_repeated_files
from spark_jobs.ingest.read_files import read_raw_table
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.declaration import Feed, Source, SourceContext


class FeedRecords:
    """The records of one feed that count, and among them those of its new `deliveries`."""

    def __init__(
        self, lake: Lake, context: SourceContext, manifest: DeliveryManifest, source: Source, feed: Feed
    ) -> None:
        self.lake, self.context, self.manifest, self.source, self.feed = lake, context, manifest, source, feed
        self.deliveries: list[Delivery] = []

    @property
    def days(self) -> tuple[date, date]:
        """First and last landing day of the new deliveries."""
        return self.deliveries[0].file.day, self.deliveries[-1].file.day

    @property
    def delivery_filter(self) -> str:
        """SQL that is true of rows of the new deliveries."""
        ids = ", ".join(f"'{delivery.delivery_id}'" for delivery in self.deliveries)
        return (
            f"landing_date between date'{self.days[0]}' and date'{self.days[1]}' and delivery_id in ({ids})"
        )

    def read_all_accepted(self) -> DataFrame:
        """All accepted records of the feed that count, the new ones among them, from its raw table."""
        return self.number_lines(self.read_all_typed().where("reason is null"), None)

    def read_all_typed(self) -> DataFrame:
        """As `read_all_accepted`, with the refused records that could be parsed."""
        counted_ids = self.manifest.list_counted_ids(self.source, self.feed, self.deliveries)
        raw = self.lake.read(self.source.raw_table(self.feed))
        if not counted_ids:
            return self.type_records(read_raw_table(raw.limit(0), self.feed))
        ids = self.lake.spark.createDataFrame([(each,) for each in sorted(counted_ids)], "delivery_id string")
        counted = raw.join(F.broadcast(ids), "delivery_id", "left_semi")
        return self.type_records(read_raw_table(counted, self.feed))

    def read_target(self) -> DataFrame:
        """The source's rows of the feed's table as they are now."""
        return self.lake.read(self.feed.target).where(F.col("source") == self.source.name)

    def list_known_rows(self) -> list[dict]:
        """The manifest's rows of the feed's deliveries that count beside the new ones."""
        not_known = {each.supersedes for each in self.deliveries} | {
            each.delivery_id for each in self.deliveries
        }
        return [
            row
            for row in self.manifest.find_current(self.source, self.feed).values()
            if row["delivery_id"] not in not_known
        ]

    def needs_rebuild(self, is_repeated: bool) -> bool:
        """Whether the new records alone do not decide what the core table holds.

        Args:
            is_repeated: whether tables may hold what a cut off attempt wrote of them.
        """
        if any(delivery.supersedes for delivery in self.deliveries):
            return True
        if self.manifest.find_unfinished(self.source, self.feed, self.deliveries):
            return True
        known = self.manifest.find_current(self.source, self.feed)
        # The files of one day are one full export: with a second one the first is read again.
        first = str(self.deliveries[0].file.day) if self.feed.is_full_export else self.deliveries[0].place
        out_of_order = known and first < max(find_arrival(row) for row in known.values())
        return bool(out_of_order or is_repeated) and bool(
            self.feed.newest_wins or self.feed.record_key or self.feed.position_column
        )

    def type_records(self, records: DataFrame) -> DataFrame:
        """Received records as the feed's transform types them, with `_row_no`, `_doubt` and, where a record
        becomes several rows, its key `_record_key`; without what typing alone needs.
        """
        typed = self.feed.transform(records, self.context)
        doubt = F.concat_ws("; ", "id_doubt", *(["_doubt"] if "_doubt" in typed.columns else []))
        more = {"_doubt": F.when(doubt != "", doubt)}
        if self.feed.record_key:
            more["_record_key"] = F.expr(self.feed.record_key)
        else:
            more["_row_no"] = F.lit(1)
        return typed.withColumns(more).drop("raw", "unreadable", "_refused", "_wrong_kind")

    def number_lines(self, records: DataFrame, current: DataFrame | None) -> DataFrame:
        """Records with the position column numbered on over deliveries; repeated files left out."""
        if not self.feed.position_column:
            return records
        files = [(find_arrival(row), row["delivery_id"], row["sha256"]) for row in self.list_known_rows()]
        files += [(each.place, each.delivery_id, each.file.sha256) for each in self.deliveries]
        once = records.where(~F.col("delivery_id").isin(*find_repeated_files(files)))
        return continue_line_numbers(once, current, self.feed)
