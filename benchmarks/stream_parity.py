"""One day through the service's functions, through Spark's state and by the night's SQL: the same members?

    python -m benchmarks.stream_parity [--events 50000] [--visitors 2000] [--seed 1]

Lines as the service logs them, 5 % of them received up to an hour late, 2 % sent twice, over one day, for all
shipped definitions that live. The service's side is its own: `parse_record`, `list_segment_events`,
`standing.take_event`, line by line. Spark's side is the query of `make stream ARGS=--memberships` on a real
broker, each line at the moment of its receipt. Turns are compared one by one. At the end of each hour the
members by the service are compared with those that the night's SQL finds in whole histories, of all that had
come by then: checkpoints × definitions × owners. Ends with 1 on a difference.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from confluent_kafka import Producer

from operate.kafka import running_kafka
from segments.events import Event
from segments.in_force import load_understood
from segments.live import select_live
from segments.parsing.definitions import load_segments, make_reader_of_day
from segments.standing import Turn
from segments.to_sql import DEFINITIONS
from segments.tree.rules import Segment
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.night import LiveNight
from serving_app.storage.snapshots import Snapshot
from spark_jobs.settings import Settings
from spark_jobs.stream.events_query import read_topic
from spark_jobs.stream.job import start_stream_session
from spark_jobs.stream.membership_query import STATE_SETTINGS, find_start, make_turns
from spark_jobs.stream.night_base import open_night
from tests.segments.hosts import Question, ask_duckdb
from tests.segments.oracle import Customer, Shop
from tests.spark_jobs.stream.service_town import ServiceTown, decide_in_service
from tests.spark_jobs.stream.small_night import write_night
from tests.spark_jobs.stream.test_memberships import MONDAY_NOON, NAMES, count_read, line

HOUR = 3_600_000_000
MIDNIGHT = MONDAY_NOON - timedelta(hours=12)
PATIENCE_SECONDS = 900


def make_lines(n_events: int, n_visitors: int, seed: int) -> list[dict]:
    """A day's lines in the order of receipt, and of each visitor a last one when it is over."""
    draw, lines = random.Random(seed), []
    for n in range(n_events):
        received = MIDNIGHT + timedelta(seconds=draw.randrange(3600, 86_400), microseconds=n)
        is_late = draw.random() < 0.05
        happened = received - timedelta(seconds=draw.randrange(3600) if is_late else 0)
        one = line(f"m{n}", draw.randrange(n_visitors), draw.choice(NAMES), happened, received)
        lines += [one] * (2 if draw.random() < 0.02 else 1)
    end = MIDNIGHT + timedelta(days=1, hours=2)
    lines += [line(f"last{who}", who, "Product Viewed", end, end) for who in range(n_visitors)]
    return sorted(lines, key=lambda each: each["receivedAt"])


def read_live_texts() -> dict[str, str]:
    """The shipped definitions that live, and those that they name."""
    files = sorted(DEFINITIONS.glob("*.yml"))
    definitions, _ = load_understood(files, make_reader_of_day())
    live = select_live([each.segment for each in definitions.values()])
    return {file.stem: file.read_text() for file in files if file.stem in live.rules}


def decide_in_spark(
    settings: Settings, night: Path, lines: list[dict], folder: Path
) -> dict[str, list[Turn]]:
    """The turns of each owner by the stream's query."""
    producer = Producer({"bootstrap.servers": settings.kafka_servers, "acks": "all"})
    for each in lines:
        producer.produce(settings.events_topic, json.dumps(each).encode(), key=each["anonymousId"])
        producer.poll(0)
    producer.flush(120)
    spark, found = start_stream_session(settings), defaultdict(list)
    for name, value in STATE_SETTINGS.items():
        spark.conf.set(name, value)

    def collect(batch, _: int) -> None:
        for row in batch.where("kind = 'turn'").collect():
            found[row.owner].append(Turn(row.segment_id, row.is_entered, row.since, row.reason))

    topic = read_topic(spark, settings, settings.events_topic, find_start(night))
    query = make_turns(spark, settings, night, topic, is_replay=True).writeStream.foreachBatch(collect)
    query = query.option("checkpointLocation", str(folder)).trigger(processingTime="0 seconds").start()
    began = time.monotonic()
    while count_read(query) < len(lines) and time.monotonic() - began < PATIENCE_SECONDS:
        query.awaitTermination(1)
    print(f"Spark took {len(lines):,} lines in {time.monotonic() - began:.0f} s, its start included")
    query.stop()
    spark.stop()
    return found


