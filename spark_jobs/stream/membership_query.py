"""The query that decides memberships from the topic of events, in Spark's own state, with timers.

Its state is of one published snapshot: from that it takes definitions, what each customer begins with, and
whose identifiers are whose. When another one is published, the query begins anew with it, from the first
event that it has not absorbed.
"""

import logging
import time
from functools import partial
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from spark_jobs.settings import Settings
from spark_jobs.sources.declaration import SourceContext
from spark_jobs.sources.registry import LIVE_SOURCE, load_sources
from spark_jobs.stream.event_rows import OWNED_DDL, OWNED_FIELDS, give_owners, read_notes, type_lines
from spark_jobs.stream.events_query import read_topic
from spark_jobs.stream.membership_processor import TURN_DDL, MembershipProcessor
from spark_jobs.stream.night_base import open_night
from spark_jobs.stream.teller import TransitionTeller, TurnRow

NAME = "memberships"
LAYOUT = 2  # of what is stored of an owner
ROCKSDB = "org.apache.spark.sql.execution.streaming.state.RocksDBStateStoreProvider"
STATE_SETTINGS = {
    "spark.sql.streaming.stateStore.providerClass": ROCKSDB,
    # a batch stores what changed, not files of everything
    "spark.sql.streaming.stateStore.rocksdb.changelogCheckpointing.enabled": "true",
}
# The broker's clock and the service's may differ; what the night has absorbed is left out in any case.
CLOCKS_DIFFER_MS = 3_600_000
logger = logging.getLogger(__name__)


def make_turns(
    spark: SparkSession,
    settings: Settings,
    snapshot: Path,
    lines: DataFrame,
    notes: DataFrame | None = None,
    is_replay: bool = False,
) -> DataFrame:
    """The turns that lines of the topic make, and notes, as rows of `TurnRow`.

    Args:
        notes: lines of the topic of notes; None: there are none.
        is_replay: whether each event comes at the moment of its receipt, and nobody has said no; else now.
    """
    source = next(each for each in load_sources(settings.sources) if each.name == LIVE_SOURCE)
    context = SourceContext(source.name, source.time_zone, settings.identity_key)
    (feed,) = source.feeds
    restrictions = "" if is_replay else str(settings.paths.restrictions)
    owned = give_owners(type_lines(lines, feed, context), str(snapshot), restrictions)
    if notes is not None:
        owned = owned.union(read_notes(notes, snapshot.name))
    return owned.groupBy("owner").transformWithState(
        MembershipProcessor(str(snapshot), is_replay),
        TURN_DDL,
        "Append",
        "ProcessingTime",
        initialState=list_due_owners(spark, snapshot).groupBy("owner"),
    )


def list_due_owners(spark: SparkSession, snapshot: Path) -> DataFrame:
    """The customers whose membership may change without an event, as the processor's first rows."""
    nothing = (None,) * (len(OWNED_FIELDS) - 1)
    rows = [(owner, *nothing) for owner in sorted(set(open_night(str(snapshot)).list_due()))]
    return spark.createDataFrame(rows, OWNED_DDL)


def start_membership_query(
    spark: SparkSession, settings: Settings, snapshot: Path, teller: TransitionTeller
) -> StreamingQuery:
    """The query, running."""
    for name, value in STATE_SETTINGS.items():
        spark.conf.set(name, value)
    start = find_start(snapshot)
    lines = read_topic(spark, settings, settings.events_topic, start)
    notes = read_topic(spark, settings, settings.memberships_topic, start)
    return (
        make_turns(spark, settings, snapshot, lines, notes)
        .writeStream.queryName(f"{NAME} of {snapshot.name}")
        .foreachBatch(partial(write_batch, teller))
        .option("checkpointLocation", str(find_checkpoint(settings, snapshot.name)))
        .trigger(processingTime="0 seconds")
        .start()
    )


def find_checkpoint(settings: Settings, tag: str) -> Path:
    """The checkpoint of a snapshot's query: another one where states have another shape."""
    return settings.paths.membership_checkpoints / f"{tag}.{LAYOUT}"


def write_batch(teller: TransitionTeller, batch: DataFrame, number: int) -> None:
    """Tell the turns of a batch, and write its notes."""
    rows = batch.select([F.col(name) for name in TurnRow._fields]).collect()
    transitions = teller.tell([TurnRow(*row) for row in rows], time.time_ns() // 1_000)
    if transitions:
        logger.info(f"memberships, batch {number}: {len(transitions):,} transitions")


def find_start(snapshot: Path) -> dict[str, str]:
    """Where the query begins without a checkpoint: behind the last absorbed day, as Spark wants it told."""
    milliseconds = open_night(str(snapshot)).end // 1_000 - CLOCKS_DIFFER_MS
    return {
        "startingTimestamp": str(milliseconds),
        "startingOffsetsByTimestampStrategy": "latest",  # where nothing came since
    }
