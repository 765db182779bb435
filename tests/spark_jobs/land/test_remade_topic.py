"""A topic that was made anew, or lost its end, lands again instead of being passed over."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from expectations.contracts.home import HomePaths
from spark_jobs.land import topic
from spark_jobs.land.merge_files import merge_landed_files
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


def make_checkpoints(home):
    """Where a stream goes on: its query of events, and one of memberships."""
    paths = HomePaths(home)
    folders = paths.stream_checkpoint, paths.membership_checkpoints / "night-1"
    for folder in folders:
        (folder / "offsets").mkdir(parents=True)
    return folders


def test_lines_under_offsets_that_have_landed_are_not_lost(tmp_path, caplog):
    landing = TopicLanding(HomePaths(tmp_path), "events", "UTC")
    land_up_to_end(FakeTopic("abcde"), landing)
    land_up_to_end(FakeTopic("abcde"), landing)
    assert "made anew" not in caplog.text
    checkpoints = make_checkpoints(tmp_path)
    land_up_to_end(FakeTopic("xyz"), landing)
    assert "made anew or has lost lines" in caplog.text
    assert not any(each.exists() for each in checkpoints)
    land_up_to_end(FakeTopic("xyzv"), landing)
    files = sorted(landing.folder.glob("*/*.jsonl"))
    assert sorted(json.loads(row)["n"] for file in files for row in file.open()) == sorted("abcdexyzv")


@pytest.mark.parametrize(("topic_id", "landed"), [("B", "abcdevwxyz12"), ("A", "abcde12")])
def test_a_topic_that_outgrew_the_one_before_is_known_by_its_id(tmp_path, monkeypatch, topic_id, landed):
    """Seven lines under offsets of which five have landed; a stream that is started next would go on by its
    checkpoint where the topic before ended. The control: under the same id.
    """
    checkpoints = make_checkpoints(tmp_path)
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
    assert {each.exists() for each in checkpoints} == {topic_id == "A"}


def test_files_that_were_merged_give_their_names_to_no_others(tmp_path):
    """A day's files become one; then a topic made anew lands under the same ranges of offsets."""
    landing = TopicLanding(HomePaths(tmp_path), "events", "UTC")
    for names in ("abcd", "wxyz"):
        landing.follow(names)
        for n in range(1, 5):
            land_up_to_end(FakeTopic(names[:n]), landing)
        merge_landed_files(landing.folder, AT.date(), (), most=2)
    merge_landed_files(landing.folder, AT.date(), (), most=2)
    files = sorted(landing.folder.glob("*/[!.]*.jsonl"))
    assert sorted(json.loads(row)["n"] for file in files for row in file.open()) == sorted("abcdwxyz")
