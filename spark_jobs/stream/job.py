"""`make stream`: bring events from Kafka into the lake, batch after batch, until told to stop.

    python -m spark_jobs.stream.job [--once | --memberships]

Reads:   the topic of received events
Writes:  landing/live/events/<day>/, and the lakes of open days (`stream/days/<day>/`); with `--memberships`
         (or CONCIERGE_MEMBERSHIPS=stream) Redis and the topic of transitions
If it is killed: start it again; every event counts once. SIGTERM ends it when the batch at hand is whole.
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout
from pyspark.errors import StreamingQueryException
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from expectations.contracts.files import LookTimer
from spark_jobs.lake.jar_sets import STREAM_JARS, fetch_jars
from spark_jobs.lake.session import find_delta_jars, start_spark_session
from spark_jobs.run.logs import log_step
from spark_jobs.settings import Settings
from spark_jobs.sources.topic_identity import REMADE, find_topic_id
from spark_jobs.sources.topic_landing import TopicLanding
from spark_jobs.stream.events_query import BatchWriter, Stopped, start_events_query
from spark_jobs.stream.membership_upkeep import MembershipUpkeep
from spark_jobs.stream.open_days import OpenDays
from spark_jobs.stream.progress import Progress, describe_error, find_lag

LOOK_EVERY_SECONDS = 0.5
TOPIC_LOOK_SECONDS, TOPIC_PATIENCE_SECONDS = 10.0, 2.0
# What the broker cannot give any more: a retry would find the same.
LOST = ("failOnDataLoss", "OffsetOutOfRange", "KAFKA_DATA_LOSS", "data may have been lost")
LONGEST_WAIT_SECONDS = 60.0
# Not a night's: what runs for weeks is worth compiling. Plans of the memberships are deep, and analysed in
# threads whose stacks are small.
LONG_LIVED_JVM = "-XX:+UseSerialGC -Xss4m"
logger = logging.getLogger("spark_jobs.stream.job")  # __name__ is __main__ here


class StreamError(RuntimeError):
    """The stream cannot go on; the message says why, and what helps."""


class Stream:
    """The queries of one process, and how they end."""

    def __init__(self, settings: Settings, spark: SparkSession, has_memberships: bool = False) -> None:
        self.settings, self.spark = settings, spark
        self.days = days = OpenDays(settings, spark)
        self.landing = TopicLanding(settings.paths, settings.events_topic, days.time_zone)
        self.progress = Progress(settings.paths.stream_progress)
        self.writer = BatchWriter(self.landing, days, self.progress.tell_batch)
        self._topic_looks = LookTimer(TOPIC_LOOK_SECONDS)
        self.memberships = MembershipUpkeep(settings, spark, self.progress) if has_memberships else None

    def stop(self, *_: object) -> None:
        """Let the batch at hand be the last: for a signal."""
        self.writer.stop.set()

    def run(
        self,
        is_once: bool = False,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Run until stopped; a query that failed, as when the broker is away for long, is started again.

        Raises:
            StreamError: a retry would not help.
        """
        self.landing.finish()
        self._follow_topic()
        ingested = list(self.days.ingest_landed())  # of a stream that was killed, or landed by a night
        if ingested:
            self.progress.tell_batch(-1, 0, sum(day.seconds for day in ingested), ingested)
        wait = 1.0
        while not self.writer.stop.is_set():
            query = start_events_query(
                self.spark, self.settings, self.writer, self.landing.read_positions(), is_once
            )
            began = clock()
            try:
                self._follow(query)
                if is_once:
                    return
            except StreamingQueryException as error:
                if self.writer.stop.is_set() or Stopped.__name__ in str(error):
                    return
                self._judge(error, is_once)
                if clock() - began > LONGEST_WAIT_SECONDS:  # it has worked: this is another outage
                    wait = 1.0
                logger.warning(
                    f"the query failed and is started again in {wait:.0f} s: {describe_error(error)}"
                )
                sleep(wait)
                wait = min(2 * wait, LONGEST_WAIT_SECONDS)

    def _follow(self, query: StreamingQuery) -> None:
        """Wait until a query has ended, and end it between two batches when told to."""
        while not query.awaitTermination(LOOK_EVERY_SECONDS):
            self.progress.tell_lag("events", find_lag(query.lastProgress))
            if self._topic_looks.is_due():
                try:
                    self._refuse_another_topic()
                except StreamError:
                    query.stop()
                    raise
            if self.memberships:
                self.memberships.look()
            if self.writer.stop.is_set() and not query.status["isTriggerActive"]:
                query.stop()

    def _follow_topic(self) -> None:
        """Begin with a topic that was made anew since it last landed: at its beginning."""
        topic_id = self._find_topic_id()
        if not self.landing.is_of(topic_id):
            logger.error(REMADE.format(self.settings.events_topic))
            self.landing.follow(topic_id)

    def _refuse_another_topic(self) -> None:
        """
        Raises:
            StreamError: the topic is not the one that has landed.
        """
        if not self.landing.is_of(self._find_topic_id()):
            raise StreamError(
                f"{self.settings.events_topic} was made anew while the stream ran; start it again, and all"
                " that the topic holds lands"
            )

    def _find_topic_id(self) -> str | None:
        settings = self.settings
        properties = {"bootstrap.servers": settings.kafka_servers, **settings.kafka_properties}
        return find_topic_id(properties, settings.events_topic, TOPIC_PATIENCE_SECONDS)

    def _judge(self, error: StreamingQueryException, is_once: bool) -> None:
        text = str(error)
        if any(word in text for word in LOST):
            self._refuse_another_topic()
            raise StreamError(
                f"{self.settings.events_topic} lacks offsets that have not landed: its retention was shorter"
                " than the stream was away, or the topic was made anew. What is gone is lost. To go on with"
                f" what is there, delete {self.settings.paths.stream_checkpoint} and this topic's entry in"
                f" {self.settings.paths.landed_offsets}"
            ) from error
        if is_once:
            raise error


