"""A night lands what its topic holds, whether or not a stream runs; and knows up to when that is all."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from spark_jobs.land.topic import land_topic
from spark_jobs.settings import Settings
from spark_jobs.sources.topic_identity import find_topic_id
from spark_jobs.sources.topic_landing import TopicLanding, TopicLine

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
RECEIVED = "2026-01-05T12:00:00Z"


def settings(home: Path, servers: str, topic: str) -> Settings:
    return Settings.from_environment(
        {
            "CONCIERGE_HOME": str(home),
            "CONCIERGE_SOURCES": "sample_shop",
            "CONCIERGE_EVENTS": "kafka",
            "CONCIERGE_EVENTS_TOPIC": topic,
            "CONCIERGE_KAFKA_SERVERS": servers,
        }
    )


def produce(servers: str, topic: str, first: int, last: int) -> None:
    producer = Producer({"bootstrap.servers": servers, "log_level": 0, "linger.ms": 0})
    for n in range(first, last):
        producer.produce(topic, json.dumps({"n": n, "receivedAt": RECEIVED}).encode(), partition=n % 2)
    assert producer.flush(20) == 0


def read_landed(of: Settings) -> list[int]:
    files = of.paths.landed_events.glob("2026-01-05/[!.]*.jsonl")
    return sorted(json.loads(line)["n"] for file in files for line in file.open())


def test_what_a_stream_has_landed_is_left_out(kafka, new_topic, tmp_path):
    topic = new_topic()
    here = settings(tmp_path, kafka.servers, topic)
    assert land_topic(here, "UTC", NOW) == 0
    produce(kafka.servers, topic, 0, 10)
    landing = TopicLanding(here.paths, topic, "UTC")
    landing.land([TopicLine(0, 0, json.dumps({"n": 0, "receivedAt": RECEIVED}).encode(), NOW)])
    assert land_topic(here, "UTC", NOW) == 2  # one a partition
    produce(kafka.servers, topic, 10, 13)
    land_topic(here, "UTC", NOW)
    assert land_topic(here, "UTC", NOW) == 0
    assert read_landed(here) == list(range(13))
    assert landing.read_whole_until().isoformat() == "2026-01-06T02:59:00+00:00"


@pytest.mark.parametrize("server", ["127.0.0.1:1", None])
def test_a_broker_that_is_away_stops_no_night_and_nothing_is_noted(
    kafka, tmp_path, caplog, monkeypatch, server
):
    monkeypatch.setattr("spark_jobs.land.topic.PATIENCE_SECONDS", 1.0)
    here = settings(tmp_path, server or kafka.servers, "no-such-topic")
    assert land_topic(here, "UTC", NOW) == 0
    assert "come with the next night" in caplog.text
    assert TopicLanding(here.paths, "no-such-topic", "UTC").read_whole_until() is None


def test_kafka_tells_a_topic_from_another_of_its_name(kafka, new_topic, tmp_path):
    """Deleted, made anew and grown beyond what had landed of it: what it holds lands all the same."""
    topic = new_topic()
    here = settings(tmp_path, kafka.servers, topic)
    produce(kafka.servers, topic, 0, 4)
    land_topic(here, "UTC", NOW)
    before = find_topic_id({"bootstrap.servers": kafka.servers}, topic)
    admin = AdminClient({"bootstrap.servers": kafka.servers})
    admin.delete_topics([topic])[topic].result(20)
    assert find_topic_id({"bootstrap.servers": kafka.servers}, topic) is None
    admin.create_topics([NewTopic(topic, 2, 1)])[topic].result(20)
    produce(kafka.servers, topic, 10, 20)  # which waits until the broker tells of the new one
    assert find_topic_id({"bootstrap.servers": kafka.servers}, topic) not in (None, before)
    land_topic(here, "UTC", NOW)
    assert read_landed(here) == [*range(4), *range(10, 20)]
