"""The records of one feed, read back from its raw table or from its new deliveries: typed and numbered."""

from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from spark_jobs.ingest.deliveries import Delivery, DeliveryManifest, find_arrival
from spark_jobs.ingest.line_numbers import continue_line_numbers, find_repeated_files
from spark_jobs.ingest.parted_deliveries import (
    PartFolders,
    carry_odd_records,
    part_deliveries,
    read_few_deliveries,
)
from spark_jobs.ingest.read_files import read_deliveries, read_raw_table
from spark_jobs.lake.file_writer import WrittenFile
from spark_jobs.lake.frames import convert_arrow_to_spark
from spark_jobs.lake.tables import Lake
from spark_jobs.sources.declaration import Feed, Source, SourceContext

TypedRows = TypeVar("TypedRows", DataFrame, pa.Table)


class FeedRecords:
    """The records of one feed that count, and among them those of its new `deliveries`."""

    def __init__(
        self, lake: Lake, context: SourceContext, manifest: DeliveryManifest, source: Source, feed: Feed
    ) -> None:
        self.lake, self.context, self.manifest, self.source, self.feed = lake, context, manifest, source, feed
        self.deliveries: list[Delivery] = []
        self.few_typed: pa.Table | None = None  # the new deliveries' records where they are few
        # what the raw table gets of them, where it was read beside
        self.raw_rows: pa.Table | list[WrittenFile] | None = None
        self.persisted: list[DataFrame] = []  # what Spark keeps until `release`

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

    def type_deliveries(self, deliveries: list[Delivery], folder: Path | None) -> DataFrame:
        """The typed records of new deliveries; few of them stand in `few_typed` besides.

        Typed records are used a dozen times. Few of them are typed once and carried as rows: planning their
        long derivation anew for each use would cost ten times the work itself.

        Args:
            folder: for files of many records, one that does not exist yet; None where they are few.
        """
        spark, feed, self.deliveries = self.lake.spark, self.feed, deliveries
        if folder is None:
            self.few_typed = self._type_few(deliveries)
            return convert_arrow_to_spark(spark, drop_received(self.few_typed))
        if feed.plain_typer is None:
            return self.persist(self.type_records(read_deliveries(spark, feed, deliveries)))
        raw = self.source.raw_table(feed)
        folders = PartFolders(folder, Path(self.lake.path(raw)), raw)
        parts = part_deliveries(spark, feed, self.context, deliveries, folders)
        self.raw_rows = parts.raw
        if parts.plain is None:
            odd = read_deliveries(spark, feed, deliveries) if parts.odd is None else parts.odd
            return self.persist(drop_received(self.type_records(odd)))
        if parts.odd is None:
            return parts.plain
        return self.persist(drop_received(self.type_records(parts.odd))).unionByName(parts.plain)

    def _type_few(self, deliveries: list[Delivery]) -> pa.Table:
        """Few typed records."""
        spark, feed = self.lake.spark, self.feed
        if feed.plain_typer is None:
            return self.type_records(read_deliveries(spark, feed, deliveries)).toArrow()
        plain, odd, self.raw_rows = read_few_deliveries(feed, self.context, deliveries)
        if not odd.num_rows:
            return plain
        typed = drop_received(self.type_records(carry_odd_records(spark, odd, feed))).toArrow()
        # What Spark knows of a few records' columns, that none is null, need not hold of the others.
        schema = pa.schema([field.with_nullable(True) for field in typed.schema])
        return pa.concat_tables([typed.cast(schema), plain.select(typed.column_names).cast(schema)])

    def persist(self, frame: DataFrame) -> DataFrame:
        """The frame, persisted until `release`."""
        self.persisted.append(frame.persist())
        return self.persisted[-1]

    def release(self) -> None:
        """Let go of what Spark keeps, when nothing is derived from it any more."""
        for frame in self.persisted:
            frame.unpersist()
        self.persisted = []

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


def drop_received(typed: TypedRows) -> TypedRows:
    """Typed records without what the raw table alone gets."""
    if isinstance(typed, pa.Table):
        return typed.drop_columns([name for name in ("received",) if name in typed.column_names])
    return typed.drop("received")
