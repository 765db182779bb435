"""Keeps memberships on what is published: a query of its snapshot, which another one follows without a gap.

The query of a new snapshot goes through the day while the one before goes on telling. Once it has caught up,
the one before ends, who differs from what was told is asked, and from then on the new one tells.
"""

import logging
import shutil
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import lmdb
from confluent_kafka import KafkaException
from pyspark.sql import SparkSession
from redis import RedisError

from expectations.contracts.published import Published
from expectations.contracts.restrictions import RestrictionsUnreadable
from segments.told import Tellings
from spark_jobs.settings import Settings
from spark_jobs.stream.membership_query import find_checkpoint, start_membership_query
from spark_jobs.stream.night_query import LOOKS_BETWEEN_STARTS, NightQuery, Start
from spark_jobs.stream.progress import Progress, describe_error
from spark_jobs.stream.takeover import restore, take_over
from spark_jobs.stream.told import RedisTold
from spark_jobs.stream.told_topic import read_told

ReadTold = Callable[[Settings], dict[str, Tellings]]
logger = logging.getLogger(__name__)


class MembershipUpkeep:
    """The membership queries of one process. `look` is for a timer."""

    def __init__(
        self,
        settings: Settings,
        spark: SparkSession,
        progress: Progress,
        start: Start = start_membership_query,
        store: RedisTold | None = None,
        read_told: ReadTold = read_told,
    ) -> None:
        """
        Args:
            store: None: the one of the settings.
            read_told: what was told, by the topic of transitions.
        """
        self._read_told = read_told
        self._settings, self._spark, self._progress, self._start = settings, spark, progress, start
        self._store = store or RedisTold(settings.live_store)
        self._telling: NightQuery | None = None
        self._next: NightQuery | None = None
        self._told_until: datetime | None = None  # since when nobody tells, while the next one reads the rest
        self._n_waits, self._n_told = 0, 0

    def look(self) -> None:
        """Start a query where none runs or another snapshot is published; hand over; note their lag."""
        if self._n_waits:
            self._n_waits -= 1
            return
        try:
            self._follow_published()
            for query in filter(None, (self._telling, self._next)):
                query.look()
            if self._next:
                self._hand_over(self._next)
        # the store, the broker or the restrictions are away, or the snapshot cannot be read; the next may be
        except (RedisError, KafkaException, TimeoutError, RestrictionsUnreadable) as error:
            self._wait(f"memberships wait: {describe_error(error)}")
        except (ValueError, OSError, lmdb.Error) as error:
            self._wait(f"no memberships are decided: {describe_error(error)}")
        self._note_progress()

    def end(self) -> None:
        """End the queries; what they had not told, they tell when they are started again."""
        for query in filter(None, (self._telling, self._next)):
            query.end()
        self._telling = self._next = None

    def _follow_published(self) -> None:
        published = Published.read(self._settings.home)
        tag = published.snapshot if published else ""
        newest = self._next or self._telling
        if not tag or (newest and newest.tag == tag):
            return
        teller = self._store.read_teller() if newest is None else ""
        if teller == tag and self._has_checkpoint(tag):
            self._telling = self._make_query(tag)
            self._telling.teller.is_telling = True
            logger.info(f"memberships go on with snapshot {tag}")
            return
        if teller and teller != tag and self._has_checkpoint(teller) and self._find_folder(teller).exists():
            self._telling = self._make_query(teller)
            self._telling.teller.is_telling = True
        if self._next:
            self._next.end()
        self._next, self._told_until = self._make_query(tag), None
        logger.info(f"memberships are brought to snapshot {tag}")

    def _hand_over(self, query: NightQuery) -> None:
        if self._told_until is None:
            if self._telling and not query.has_caught_up(datetime.min.replace(tzinfo=UTC)):
                return
            if self._telling:
                self._telling.end()
                self._n_told += self._telling.teller.n_told
                self._telling = None
            self._told_until = datetime.now(UTC)
        if not query.has_caught_up(self._told_until):
            return
        if not self._store.has_baseline():  # it is new, or has lost its data
            restore(self._store, self._read_told(self._settings))
        query.teller.is_telling = True
        n_asked = take_over(query.night, self._store, query.teller, time.time_ns() // 1_000)
        self._telling, self._next, self._told_until = query, None, None
        for old in self._settings.paths.membership_checkpoints.glob("*"):
            if old != find_checkpoint(self._settings, query.tag):
                shutil.rmtree(old)
        logger.info(f"memberships go on from snapshot {query.tag}; {n_asked:,} owners are asked")

    def _make_query(self, tag: str) -> NightQuery:
        return NightQuery(self._settings, self._spark, self._find_folder(tag), self._store, self._start)

    def _find_folder(self, tag: str) -> Path:
        return self._settings.paths.snapshots / tag

    def _has_checkpoint(self, tag: str) -> bool:
        return (find_checkpoint(self._settings, tag) / "commits").exists()

    def _note_progress(self) -> None:
        n_told = self._n_told + (self._telling.teller.n_told if self._telling else 0)
        self._progress.note_changes(memberships_told=n_told)
        newest = self._telling or self._next
        if newest and newest.lag is not None:
            self._progress.tell_lag("memberships", newest.lag)
            self._progress.note_changes(memberships_read=newest.n_read)

    def _wait(self, reason: str) -> None:
        logger.warning(reason)
        self._n_waits = LOOKS_BETWEEN_STARTS
