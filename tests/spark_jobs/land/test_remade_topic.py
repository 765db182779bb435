"""A topic that was made anew, or lost its end, lands again instead of being passed over."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from expectations.contracts.home import HomePaths
from spark_jobs.land import topic
from spark_jobs.land.topic import land_up_to_end
from spark_jobs.settings import Settings
from spark_jobs.sources.topic_landing import TopicLanding

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)


class FakeTopic:
    """A topic of one partition, as a consumer that is assigned to it sees it."""

    def __init__(self, names: str) -> None:
        self.lines = [json.dumps({"n": name, "receivedAt": AT.isoformat()}).encode() for name in names]
        self._offset = 0

    def list_topics(self, topic, timeout):
        return SimpleNamespace(topics={topic: SimpleNamespace(error=None, partitions={0: None})})

    def get_watermark_offsets(self, partition, timeout):
        return 0, len(self.lines)

    def assign(self, partitions):
        self._offset = partitions[0].offset

    def consume(self, most, timeout):
        found = range(self._offset, min(self._offset + most, len(self.lines)))
        self._offset = found.stop
        return [FakeMessage(n, self.lines[n]) for n in found]


class FakeMessage:
    def __init__(self, offset, line):
        self._offset, self._line = offset, line

    def error(self):
        return None

    def offset(self):
        return self._offset

    def partition(self):
        return 0

    def value(self):
        return self._line

    def timestamp(self):
        return 0, int(AT.timestamp() * 1000)


def test_lines_under_offsets_that_have_landed_are_not_lost(tmp_path, caplog):
    landing = TopicLanding(HomePaths(tmp_path), "events", "UTC")
    land_up_to_end(FakeTopic("abcde"), landing)
    land_up_to_end(FakeTopic("abcde"), landing)
    assert "made anew" not in caplog.text
    land_up_to_end(FakeTopic("xyz"), landing)
    assert "made anew or has lost lines" in caplog.text
    land_up_to_end(FakeTopic("xyzv"), landing)
    files = sorted(landing.folder.glob("*/*.jsonl"))
    assert sorted(json.loads(row)["n"] for file in files for row in file.open()) == sorted("abcdexyzv")


@pytest.mark.parametrize(("topic_id", "landed"), [("B", "abcdevwxyz12"), ("A", "abcde12")])
def test_a_topic_that_outgrew_the_one_before_is_known_by_its_id(tmp_path, monkeypatch, topic_id, landed):
    """Seven lines under offsets of which five have landed. The control: under the same id."""
    environ = {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_SOURCES": "sample_shop"}
    settings = Settings.from_environment(environ)
    for held, own_id in (("abcde", "A"), ("vwxyz12", topic_id)):
        consumer = FakeTopic(held)
        consumer.close = lambda: None
        monkeypatch.setattr(topic, "Consumer", lambda _, consumer=consumer: consumer)
        monkeypatch.setattr(topic, "find_topic_id", lambda *_, own_id=own_id: own_id)
        topic.land_topic(settings, "UTC", AT)
    files = HomePaths(tmp_path).landed_events.glob("*/*.jsonl")
    assert sorted(json.loads(row)["n"] for file in files for row in file.open()) == sorted(landed)
