"""Memberships that the stream decides, on a real broker and Redis, as the service shows them: two visitors
become one, somebody says no, a new night is published.
"""

import time
from datetime import UTC, date, datetime, timedelta

import pytest
from confluent_kafka import Consumer, TopicPartition

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.published import Published
from expectations.contracts.restrictions import CONSENTS, Permission
from expectations.contracts.restrictions_store import RestrictionDatabase
from expectations.contracts.transitions import Transition, decode_transition
from serving_app.live.redis_store import RedisBackend
from serving_app.live.service import LiveStates
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.service import make_streamed_memberships
from serving_app.memberships.told import ShopTime
from serving_app.storage.memory import MemorySnapshots
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.keys import VisitorKeys
from spark_jobs.settings import Settings
from spark_jobs.stream.membership_upkeep import MembershipUpkeep
from spark_jobs.stream.night_base import open_night
from spark_jobs.stream.progress import Progress
from tests.spark_jobs.stream.conftest import make_event
from tests.spark_jobs.stream.small_night import write_night

SOURCE = "online_retail"
PATIENCE_SECONDS = 60.0


class LiveTown:
    """The stream's memberships over a shop, and what an answer of the service says."""

    def __init__(self, shop, redis_port, new_topic):
        self.shop, self.transitions, self.n = shop, new_topic(1), 0
        self.told, self._consumer = [], None
        values = {
            "CONCIERGE_HOME": str(shop.home),
            "CONCIERGE_SOURCES": SOURCE,
            "CONCIERGE_KAFKA_SERVERS": shop.servers,
            "CONCIERGE_EVENTS_TOPIC": shop.topic,
            "CONCIERGE_MEMBERSHIPS_TOPIC": new_topic(),
            "CONCIERGE_TRANSITIONS_TOPIC": self.transitions,
            "CONCIERGE_LIVE": f"redis://127.0.0.1:{redis_port}/0",
        }
        self.settings = settings = Settings.from_environment(values)
        self.refused = RestrictionDatabase.create(settings.paths.restrictions)
        settings.paths.stream.mkdir(parents=True)
        self.publish("night-1")
        self.upkeep = MembershipUpkeep(settings, shop.spark, Progress(settings.paths.stream_progress))
        snapshots = MemorySnapshots()
        night = open_night(str(settings.paths.snapshots / "night-1"))
        self.snapshot = Snapshot("night-1", night.read)
        snapshots.publish(self.snapshot)
        backend = RedisBackend(settings.live_store)
        shop_time = ShopTime(lambda: datetime.now(UTC), lambda _: timedelta(0))
        memberships = make_streamed_memberships(backend, LiveNights(snapshots), shop_time)
        roots = None  # which are asked of aliases alone
        self.live = LiveStates(backend, roots, memberships.recorder, None, memberships.make_key)
        self.shown = memberships.shown

    def publish(self, name):
        write_night(self.settings.paths.snapshots / name, self.settings.identity_key)
        Published(name, "2026-01-04", "", name, "", "none", "").write(self.settings.home)

    def hash(self, kind, value):
        return hash_identifier(self.settings.identity_key, kind, SOURCE, value)

    def do(self, name, **ids):
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.n += 1
        fields = {"messageId": f"now{self.n}", "event": name, "source": SOURCE, "context": {"sessionId": "s"}}
        self.shop.send(make_event(self.n, timestamp=now, receivedAt=now, **fields, **ids))

    def read_transitions(self) -> list[Transition]:
        """All so far."""
        if self._consumer is None:
            config = {"bootstrap.servers": self.shop.servers, "group.id": "t", "log_level": 0}
            self._consumer = Consumer(config)
            self._consumer.assign([TopicPartition(self.transitions, 0, 0)])
        lines = [message.value() for message in self._consumer.consume(100, timeout=0.05)]
        self.told += [decode_transition(line) for line in lines]
        return self.told

    def list_segments(self, kind, value):
        """By an answer."""
        live = self.live.read(VisitorKeys((self.hash(kind, value),)), date(2026, 1, 4))
        return self.shown.list_segments(self.snapshot, None, None, live, datetime.now(UTC))

    def wait_for(self, is_so):
        until = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            assert time.monotonic() < until, self.told
            self.upkeep.look()
            time.sleep(0.1)


@pytest.fixture
def town(shop, redis_port, new_topic):
    town = LiveTown(shop, redis_port, new_topic)
    yield town
    town.upkeep.end()


def test_the_service_shows_whom_the_stream_joins_forgets_and_takes_over(town):
    town.wait_for(lambda: town.upkeep._telling)
    town.do("Product Added", anonymousId="b1")
    town.do("Product Added", anonymousId="b2")
    town.wait_for(lambda: len(town.read_transitions()) == 2)
    assert town.list_segments("anonymous_id", "b1") == ("fresh_cart",)
    town.do("Product Viewed", anonymousId="b1", userId="u7")
    town.wait_for(lambda: len(town.read_transitions()) == 4)
    assert town.list_segments("anonymous_id", "b1") == ()
    assert town.list_segments("user_id", "u7") == ("fresh_cart",)

    refusal = Permission(False, datetime.now(UTC), "test")
    town.refused.record_permission(CONSENTS, [town.hash("user_id", "u7")], refusal)
    town.wait_for(lambda: len(town.read_transitions()) == 5)
    assert town.list_segments("user_id", "u7") == ()

    town.publish("night-2")
    town.wait_for(lambda: town.upkeep._telling and town.upkeep._telling.tag == "night-2")
    order = {"order_id": "o1", "products": [{"product_id": "tea", "price": 3, "quantity": 2}]}
    town.do("Order Completed", anonymousId="b2", properties=order)
    town.wait_for(lambda: len(town.read_transitions()) == 6)
    b1, b2, u7 = (
        town.hash("anonymous_id", "b1"),
        town.hash("anonymous_id", "b2"),
        town.hash("user_id", "u7"),
    )
    told = [(one.customer_id, one.is_entered, one.reason) for one in town.read_transitions()]
    assert sorted(told[:2]) == sorted([(b1, True, "event"), (b2, True, "event")])
    assert sorted(told[2:4]) == sorted([(b1, False, "merge"), (u7, True, "merge")])
    assert told[4:] == [(u7, False, "event"), (b2, False, "event")]
