"""Memberships follow what is published, from one night's query to the next one's without a gap. No Spark."""

import logging
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from expectations.contracts.published import Published
from expectations.contracts.restrictions import CONSENTS, Permission
from expectations.contracts.restrictions_store import RestrictionDatabase
from segments.told import Told
from spark_jobs.settings import Settings
from spark_jobs.stream.membership_query import find_checkpoint
from spark_jobs.stream.membership_upkeep import MembershipUpkeep
from spark_jobs.stream.night_query import LOOKS_BETWEEN_STARTS
from spark_jobs.stream.notes import Kind
from spark_jobs.stream.progress import Progress
from tests.spark_jobs.stream.small_night import write_night
from tests.spark_jobs.stream.told_twins import MemoryTold, MemoryTopics


class Query:
    """A query that runs until it is stopped or fails."""

    isActive, lastProgress, error = True, None, None  # noqa: N815 - Spark's names

    def read(self, n_left):
        """A batch that begins a moment from now leaves so many lines."""
        at = datetime.now(UTC) + timedelta(seconds=1)
        source = {"latestOffset": {"t": {"0": 9}}, "endOffset": {"t": {"0": 9 - n_left}}}
        self.lastProgress = {"timestamp": f"{at:%FT%T.%f}Z", "sources": [source]}

    def stop(self):
        self.isActive = False

    def fail(self, error):
        self.isActive, self.error = False, error

    def exception(self):
        return self.error


class Process:
    """The upkeep of a home, with all that it starts."""

    def __init__(self, home, store, monkeypatch):
        values = {"CONCIERGE_HOME": str(home), "CONCIERGE_LIVE": "redis://127.0.0.1:1/0"}
        values |= {"CONCIERGE_TRANSITIONS_TOPIC": "transitions", "CONCIERGE_MEMBERSHIPS_TOPIC": "notes"}
        settings = Settings.from_environment(values)
        self.paths, self.store, self.started, self.topics = settings.paths, store, {}, MemoryTopics()
        monkeypatch.setattr("spark_jobs.stream.night_query.make_producer", lambda _: self.topics)
        self.paths.stream.mkdir(exist_ok=True)
        if not self.paths.restrictions.exists():
            RestrictionDatabase.create(self.paths.restrictions)
        progress = Progress(self.paths.stream_progress)
        self.of_topic = {}
        self.upkeep = MembershipUpkeep(settings, None, progress, self.start, store, lambda _: self.of_topic)

    def start(self, _spark, settings, folder, teller):
        self.started[folder.name] = query = Query()
        query.teller = teller
        (find_checkpoint(settings, folder.name) / "commits").mkdir(parents=True, exist_ok=True)
        return query

    def publish(self, name):
        if not (self.paths.snapshots / name).exists():
            write_night(self.paths.snapshots / name, "key")
        Published(name, "2026-01-04", "", name, "", "none", "").write(self.paths.root)

    def list_telling(self):
        return [name for name, each in self.started.items() if each.isActive and each.teller.is_telling]

    def refuse(self, name, is_granted=False):
        permission = Permission(is_granted, datetime.now(UTC), "test")
        RestrictionDatabase(self.paths.restrictions).record_permission(CONSENTS, [name], permission)


@pytest.fixture
def process(tmp_path, monkeypatch):
    return Process(tmp_path, MemoryTold(), monkeypatch)


def test_one_night_tells_until_the_next_one_has_caught_up(process):
    process.upkeep.look()
    assert process.started == {}, "nothing is published"
    process.publish("one")
    process.upkeep.look()
    assert process.list_telling() == [], "it has to read the day first"
    process.started["one"].read(n_left=3)
    process.upkeep.look()
    assert process.list_telling() == []
    process.started["one"].read(n_left=0)
    process.upkeep.look()
    assert process.list_telling() == ["one"] and process.store.teller == "one"

    process.publish("two")
    process.upkeep.look()
    process.started["two"].read(n_left=5)
    process.upkeep.look()
    assert process.list_telling() == ["one"], "two lags behind"
    process.started["two"].read(n_left=0)
    process.upkeep.look()
    assert not process.started["one"].isActive
    process.upkeep.look()
    assert process.list_telling() == ["two"] and process.store.teller == "two"
    assert [path.name for path in process.paths.membership_checkpoints.iterdir()] == ["two.2"]


