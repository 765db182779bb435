"""The query that brings a topic's events into the lake: each micro-batch lands, then is ingested.

Spark's checkpoint says which offsets a batch has; that each line counts once does not rest on it, but on what
has landed (`sources.topic_landing`) and on the night's manifest of deliveries. So a batch that runs again, or
a checkpoint that is lost, changes nothing.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from spark_jobs.settings import Settings
from spark_jobs.sources.topic_landing import Positions, TopicLanding, TopicLine
from spark_jobs.stream.open_days import IngestedDay, OpenDays

NAME = "events"
EARLIEST = -2  # as Spark names it among offsets
COLUMNS = ("partition", "offset", "value", "timestamp")
logger = logging.getLogger(__name__)


class Stopped(Exception):  # noqa: N818 - nothing went wrong
    """Raised in place of a batch, of which nothing is begun, when the query is to end."""


TellBatch = Callable[[int, int, float, list[IngestedDay]], None]


class BatchWriter:
    """Lands and ingests micro-batches, one after the other.

    Attributes:
        stop: set when no further batch is to begin.
    """

    def __init__(self, landing: TopicLanding, days: OpenDays, tell: TellBatch) -> None:
        """
        Args:
            tell: is told of each batch: its number, how many lines landed, its seconds, what days got.
        """
        self._landing, self._days, self._tell = landing, days, tell
        self.stop = threading.Event()

    def __call__(self, batch: DataFrame, batch_id: int) -> None:
        if self.stop.is_set():
            raise Stopped
        began = time.monotonic()
        rows = batch.select(*COLUMNS).toArrow().sort_by([("partition", "ascending"), ("offset", "ascending")])
        self._landing.land(list_lines(rows))
        ingested = list(self._days.ingest_landed())
        self._days.drop_closed()
        self._tell(batch_id, rows.num_rows, time.monotonic() - began, ingested)


def list_lines(rows: pa.Table) -> Iterator[TopicLine]:
    """The lines of a batch, given in the columns of `COLUMNS`."""
    for part in rows.to_batches():
        partitions, offsets, values, times = (part.column(name).to_pylist() for name in COLUMNS)
        for partition, offset, value, at in zip(partitions, offsets, values, times, strict=True):
            yield TopicLine(partition, offset, value, at if at.tzinfo else at.replace(tzinfo=UTC))


def start_events_query(
    spark: SparkSession, settings: Settings, writer: BatchWriter, positions: Positions, is_once: bool = False
) -> StreamingQuery:
    """The query, running.

    Args:
        positions: how far the topic has landed; where there is no checkpoint it begins there.
        is_once: it takes what is there now, and ends.
    """
    events = read_topic(spark, settings, settings.events_topic, find_start(settings, positions))
    trigger = {"availableNow": True} if is_once else {"processingTime": f"{settings.stream_seconds} seconds"}
    return (
        events.writeStream.queryName(NAME)
        .foreachBatch(writer)
        .option("checkpointLocation", str(settings.paths.stream_checkpoint))
        .trigger(**trigger)
        .start()
    )


def read_topic(spark: SparkSession, settings: Settings, topic: str, start: dict[str, str]) -> DataFrame:
    """The lines of a topic as Spark's source gives them; offsets that are gone are an error.

    Args:
        start: Spark's options of where to begin without a checkpoint.
    """
    reader = spark.readStream.format("kafka").options(
        **{
            "kafka.bootstrap.servers": settings.kafka_servers,
            "subscribe": topic,
            **start,
            "maxOffsetsPerTrigger": str(settings.stream_events),
            "failOnDataLoss": "true",
        }
    )
    properties = translate_to_java(settings.kafka_properties)
    return reader.options(**{f"kafka.{name}": value for name, value in properties.items()}).load()


def translate_to_java(properties: Mapping[str, str]) -> dict[str, str]:
    """Properties as librdkafka calls them, by which every other client here connects, for Java's client: that
    one takes name and password as a login module, and a file of trusted certificates as a store.
    """
    rest = dict(properties)
    user, password = rest.pop("sasl.username", None), rest.pop("sasl.password", None)
    if user is not None and password is not None:
        is_scram = rest.get("sasl.mechanism", "").startswith("SCRAM")
        module = "scram.ScramLoginModule" if is_scram else "plain.PlainLoginModule"
        rest["sasl.jaas.config"] = (
            f"org.apache.kafka.common.security.{module} required"
            f" username={quote(user)} password={quote(password)};"
        )
    if trusted := rest.pop("ssl.ca.location", None):
        rest |= {"ssl.truststore.location": trusted, "ssl.truststore.type": "PEM"}
    return rest


def quote(text: str) -> str:
    """A text as a login module's option has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def find_start(settings: Settings, positions: Positions) -> dict[str, str]:
    """Where a query without a checkpoint begins: where landing ended, as Spark wants it told."""
    if not positions:
        return {"startingOffsets": "earliest"}
    # Spark wants every partition named; one of which nothing has landed is read from its beginning.
    offsets = {str(n): positions.get(n, EARLIEST) for n in range(max(positions) + 1)}
    return {"startingOffsets": json.dumps({settings.events_topic: offsets})}