class Checkpoint(NamedTuple):
    """What had come by a moment, and who was a member of what by the service's standing."""

    moment: int
    histories: dict[str, tuple[Event, ...]]
    members: set[tuple[str, str]]


def ask_service(live: LiveNight, lines: list[dict], key: str, moments: list[int]) -> Iterator[Checkpoint]:
    """The members at each moment, by the service's own functions, each line at the moment of its receipt."""
    town = ServiceTown(live, key)
    for moment in moments:
        while lines and read_received(lines[0]) < moment:
            town.take(lines.pop(0))
        histories = {owner: tuple(events.values()) for owner, events in town.events.items()}
        yield Checkpoint(moment, histories, town.list_members(moment))


def ask_batch(
    segments: list[Segment], live: LiveNight, histories: dict[str, tuple[Event, ...]], moment: int
) -> set[tuple[str, str]]:
    """The members at a moment, by the night's SQL over whole histories."""
    customers = tuple(Customer(owner, events) for owner, events in histories.items())
    question = Question(tuple(segments), customers, (moment,), Shop(live.calendar, {}, {}))
    return {(owner, name) for owner, name, _ in ask_duckdb(question) if name in live.live.live}


def read_received(line: dict) -> int:
    """When a line was received, microseconds since 1970."""
    return to_microseconds(datetime.fromisoformat(line["receivedAt"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=50_000)
    parser.add_argument("--visitors", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    lines, texts = make_lines(args.events, args.visitors, args.seed), read_live_texts()
    with tempfile.TemporaryDirectory() as name, running_kafka(Path(name) / "kafka") as broker:
        folder = Path(name)
        settings = Settings.from_environment(
            {
                "CONCIERGE_HOME": str(folder / "home"),
                "CONCIERGE_SOURCES": "online_retail",
                "CONCIERGE_KAFKA_SERVERS": broker.servers,
                "CONCIERGE_STREAM_EVENTS": "10000",
                "CONCIERGE_SPARK_MASTER": "local[2]",
                "CONCIERGE_SPARK_MEMORY": "1g",
            }
        )
        night = write_night(folder / "night-1", settings.identity_key, texts=texts)
        found = decide_in_spark(settings, night, lines, folder / "checkpoint")
        snapshot = Snapshot("night-1", open_night(str(night)).read)
        live = LiveNight(snapshot, snapshot.read_live_rules())
        once = {each["messageId"]: each for each in reversed(lines)}  # the service knows message ids
        in_order = sorted(once.values(), key=lambda each: each["receivedAt"])
        expected = decide_in_service(live, in_order, settings.identity_key)
    owners = expected.keys() | found.keys()
    differing = [each for each in owners if sorted(expected[each]) != sorted(found[each])]
    n_turns = sum(map(len, expected.values()))
    print(
        f"{len(lines):,} lines, {len(owners):,} owners, {len(live.live.live)} definitions, {n_turns:,} turns:"
        f" {len(differing)} owners differ between service and Spark"
    )
    for owner in differing[:3]:
        print(owner, sorted(set(expected[owner]) ^ set(found[owner]))[:4])
    segments = [each for each in load_segments(DEFINITIONS) if each.segment_id in texts]
    start, n_wrong, n_members = to_microseconds(MIDNIGHT), 0, 0
    moments = [start + hour * HOUR for hour in range(1, 26)]
    for one in ask_service(live, in_order, settings.identity_key, moments):
        wrong = one.members ^ ask_batch(segments, live, one.histories, one.moment + 1)
        n_wrong, n_members = n_wrong + len(wrong), n_members + len(one.members)
        for each in sorted(wrong)[:3]:
            print("service and SQL differ at", one.moment, each)
    print(
        f"{n_members:,} members in {len(moments) * len(owners) * len(live.live.live):,} places at"
        f" {len(moments)} checkpoints: {n_wrong} differ between service and the night's SQL"
    )
    sys.exit(bool(differing or n_wrong))


if __name__ == "__main__":
    main()
