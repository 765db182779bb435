"""Reads delivered files into one frame of records, by plain Python on Spark's workers, a task for some MB of
files.

Workers open files by their names. Spark's own reader would take a name for a pattern (`export[1].csv`), skip
one that begins with `_`, and load a file's bytes into memory whole.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from spark_jobs.ingest.column_normalisation import ColumnNormaliser, make_column_normaliser, transpose_rows
from spark_jobs.ingest.deliveries import Delivery
from spark_jobs.ingest.formats import measure_up_to
from spark_jobs.ingest.repeated_records import RepeatFinder
from spark_jobs.ingest.text_normalisation import Values
from spark_jobs.sources.declaration import Feed, Record

# Limits of one Arrow batch.
BATCH_RECORDS = 20_000  # records
BATCH_CHARACTERS = 16 << 20  # characters of their text
# Where a record came from, and the outcome of reading it.
RECORD_FIELDS = (
    ("source_line", pa.int32(), "int"),
    ("raw_text", pa.string(), "string"),
    ("reason", pa.string(), "string"),
    ("detail", pa.string(), "string"),
    ("source_file", pa.string(), "string"),
    ("delivery_id", pa.string(), "string"),
    ("landing_date", pa.string(), "string"),
    ("first_received", pa.string(), "string"),
    ("wrong_kinds", pa.string(), "string"),
    ("has_values", pa.bool_(), "boolean"),
    ("id_doubt", pa.string(), "string"),
    ("is_repeat", pa.bool_(), "boolean"),
)
BAD_ID = "bad_id"
TASK_BYTES = 2 << 20  # about a tenth of a second's parsing; a task of its own costs a fiftieth
GZIP_RATIO = 8  # of events, unpacked to packed
# The most that is carried through the driver, unpacked.
SMALL_BYTES = 40 << 20
SMALL_RECORDS = 50_000


def read_deliveries(spark: SparkSession, feed: Feed, deliveries: list[Delivery]) -> DataFrame:
    """Grain: one row per record, readable or not.

    Columns: `raw` (a struct of the feed's columns in their normal form) and `received` (the same as
    received), both null when unreadable; `unreadable` (a struct of reason and detail; null when readable and
    no id refuses the record), `id_doubt` (which id is none and was left out), `is_repeat` (of a full export:
    whether the file before holds a record with the same values), `wrong_kinds`, `raw_text`,
    `source_file`, `source_line`, `hash_delivery`, `landing_date`, `first_received`.
    """
    schema = build_record_schema(feed)
    parse, normalise = feed.read_records, make_column_normaliser(feed.columns, feed.id_fields)

    def records(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        repeats = RepeatFinder(feed, [each.file.path for each in deliveries])
        for batch in batches:
            for number in batch.column("id").to_pylist():
                repeats.begin(number)
                with deliveries[number].file.path.open("rb") as file:
                    for some in batch_records(parse(file)):
                        normal = normalise_records(some, normalise)
                        origin = find_origin(deliveries[number])
                        yield make_arrow_batch(some, normal, origin, schema, repeats.mark(some))

    ddl = ", ".join(
        [f"{name} {kind}" for name, _, kind in RECORD_FIELDS]
        + [f"`{name}` string" for name in schema.names[len(RECORD_FIELDS) :]]
    )
    flat = spark.range(0, len(deliveries), 1, count_tasks(deliveries)).mapInArrow(records, ddl)
    return select_received_columns(flat, feed)


def find_origin(delivery: Delivery) -> tuple[str, str, str, str]:
    """Where a delivery's records come from, for `make_arrow_batch`."""
    return delivery.file.name, delivery.delivery_id, str(delivery.file.day), delivery.place


def select_received_columns(flat: DataFrame, feed: Feed) -> DataFrame:
    """Rows of `build_record_schema` in the columns of `read_deliveries`."""
    raw = F.struct(*[F.col(f"`raw_{name}`").alias(name) for name in feed.columns])
    as_received = F.struct(
        *[F.coalesce(f"`received_{name}`", f"`raw_{name}`").alias(name) for name in feed.columns]
    )
    return flat.select(
        F.when(F.col("has_values"), raw).alias("raw"),
        F.when(F.col("has_values"), as_received).alias("received"),
        F.when(F.col("reason").isNotNull(), F.struct("reason", "detail")).alias("unreadable"),
        *[
            "wrong_kinds",
            "id_doubt",
            "is_repeat",
            "raw_text",
            "source_file",
            "source_line",
            "delivery_id",
            "first_received",
        ],
        F.to_date("landing_date").alias("landing_date"),
    )


def build_record_schema(feed: Feed) -> pa.Schema:
    """What the tasks hand over of a record: `RECORD_FIELDS`, its values in their normal form, and as received
    where that differs, which is seldom.
    """
    texts = [f"{form}_{name}" for form in ("raw", "received") for name in feed.columns]
    fields = [pa.field(name, kind) for name, kind, _ in RECORD_FIELDS]
    return pa.schema(fields + [pa.field(name, pa.string()) for name in texts])


