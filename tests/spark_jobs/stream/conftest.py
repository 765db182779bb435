"""A home whose events come by a topic of a real broker, and a way to run its stream until nothing is left."""

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer
from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession

from expectations.contracts.lake import CORE_EVENTS
from spark_jobs.ingest import job as ingest
from spark_jobs.lake.jar_sets import STREAM_JARS, fetch_jars
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import LIVE_SOURCE, load_sources
from spark_jobs.stream.job import Stream

MONDAY = date(2026, 1, 5)


@pytest.fixture(scope="session")
def kafka_spark(spark) -> SparkSession:
    """The tests' session, with what reads Kafka."""
    for jar in fetch_jars(STREAM_JARS):
        spark.sql(f"ADD JAR '{jar}'")
    return spark


def make_event(number: int, day: int = 0, **more: object) -> dict:
    """A view as the service logs it, received on the n-th day from Monday."""
    at = datetime(MONDAY.year, MONDAY.month, MONDAY.day, 12, tzinfo=UTC)
    text = f"{at + timedelta(days=day, seconds=number):%Y-%m-%dT%H:%M:%S.%fZ}"
    return {
        "type": "track",
        "event": "Product Viewed",
        "messageId": f"m{number}",
        "anonymousId": f"a{number % 7}",
        "timestamp": text,
        "receivedAt": text,
        "source": "sample_shop",
        "properties": {"product_id": "tea"},
        "context": {"sessionId": "s1", "consent": {"categoryPreferences": {"personalization": True}}},
        **more,
    }


@dataclass
class StreamedShop:
    """A home, its topic, and what was sent to it."""

    home: Path
    topic: str
    servers: str
    spark: SparkSession
    sent: list[bytes] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return Settings.from_environment(
            {
                "CONCIERGE_HOME": str(self.home),
                "CONCIERGE_SOURCES": "sample_shop",
                "CONCIERGE_EVENTS": "kafka",
                "CONCIERGE_EVENTS_TOPIC": self.topic,
                "CONCIERGE_KAFKA_SERVERS": self.servers,
                "CONCIERGE_STREAM_EVENTS": "100",
                "CONCIERGE_STREAM_SECONDS": "0",
            }
        )

    def send(self, *events: dict | bytes) -> None:
        """Produce events, in order by visitor."""
        producer = Producer({"bootstrap.servers": self.servers, "log_level": 0, "linger.ms": 0})
        for event in events:
            line = event if isinstance(event, bytes) else json.dumps(event).encode()
            key = json.loads(line)["anonymousId"] if isinstance(event, dict) else "rubbish"
            producer.produce(self.topic, line, key=key)
            self.sent.append(line)
        assert producer.flush(20) == 0

    def stream(self) -> Stream:
        """Stream what is there, until nothing is left."""
        stream = Stream(self.settings, self.spark)
        stream.run(is_once=True)
        return stream

    def stream_until_killed(self) -> None:
        """Stream with something in place that raises `KilledHere`."""
        with pytest.raises((StreamingQueryException, KilledHere), match="KilledHere"):
            self.stream()

    def forget_checkpoint(self) -> None:
        """Delete Spark's checkpoint."""
        shutil.rmtree(self.settings.paths.stream_checkpoint)

    def list_open_lakes(self) -> dict[str, Lake]:
        """The lakes of open days, by day."""
        return {path.name: Lake(path, self.spark) for path in sorted(self.settings.paths.open_days.glob("*"))}

    def read_open_events(self) -> list[str]:
        """Ids of the events of all open days, each as often as it is there."""
        lakes = self.list_open_lakes().values()
        return sorted(name for lake in lakes for name in lake.read_arrow(CORE_EVENTS)["event_id"].to_pylist())

    def read_raw_lines(self) -> list[int]:
        """How many received records the raw table of each open day holds."""
        (live,) = (each for each in load_sources(("sample_shop",)) if each.name == LIVE_SOURCE)
        raw = live.raw_table(live.feeds[0])
        return [lake.read_arrow(raw).num_rows for lake in self.list_open_lakes().values()]

    def night(self, day: int) -> Lake:
        """A night's ingest over one day; the home's lake."""
        lake, at = Lake(self.settings.lake, self.spark), MONDAY + timedelta(days=day)
        context = RunContext(f"night {day}", LandingDates(at, at), self.settings, datetime.now(UTC))
        ingest.run(context, lake)
        return lake


class KilledHere(Exception):  # noqa: N818 - reads as what it is
    """Stands for a SIGKILL: nothing of ours catches it or tidies up."""


@pytest.fixture
def shop(kafka, kafka_spark, new_topic, tmp_path) -> StreamedShop:
    return StreamedShop(tmp_path / "home", new_topic(), kafka.servers, kafka_spark)
