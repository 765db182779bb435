"""A broker hangs, is killed and comes back while events arrive: none is answered 5xx, each acknowledged one
is in the topic, one visitor's in order; and when there is no room on disk the answer is 503.
"""

import time
from collections import defaultdict
from dataclasses import replace

import orjson
import pytest

from serving_app.console.event_tail import TopicTail
from serving_app.storage.event_log import START
from serving_app.storage.kafka_log import KafkaLog
from serving_app.storage.spool import Spool
from serving_app.storage.spooled_log import SpooledLog
from tests.serving_app.intake.sent_events import send, viewed

VISITORS = 3


class Traffic:
    """Sends events and notes what was acknowledged."""

    def __init__(self, shop, log):
        shop.settings = replace(shop.settings, events="kafka")
        shop.use_stores(events=log)
        self.shop, self.acknowledged, self.statuses, self.n_sent = shop, [], set(), 0

    def send(self, n_events):
        for _ in range(n_events):
            self.n_sent += 1
            message_id = f"m-{self.n_sent:04d}"
            answer = send(self.shop, viewed(message_id, anonymousId=f"b-{self.n_sent % VISITORS}"))
            self.statuses.add(answer.status_code)
            if answer.status_code == 200:
                self.acknowledged.append(message_id)


@pytest.fixture
def topic(new_topic):
    return new_topic()


@pytest.fixture
def bridge(kafka, topic, tmp_path):
    """Opens the event log of a home that is set to Kafka, with the patience of a test."""
    logs = []

    def open_log(most_bytes=10**6):
        spool = Spool(tmp_path / "spool", most_bytes)
        log = KafkaLog(kafka.servers, topic, patience_seconds=0.3)
        logs.append(SpooledLog(log, spool, "Kafka", try_every_seconds=0.05))
        return logs[-1]

    yield open_log
    for log in logs:
        log.rotate(is_forced=True)


def wait_until_drained(log, seconds=30.0):
    until = time.monotonic() + seconds
    while log.describe_problem():
        assert time.monotonic() < until, log.describe_problem()
        time.sleep(0.02)


def read_by_visitor(kafka, topic):
    """The message ids of the topic in their order, by visitor."""
    ids = defaultdict(list)
    for line in KafkaLog(kafka.servers, topic).read_lines(START, 10_000):
        record = orjson.loads(line.line)
        ids[record["anonymousId"]].append(record["messageId"])
    return ids


def find_faults(traffic, ids_by_visitor):
    """What was lost of the acknowledged events, and visitors whose first copies are not in order."""
    there = {one for ids in ids_by_visitor.values() for one in ids}
    first_copies = {visitor: [*dict.fromkeys(ids)] for visitor, ids in ids_by_visitor.items()}
    return {
        "lost": sorted({*traffic.acknowledged} - there),
        "reordered": sorted(visitor for visitor, ids in first_copies.items() if ids != sorted(ids)),
    }


def test_a_broker_that_hangs_dies_and_comes_back(kafka, topic, bridge, shop):
    log = bridge()
    traffic = Traffic(shop, log)
    traffic.send(6)
    wait_until_drained(log)  # a first connection takes longer than a test's patience
    kafka.pause()
    try:
        traffic.send(12)
        assert "Kafka is away" in " ".join(shop.client.get("/readyz").json["problems"])
    finally:
        kafka.resume()
    traffic.send(6)
    wait_until_drained(log)
    kafka.kill()
    traffic.send(12)
    kafka.start()
    traffic.send(6)
    wait_until_drained(log)
    traffic.send(6)
    assert traffic.statuses == {200} and len(traffic.acknowledged) == 48
    assert shop.client.get("/readyz").json["problems"] == []
    ids = read_by_visitor(kafka, topic)
    assert find_faults(traffic, ids) == {"lost": [], "reordered": []}
    n_doubled = sum(map(len, ids.values())) - 48
    assert n_doubled <= 2 * VISITORS, "what was on its way when it hung or died, and no more"


def test_without_the_bridge_the_same_outage_is_seen(kafka, topic, shop):
    log = KafkaLog(kafka.servers, topic, patience_seconds=20)
    traffic = Traffic(shop, log)
    traffic.send(1)
    log._patience = 0.2
    kafka.pause()
    try:
        traffic.send(2)
    finally:
        kafka.resume()
    assert traffic.statuses == {200, 503}


def test_a_full_disk_quota_is_503_and_loses_nothing_that_was_acknowledged(kafka, topic, bridge, shop):
    log = bridge(most_bytes=3_000)
    traffic = Traffic(shop, log)
    traffic.send(1)
    wait_until_drained(log)
    kafka.pause()
    try:
        traffic.send(15)
        assert traffic.statuses == {200, 503}
        answer = send(shop, viewed("m-refused"))
        assert (answer.status_code, answer.json["type"]) == (503, "urn:concierge:problem:events-out-of-reach")
        assert "events are refused" in " ".join(shop.client.get("/readyz").json["problems"])
    finally:
        kafka.resume()
    wait_until_drained(log)
    assert send(shop, viewed("m-refused")).json["n_accepted"] == 1, "sent again, as it was told to"
    assert find_faults(traffic, read_by_visitor(kafka, topic))["lost"] == []
    assert 0 < len(traffic.acknowledged) < 16


def test_the_console_reads_the_newest_events_off_the_ends_of_a_topic(kafka, topic):
    log = KafkaLog(kafka.servers, topic, patience_seconds=20)
    lines = [b'{"n": %d}' % n for n in range(40)]
    log.append_lines(lines, keys=[b"visitor-%d" % (n % 7) for n in range(40)])
    newest = TopicTail(log).read_newest(5)
    assert set(lines[-5:]) <= set(newest) and len(newest) == 10  # five of each of two partitions
    log.append_lines([b'{"n": 40}'], keys=[b"visitor-0"])
    assert b'{"n": 40}' in TopicTail(log).read_newest(1)
