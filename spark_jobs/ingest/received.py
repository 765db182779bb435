"""Delivered files as one frame of records, read by plain Python on Spark's workers, a file whole in one task.

Workers open files by their names. Spark's own reader would take a name for a pattern (`export[1].csv`), pass over one that
begins with `_`, and bring a file's bytes into memory whole.
"""

from collections.abc import Iterable, Iterator

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.ingest.deliveries import Delivery
from spark_jobs.ingest.feed import Feed, Record

# What is handed to the JVM at once.
BATCH = 20_000  # records
BATCH_TEXT = 16 << 20  # characters of their text
# Where a record came from, and what became of reading it.
ABOUT = (
    ("source_line", pa.int32(), "int"),
    ("raw_text", pa.string(), "string"),
    ("reason", pa.string(), "string"),
    ("detail", pa.string(), "string"),
    ("source_file", pa.string(), "string"),
    ("delivery_id", pa.string(), "string"),
    ("landing_date", pa.string(), "string"),
    ("first_received", pa.string(), "string"),
)


def read(spark: SparkSession, feed: Feed, deliveries: list[Delivery]) -> DataFrame:
    """Grain: one row per record, readable or not.

    Columns: `raw` (a struct of the feed's columns; null when unreadable), `raw_text`, `unreadable` (a struct of reason and
    detail; null when readable), `source_file`, `source_line`, `delivery_id`, `landing_date`, `first_received`.
    """
    told = [
        (delivery.file.path, (delivery.file.name, delivery.delivery_id, str(delivery.file.day), delivery.place))
        for delivery in deliveries
    ]
    received = [f"raw_{name}" for name in feed.columns]
    schema = pa.schema(
        [pa.field(name, kind) for name, kind, _ in ABOUT] + [pa.field(name, pa.string()) for name in received]
    )  # fmt: skip
    parse = feed.read

    def records(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column("id").to_pylist():
                path, about = told[number]
                with path.open("rb") as file:
                    for some in batches_of(parse(file)):
                        yield as_batch(some, about, schema)

    ddl = ", ".join([f"{name} {kind}" for name, _, kind in ABOUT] + [f"`{name}` string" for name in received])
    n_tasks = min(len(told), 2 * spark.sparkContext.defaultParallelism)
    flat = spark.range(0, len(told), 1, n_tasks).mapInArrow(records, ddl)
    raw = F.struct(*[F.col(f"`raw_{name}`").alias(name) for name in feed.columns])
    unreadable = F.struct("reason", "detail")
    return flat.select(
        F.when(F.col("reason").isNull(), raw).alias("raw"),
        F.when(F.col("reason").isNotNull(), unreadable).alias("unreadable"),
        *["raw_text", "source_file", "source_line", "delivery_id", "first_received"],
        F.to_date("landing_date").alias("landing_date"),
    )


def reread(raw: DataFrame, feed: Feed) -> DataFrame:
    """Rows of the feed's raw table as `read` gave them; the raw text of a record is kept in quarantine alone."""
    name = F.element_at(F.split("source_file", "/"), -1)
    place = F.concat_ws("/", F.col("landing_date").cast("string"), name)
    return raw.select(
        F.struct(*feed.columns).alias("raw"),
        F.lit(None).cast("struct<reason:string,detail:string>").alias("unreadable"),
        F.lit(None).cast("string").alias("raw_text"),
        *["source_file", "source_line", "delivery_id"],
        F.format_string("%s#%09d", place, F.col("source_line")).alias("first_received"),
        "landing_date",
    )


def batches_of(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records in lists of a bounded size."""
    some, n_characters = [], 0
    for record in records:
        some.append(record)
        n_characters += len(record.raw_text)
        if len(some) == BATCH or n_characters > BATCH_TEXT:
            yield some
            some, n_characters = [], 0
    if some:
        yield some


def as_batch(records: list[Record], about: tuple[str, str, str, str], schema: pa.Schema) -> pa.RecordBatch:
    """Records of one file as Arrow, in the schema's order."""
    name, delivery, day, place = about
    lines, texts, values, reasons, details = zip(*records, strict=True)
    nothing = (None,) * (len(schema) - len(ABOUT))
    n = len(records)
    columns = [
        lines, texts, reasons, details, [name] * n, [delivery] * n, [day] * n, [f"{place}#{line:09d}" for line in lines],
        *zip(*(nothing if each is None else each for each in values), strict=True),
    ]  # fmt: skip
    return pa.record_batch([pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema)
