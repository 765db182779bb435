"""Reads delivered files of a feed with a `plain_typer`: rows of plain records, typed, and the other records.

Few are read in the step's own process. Of many, each task writes the two parts as Parquet files, so that
Spark plans and types what is not plain alone, and reads of the typed rows the columns that it needs; nothing
of them stands in its memory. Files of the raw table are written beside, in the same pass.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from expectations.contracts.tables import Table
from spark_jobs.engine.tasks import run_tasks
from spark_jobs.ingest.column_normalisation import make_column_normaliser
from spark_jobs.ingest.deliveries import Delivery
from spark_jobs.ingest.plain_records import PlainRecords, SplitBatch
from spark_jobs.ingest.read_files import (
    batch_records,
    build_record_schema,
    count_tasks,
    find_origin,
    make_arrow_batch,
    normalise_records,
    select_received_columns,
)
from spark_jobs.ingest.repeated_records import RepeatFinder
from spark_jobs.lake.file_writer import TableFileWriter, WrittenFile
from spark_jobs.lake.frames import convert_arrow_to_spark
from spark_jobs.sources.declaration import Feed, SourceContext

PARTS = ("plain", "odd")


class PartFile(NamedTuple):
    """A Parquet file that a task wrote."""

    path: str
    schema: pa.Schema


@dataclass(frozen=True)
class PartedDeliveries:
    """A run's records: both parts as frames, None where one holds no record.

    Attributes:
        odd: in the columns of `read_deliveries`.
        raw: files of the raw table.
    """

    plain: DataFrame | None
    odd: DataFrame | None
    raw: list[WrittenFile]


class PartFolders(NamedTuple):
    """Where many records are written: folders of one name for driver and workers.

    Attributes:
        parts: a new one; who calls deletes it.
        raw: that of the raw table.
    """

    parts: Path
    raw: Path
    raw_table: Table


def split_deliveries(
    feed: Feed, context: SourceContext, deliveries: list[Delivery], numbers: range
) -> Iterator[SplitBatch]:
    """The records of the deliveries with these numbers, batch by batch."""
    schema, normalise = build_record_schema(feed), make_column_normaliser(feed.columns, feed.id_fields)
    repeats, plain = RepeatFinder(feed, [each.file.path for each in deliveries]), PlainRecords(feed, context)
    for number in numbers:
        delivery = deliveries[number]
        repeats.begin(number)
        with delivery.file.path.open("rb") as file:
            for some in batch_records(feed.read_records(file)):
                normal = normalise_records(some, normalise)
                batch = make_arrow_batch(some, normal, find_origin(delivery), schema, repeats.mark(some))
                yield plain.split(batch, normal.values, delivery.file.day)


def read_few_deliveries(
    feed: Feed, context: SourceContext, deliveries: list[Delivery]
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Few records, read in this process: the fields of `SplitBatch`."""
    parts = list(split_deliveries(feed, context, deliveries, range(len(deliveries))))
    if not parts:
        nothing = pa.RecordBatch.from_pylist([], schema=build_record_schema(feed))
        parts = [PlainRecords(feed, context).split(nothing, [()] * len(feed.columns), date.min)]
    return tuple(
        pa.Table.from_batches([getattr(each, name) for each in parts]) for name in SplitBatch._fields
    )


def part_deliveries(
    spark: SparkSession, feed: Feed, context: SourceContext, deliveries: list[Delivery], folders: PartFolders
) -> PartedDeliveries:
    """Both parts of many records, and their files of the raw table, not committed yet."""
    folders.parts.mkdir(parents=True, mode=0o700)
    n_tasks, n = count_tasks(deliveries), len(deliveries)
    tasks = [range(n * task // n_tasks, n * (task + 1) // n_tasks) for task in range(n_tasks)]

    def write_parts(numbers: range) -> tuple[dict[str, PartFile], list[WrittenFile]]:
        raw, parts, writers = TableFileWriter(folders.raw, folders.raw_table), {}, {}
        for split in split_deliveries(feed, context, deliveries, numbers):
            if split.raw.num_rows:
                raw.write(split.raw, split.raw.column("landing_date")[0].as_py())
            for name in PARTS:
                batch = getattr(split, name)
                if not batch.num_rows:
                    continue
                if name not in writers:
                    path = str(folders.parts / f"{name}-{uuid.uuid4().hex}.parquet")
                    parts[name] = PartFile(path, batch.schema)
                    writers[name] = pq.ParquetWriter(path, batch.schema, compression="snappy")
                writers[name].write_batch(batch)
        for writer in writers.values():
            writer.close()
        return parts, raw.close()

    results = run_tasks(spark, write_parts, tasks)
    frames: dict[str, DataFrame | None] = dict.fromkeys(PARTS)
    for name in PARTS:
        # Those that a task told of, whatever lies beside them: a task that was begun twice, or goes on after
        # its step was killed, writes there too.
        files = [parts[name] for parts, _ in results if name in parts]
        if files:
            reader = spark.read.schema(from_arrow_schema(files[0].schema))
            frames[name] = reader.parquet(*[each.path for each in files])
    odd = frames["odd"]
    return PartedDeliveries(
        frames["plain"],
        None if odd is None else select_received_columns(odd, feed),
        [file for _, files in results for file in files],
    )


def carry_odd_records(spark: SparkSession, odd: pa.Table, feed: Feed) -> DataFrame:
    """Few records that are not plain, in the columns of `read_deliveries`."""
    return select_received_columns(convert_arrow_to_spark(spark, odd), feed)