def count_tasks(deliveries: list[Delivery]) -> int:
    """In how many tasks files are read: by their size, whatever cores there are; at most one a file."""
    n_bytes = sum(
        each.file.n_bytes * (GZIP_RATIO if each.file.name.endswith(".gz") else 1) for each in deliveries
    )
    return max(1, min(len(deliveries), n_bytes // TASK_BYTES))


def read_raw_table(raw: DataFrame, feed: Feed) -> DataFrame:
    """Rows of the feed's raw table in the columns of `read_deliveries`, but without `received`.

    `raw_text` is null: a record's raw text is kept in quarantine alone.
    """
    name = F.element_at(F.split("source_file", "/"), -1)
    place = F.concat_ws("/", F.col("landing_date").cast("string"), name)
    return normalise_raw_table(raw, feed).select(
        F.struct(*feed.columns).alias("raw"),
        F.when(F.col("reason").isNotNull(), F.struct("reason", "detail")).alias("unreadable"),
        F.lit(None).cast("string").alias("raw_text"),
        F.lit(False).alias("is_repeat"),
        *["id_doubt", "source_file", "source_line", "delivery_id"],
        F.format_string("%s#%09d", place, F.col("source_line")).alias("first_received"),
        "landing_date",
    )


def normalise_raw_table(raw: DataFrame, feed: Feed) -> DataFrame:
    """The feed's raw table in its normal form, with `reason`, `detail` and `id_doubt` of invalid ids."""
    normalise = make_column_normaliser(feed.columns, feed.id_fields)
    places = ("source_file", "source_line", "delivery_id", "landing_date")
    outcomes = ("reason", "detail", "id_doubt")

    def records(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            values = zip(*[batch.column(name).to_pylist() for name in feed.columns], strict=True)
            wrong_kinds = batch.column("wrong_kinds").to_pylist()
            columns, flaws, doubts = normalise(list(values), wrong_kinds)
            reasons = [flaw and BAD_ID for flaw in flaws]
            texts = [pa.array(column, pa.string()) for column in (*columns, reasons, flaws, doubts)]
            names = [*feed.columns, *outcomes, *places]
            yield pa.RecordBatch.from_arrays([*texts, *[batch.column(name) for name in places]], names)

    texts = ", ".join(f"`{name}` string" for name in (*feed.columns, *outcomes))
    ddl = f"{texts}, source_file string, source_line int, delivery_id string, landing_date date"
    return raw.select(*feed.columns, "wrong_kinds", *places).mapInArrow(records, ddl)


def batch_records(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records in lists of a bounded size."""
    some, n_characters = [], 0
    for record in records:
        some.append(record)
        n_characters += len(record.raw_text)
        if len(some) == BATCH_RECORDS or n_characters > BATCH_CHARACTERS:
            yield some
            some, n_characters = [], 0
    if some:
        yield some


class NormalRecords(NamedTuple):
    """Records' values in their normal form, by column, and by record what that found."""

    values: list[Values]
    flaws: list[str | None]
    doubts: list[str | None]
    wrong_kinds: list[str | None]


def normalise_records(records: list[Record], normalise: ColumnNormaliser) -> NormalRecords:
    """The normal form of records."""
    wrong_kinds = [",".join(each.wrong_kinds) or None for each in records]
    return NormalRecords(*normalise([each.values for each in records], wrong_kinds), wrong_kinds)


def make_arrow_batch(
    records: list[Record],
    normal: NormalRecords,
    origin: tuple[str, str, str, str],
    schema: pa.Schema,
    are_repeats: list[bool],
) -> pa.RecordBatch:
    """Records of one file as Arrow, in the schema's order."""
    name, delivery, day, place = origin
    lines, texts, values, reasons, details, _ = zip(*records, strict=True)
    n, n_columns = len(records), (len(schema) - len(RECORD_FIELDS)) // 2
    received = transpose_rows([(None,) * n_columns if each is None else each for each in values], n_columns)
    columns = [
        lines,
        texts,
        [reason or (flaw and BAD_ID) for reason, flaw in zip(reasons, normal.flaws, strict=True)],
        [detail or flaw for detail, flaw in zip(details, normal.flaws, strict=True)],
        pa.repeat(name, n),
        pa.repeat(delivery, n),
        pa.repeat(day, n),
        [f"{place}#{line:09d}" for line in lines],
        normal.wrong_kinds,
        [each is not None for each in values],
        normal.doubts,
        are_repeats,
        *normal.values,
        *[select_differences(theirs, ours) for theirs, ours in zip(received, normal.values, strict=True)],
    ]
    return pa.record_batch(
        [
            column if isinstance(column, pa.Array) else pa.array(column, field.type)
            for column, field in zip(columns, schema, strict=True)
        ],
        schema=schema,
    )


def select_differences(received: Values, normal: Values) -> Values | pa.Array:
    """The received values that differ from their normal form; null where they are equal."""
    if received == normal:
        return pa.nulls(len(received), pa.string())
    return tuple(theirs if theirs != ours else None for theirs, ours in zip(received, normal, strict=True))


def are_small(deliveries: list[Delivery]) -> bool:
    """Whether the files hold few records in all, unpacked: gzip packs up to a thousand to one."""
    n_bytes, n_lines = SMALL_BYTES, SMALL_RECORDS
    for delivery in deliveries:
        with delivery.file.path.open("rb") as file:
            measured = measure_up_to(file, n_bytes, n_lines)
        if measured is None:
            return False
        n_bytes, n_lines = n_bytes - measured[0], n_lines - measured[1]
    return True