def start_stream_session(settings: Settings) -> SparkSession:
    """A Spark application of its own, with what reads Kafka."""
    jars = ",".join([find_delta_jars(), *map(str, fetch_jars(STREAM_JARS))])
    more = {"spark.jars": jars, "spark.driver.extraJavaOptions": LONG_LIVED_JVM}
    return start_spark_session("stream", settings.spark_master, settings.spark_memory, **more)


def hold_home(home: Path, lock_file: Path) -> FileLock:
    """The lock of the one stream of a home.

    Raises:
        StreamError: another one runs.
    """
    lock_file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(lock_file)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StreamError(f"another stream runs in {home}") from None
    return lock


def main(argv: list[str]) -> int:
    """Stream until told to stop; 1 where it cannot go on."""
    parser = argparse.ArgumentParser(
        prog="python -m spark_jobs.stream.job", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--once", action="store_true", help="take what is there now, and end")
    parser.add_argument("--memberships", action="store_true", help="decide memberships of segments too")
    args = parser.parse_args(argv)
    settings = Settings.from_environment()
    with log_step(settings.home, f"stream {datetime.now(UTC):%Y-%m-%dT%H:%M:%S}", "stream"):
        try:
            if settings.events != "kafka":
                raise StreamError(
                    "events do not go to Kafka: set CONCIERGE_EVENTS=kafka, and see `make kafka`"
                )
            has_memberships = args.memberships or settings.memberships == "stream"
            if has_memberships and not settings.live_store:
                raise StreamError("memberships are written to Redis: set CONCIERGE_LIVE")
            with hold_home(settings.home, settings.paths.stream_lock):
                run_stream(settings, args.once, has_memberships)
        except StreamError as error:
            logger.error(str(error))
            return 1
    return 0


def run_stream(settings: Settings, is_once: bool, has_memberships: bool) -> None:
    """Stream in a session of its own until told to stop."""
    logger.info(f"reading {settings.events_topic} at {settings.kafka_servers} into {settings.home}")
    spark = start_stream_session(settings)
    stream = Stream(settings, spark, has_memberships)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stream.stop)
    try:
        stream.run(is_once)
    finally:
        if stream.memberships:
            stream.memberships.end()
        spark.stop()
    logger.info("the stream has ended; what it had begun is whole")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