def test_a_store_that_has_lost_its_data_learns_from_the_topic_what_was_told(process):
    process.of_topic = {"i_in": {"cart": Told(True, 7)}, "i_out": {"cart": Told(False, 8)}}
    process.publish("one")
    process.upkeep.look()
    process.started["one"].read(n_left=0)
    process.upkeep.look()
    assert process.store.told == process.of_topic
    assert [(note.kind, note.owner) for note in process.topics.read_notes()] == [(Kind.SETTLE, "i_in")]


def test_what_both_read_in_between_is_read_before_the_next_one_tells(process):
    process.publish("one")
    process.upkeep.look()
    process.started["one"].read(n_left=0)
    process.upkeep.look()
    process.publish("two")
    process.upkeep.look()
    two = process.started["two"]
    two.read(n_left=0)
    two.lastProgress["timestamp"] = "2026-01-05T00:00:00.000Z"  # before the other one has ended
    process.upkeep.look()
    process.upkeep.look()
    assert process.list_telling() == [], "the other one may have told of what it had not read by then"
    two.read(n_left=0)
    process.upkeep.look()
    assert process.list_telling() == ["two"]


def test_a_process_that_ended_goes_on_where_it_was(process, monkeypatch):
    process.publish("one")
    process.upkeep.look()
    process.started["one"].read(n_left=0)
    process.upkeep.look()
    process.upkeep.end()
    again = Process(process.paths.root, process.store, monkeypatch)
    again.upkeep.look()
    assert again.list_telling() == ["one"]
    again.publish("two")
    again.upkeep.look()
    again.upkeep.end()
    third = Process(process.paths.root, process.store, monkeypatch)
    third.upkeep.look()
    assert list(third.started) == ["one", "two"] and third.list_telling() == ["one"]
    third.upkeep.end()
    shutil.rmtree(process.paths.membership_checkpoints)
    process.store.teller = "two"
    fourth = Process(process.paths.root, process.store, monkeypatch)
    fourth.upkeep.look()
    assert fourth.list_telling() == [], "without its checkpoint it goes through the day again"


def test_a_query_that_failed_is_started_again_after_a_while(process, caplog):
    process.publish("one")
    process.upkeep.look()
    first = process.started["one"]
    first.fail(RuntimeError("the broker is away"))
    with caplog.at_level(logging.WARNING):
        for _ in range(LOOKS_BETWEEN_STARTS):
            process.upkeep.look()
    assert "the broker is away" in caplog.text
    assert process.started["one"] is first
    process.upkeep.look()
    assert process.started["one"] is not first


def test_who_says_no_is_forgotten_with_the_next_look(process):
    process.store.told = {"i_in": {"cart": Told(True, 1)}, "i_out": {"cart": Told(False, 1)}}
    for name in ("i_in", "i_out"):
        process.refuse(name)
    process.publish("one")
    process.upkeep.look()
    process.upkeep.look()
    process.refuse("i_new")
    process.upkeep.look()
    process.refuse("i_new", is_granted=True)
    process.upkeep.look()
    assert [(note.kind, note.owner) for note in process.topics.read_notes()] == [
        (Kind.FORGET, "i_in"),
        (Kind.FORGET, "i_new"),
    ]


def test_nobody_is_decided_while_nobody_knows_who_said_no(process, caplog):
    shutil.rmtree(process.paths.restrictions)
    process.publish("one")
    process.upkeep.look()
    assert process.started == {} and "memberships wait: the restrictions cannot be opened" in caplog.text


def test_a_snapshot_that_is_not_there_ends_nothing(process, caplog):
    process.publish("gone")
    shutil.rmtree(process.paths.snapshots / "gone")
    process.upkeep.look()
    process.upkeep.end()
    assert "no memberships are decided" in caplog.text
