"""Keeps the membership query on what is published: begun with a snapshot, and anew with the next one."""

import logging
import shutil
from collections.abc import Callable

import lmdb
from confluent_kafka import Producer
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from expectations.contracts.published import Published
from spark_jobs.settings import Settings
from spark_jobs.stream.membership_query import start_membership_query
from spark_jobs.stream.night_base import NightBase
from spark_jobs.stream.progress import Progress, describe_error, find_lag
from spark_jobs.stream.told import RedisTold, TransitionTeller

LOOKS_BETWEEN_STARTS = 20  # of a query that failed
logger = logging.getLogger(__name__)
Start = Callable[..., StreamingQuery]


class MembershipUpkeep:
    """The membership query of one process. `look` is for a timer."""

    def __init__(
        self,
        settings: Settings,
        spark: SparkSession,
        progress: Progress,
        start: Start = start_membership_query,
    ) -> None:
        self._settings, self._spark, self._progress, self._start = settings, spark, progress, start
        self._query: StreamingQuery | None = None
        self._tag, self._n_waits, self._n_told = "", 0, 0

    def look(self) -> None:
        """Start the query where it does not run or another snapshot is published; note how far it is."""
        if self._query is not None and not self._query.isActive:
            self._note_failure()
        published = Published.read(self._settings.home)
        if self._n_waits:
            self._n_waits -= 1
        elif published and published.snapshot and (published.snapshot != self._tag or self._query is None):
            self.end()
            self._tag = published.snapshot
            self._begin()
        if self._query is not None:
            self._progress.tell_lag("memberships", find_lag(self._query.lastProgress))

    def end(self) -> None:
        """End the query; what it had not told, it tells when it is started again."""
        if self._query is not None:
            self._query.stop()
            self._query = None

    def _begin(self) -> None:
        settings = self._settings
        folder = settings.paths.snapshots / self._tag
        try:
            versions = NightBase(folder).versions
        except (ValueError, OSError, lmdb.Error) as error:  # the next night may be another
            logger.warning(f"no memberships are decided: {describe_error(error)}")
            self._n_waits = LOOKS_BETWEEN_STARTS
            return
        for old in settings.paths.membership_checkpoints.glob("*"):
            if old.name != self._tag:
                shutil.rmtree(old)
        producer = Producer(
            {
                "bootstrap.servers": settings.kafka_servers,
                "acks": "all",
                "enable.idempotence": True,
                "linger.ms": 0,
                "log_level": 0,
                **settings.kafka_properties,
            }
        )
        told = RedisTold(settings.live_store)
        teller = TransitionTeller(producer, settings.transitions_topic, told, versions)
        self._query = self._start(self._spark, settings, folder, teller, self._tell)
        logger.info(f"memberships go on from snapshot {self._tag}")

    def _tell(self, number: int, transitions: list) -> None:
        if transitions:
            self._n_told += len(transitions)
            self._progress.note(memberships_told=self._n_told)
            logger.info(f"memberships, batch {number}: {len(transitions):,} transitions")

    def _note_failure(self) -> None:
        if error := self._query.exception():
            logger.warning(f"the membership query failed and is started again: {describe_error(error)}")
        self._query, self._n_waits = None, LOOKS_BETWEEN_STARTS
