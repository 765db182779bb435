"""Memberships decided in Spark's state are those that the service decides from the same lines."""

import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql.streaming.query import StreamingQuery

from segments.events import Event
from segments.standing import Turn
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.night import LiveNight
from serving_app.storage.snapshots import Snapshot
from spark_jobs.stream.events_query import read_topic
from spark_jobs.stream.membership_query import STATE_SETTINGS, find_start, make_turns
from spark_jobs.stream.night_base import open_night
from tests.spark_jobs.stream.conftest import make_event
from tests.spark_jobs.stream.service_town import decide_in_service
from tests.spark_jobs.stream.small_night import CUSTOMER, write_night

NAMES = ("Product Viewed", "Product Viewed", "Product Added", "Order Completed")
MONDAY_NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def make_day(n_events: int, seed: int) -> list[dict]:
    """Lines of five visitors within two hours, some of them late; a last one of each an hour later."""
    draw, lines = random.Random(seed), []
    for n in range(n_events):
        received = MONDAY_NOON + timedelta(seconds=draw.randrange(7200))
        happened = received - timedelta(seconds=draw.choice((0, 0, 0, 30, 2000)))
        lines.append(line(f"m{n}", draw.randrange(5), draw.choice(NAMES), happened, received))
    last = MONDAY_NOON + timedelta(hours=3)
    lines += [line(f"last{who}", who, "Product Viewed", last, last) for who in range(5)]
    return sorted(lines, key=lambda each: each["receivedAt"])


def line(name: str, who: int, kind: str, happened: datetime, received: datetime) -> dict:
    times = {"timestamp": f"{happened:%FT%T.%fZ}", "receivedAt": f"{received:%FT%T.%fZ}"}
    of_order = {"order_id": f"o-{name}", "products": [{"product_id": "tea", "price": 3, "quantity": 2}]}
    properties = of_order if kind == "Order Completed" else {"product_id": "tea"}
    user = {"userId": "u1"} if who == 0 else {}
    fields = {"messageId": name, "event": kind, "properties": properties, "source": "online_retail"}
    return make_event(0, anonymousId=f"a{who}", context={"sessionId": "s"}, **fields, **times, **user)


def count_read(query: StreamingQuery) -> int:
    """How many lines its finished batches have read."""
    return sum(progress["numInputRows"] for progress in query.recentProgress)


@pytest.fixture
def night(shop, tmp_path):
    cart = to_microseconds(MONDAY_NOON) - 12 * 3600 * 1_000_000 - 60_000_000  # a minute before midnight
    history = (Event(cart, "past", "cart", "tea"),)
    return write_night(tmp_path / "night-1", shop.settings.identity_key, history)


def test_the_stream_tells_the_turns_that_the_service_tells(shop, night):
    lines = make_day(60, seed=1)
    shop.send(*lines, lines[7], b"rubbish")
    for name, value in STATE_SETTINGS.items():
        shop.spark.conf.set(name, value)
    found = defaultdict(list)

    def collect(batch, _number):
        for row in batch.where("kind = 'turn'").collect():
            found[row.owner].append(Turn(row.segment_id, row.is_entered, row.since, row.reason))

    frame = read_topic(shop.spark, shop.settings, shop.topic, find_start(night))
    query = make_turns(shop.spark, shop.settings, night, frame, is_replay=True).writeStream
    query = query.foreachBatch(collect).option("checkpointLocation", str(shop.home / "checkpoint"))
    query = query.trigger(processingTime="0 seconds").start()
    # One with timers never runs out of batches.
    while not query.awaitTermination(0.2) and count_read(query) < len(lines) + 2:
        pass
    query.stop()
    snapshot = Snapshot("night-1", open_night(str(night)).read)
    expected = decide_in_service(
        LiveNight(snapshot, snapshot.read_live_rules()), lines, shop.settings.identity_key
    )
    assert len(expected) == 5 and CUSTOMER in expected
    assert min(map(len, expected.values())) >= 3
    assert {owner: sorted(turns) for owner, turns in found.items()} == {
        owner: sorted(turns) for owner, turns in expected.items()
    }
    assert Turn("fresh_cart", False, to_microseconds(MONDAY_NOON), "time") not in found[CUSTOMER]
