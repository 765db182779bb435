"""The membership query of one snapshot: begun, begun again when it failed, told who has said no, ended."""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

from confluent_kafka import Producer
from pyspark.sql import SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from segments.told import list_entered
from spark_jobs.settings import Settings
from spark_jobs.stream.membership_query import start_membership_query
from spark_jobs.stream.night_base import open_night
from spark_jobs.stream.notes import Kind, Note, pack_note
from spark_jobs.stream.progress import describe_error, find_lag, read_offsets
from spark_jobs.stream.refusals import Refusals
from spark_jobs.stream.teller import TransitionTeller
from spark_jobs.stream.told import RedisTold

LOOKS_BETWEEN_STARTS = 20  # of a query that failed
AT_ONCE = 500
Start = Callable[..., StreamingQuery]
logger = logging.getLogger(__name__)


class NightQuery:
    """The query of one snapshot. `look` is for a timer."""

    def __init__(
        self,
        settings: Settings,
        spark: SparkSession,
        folder: Path,
        store: RedisTold,
        start: Start = start_membership_query,
    ) -> None:
        """
        Args:
            folder: of the snapshot.

        Raises:
            ValueError, OSError, lmdb.Error: no memberships can be decided by it.
        """
        self._settings, self._spark, self._folder, self._start = settings, spark, folder, start
        self._store, self.night = store, open_night(str(folder))
        self._refusals = Refusals(settings.paths.restrictions, self.night.identities_version)
        self._refused: frozenset[str] | None = None
        self.tag = folder.name
        topics = (settings.transitions_topic, settings.memberships_topic)
        self.teller = TransitionTeller(
            make_producer(settings), topics, store, self.night, self._refusals.open
        )
        self._query: StreamingQuery | None = None
        self._n_waits = 0

    @property
    def lag(self) -> int | None:
        """How many lines it has not read; None where it does not run."""
        return None if self._query is None else find_lag(self._query.lastProgress)

    @property
    def n_read(self) -> int:
        """How many offsets of the topic of events lie behind it: what was sent less this is how far it lags,
        also while a batch takes long.
        """
        progress = self._query.lastProgress if self._query else None
        return sum(read_offsets(progress["sources"][0].get("endOffset")).values()) if progress else 0

    def look(self) -> None:
        """Start it where it does not run, a while behind a failure; bring it who has said no since.

        Raises:
            RestrictionsUnreadable: nobody knows who has.
        """
        if self._query is not None and not self._query.isActive:
            if error := self._query.exception():
                logger.warning(f"the membership query failed and is started again: {describe_error(error)}")
            self._query, self._n_waits = None, LOOKS_BETWEEN_STARTS
        if self._n_waits:
            self._n_waits -= 1
            return
        self._write_refusals()
        if self._query is None:
            self._query = self._start(self._spark, self._settings, self._folder, self.teller)

    def has_caught_up(self, since: datetime) -> bool:
        """Whether a batch that began behind a moment has read all that there was."""
        progress = self._query.lastProgress if self._query else None
        return bool(
            progress
            and datetime.fromisoformat(progress["timestamp"]) > since
            and "endOffset" in progress["sources"][0]
            and not find_lag(progress)
        )

    def end(self) -> None:
        """End it; what it had not told, it tells when it is started again."""
        self.teller.end()
        if self._query is not None:
            self._query.stop()
            self._query = None

    def _write_refusals(self) -> None:
        """Write a note to each owner who has said no since the last look; with the first one to those alone
        who are in something.
        """
        refused, before = self._refusals.list_refused(), self._refused
        if refused == before:
            return
        with self._refusals.open() as is_refused:
            owners = {
                owner
                for name in refused - (before or frozenset())
                if is_refused([name, owner := self.night.find_customer_id(name) or name])
            }
        if before is None:
            owners = set(self._list_entered(owners))
        now = time.time_ns() // 1_000
        self.teller.write_notes(
            (owner, pack_note(Note(self.tag, Kind.FORGET, owner, now))) for owner in sorted(owners)
        )
        self._refused = refused

    def _list_entered(self, owners: Iterable[str]) -> Iterable[str]:
        names = sorted(owners)
        for first in range(0, len(names), AT_ONCE):
            some = names[first : first + AT_ONCE]
            for owner, told in zip(some, self._store.read(some), strict=True):
                if list_entered(told or {}):
                    yield owner


def make_producer(settings: Settings) -> Producer:
    """A producer of transitions and notes."""
    return Producer(
        {
            "bootstrap.servers": settings.kafka_servers,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "log_level": 0,
            **settings.kafka_properties,
        }
    )
