"""A query that fails is started again, ever later, and soon again where it had worked for a while."""

from datetime import UTC, datetime

import pytest
from pyspark.errors import StreamingQueryException

from expectations.contracts.files import LookTimer
from spark_jobs.settings import Settings
from spark_jobs.sources.topic_landing import TopicLine
from spark_jobs.stream import job
from spark_jobs.stream.job import Stream, StreamError


class FailingQuery:
    """Runs for some seconds of a clock, then fails."""

    lastProgress = None  # noqa: N815 - as Spark calls it

    def __init__(self, clock, seconds, message):
        self._clock, self._seconds, self._message = clock, seconds, message

    def awaitTermination(self, _):  # noqa: N802
        self._clock[0] += self._seconds
        raise StreamingQueryException(self._message)


def make_stream(home, monkeypatch, outcomes):
    clock = [0.0]
    settings = Settings.from_environment({"CONCIERGE_HOME": str(home), "CONCIERGE_SOURCES": "sample_shop"})
    queries = (FailingQuery(clock, *outcome) for outcome in outcomes)
    monkeypatch.setattr(job, "start_events_query", lambda *_: next(queries))
    monkeypatch.setattr(job, "find_topic_id", lambda *_: None)  # no broker is asked
    return Stream(settings, None), lambda: clock[0]


def test_waits_grow_and_begin_anew_behind_a_time_that_went_well(tmp_path, monkeypatch):
    runs = [(1, "away"), (1, "away"), (1, "away"), (3_600, "away"), (1, "away")]
    stream, clock = make_stream(tmp_path, monkeypatch, runs)
    waits = []

    def sleep(seconds):
        waits.append(seconds)
        if len(waits) == len(runs):
            stream.stop()

    stream.run(sleep=sleep, clock=clock)
    assert waits == [1, 2, 4, 1, 2]


def test_what_the_broker_has_lost_ends_the_stream(tmp_path, monkeypatch):
    stream, clock = make_stream(tmp_path, monkeypatch, [(1, "OffsetOutOfRange")])
    with pytest.raises(StreamError, match="lacks offsets that have not landed"):
        stream.run(clock=clock)


class RunningQuery:
    """Runs until it is stopped."""

    lastProgress, is_stopped = None, False  # noqa: N815 - as Spark calls it

    def awaitTermination(self, _):  # noqa: N802
        return False

    def stop(self):
        self.is_stopped = True


def test_a_topic_that_is_made_anew_under_a_running_stream_ends_it_and_lands_whole_with_the_next(
    tmp_path, monkeypatch, caplog
):
    """Whether or not its offsets have grown beyond those that had landed, by which Spark would not notice."""
    ids, query = iter(["A", "A", "B"]), RunningQuery()
    stream, _ = make_stream(tmp_path, monkeypatch, [])
    monkeypatch.setattr(job, "find_topic_id", lambda *_: next(ids))
    monkeypatch.setattr(job, "start_events_query", lambda *_: query)
    stream._topic_looks = LookTimer()
    monkeypatch.setattr(stream.days, "ingest_landed", list)
    at = datetime(2026, 1, 5, 12, tzinfo=UTC)
    stream.landing.land([TopicLine(0, offset, b"{}", at) for offset in range(3)])
    with pytest.raises(StreamError, match="was made anew while the stream ran; start it again"):
        stream.run()
    assert query.is_stopped and stream.landing.read_positions() == {0: 3}
    checkpoint = stream.settings.paths.stream_checkpoint
    checkpoint.mkdir(parents=True)
    monkeypatch.setattr(job, "find_topic_id", lambda *_: "B")
    again, _ = make_stream(tmp_path, monkeypatch, [])
    monkeypatch.setattr(job, "find_topic_id", lambda *_: "B")
    again._follow_topic()
    assert "is another topic than the one that has landed" in caplog.text
    assert again.landing.read_positions() == {} and not checkpoint.exists()
    assert len(again.landing.land([TopicLine(0, offset, b"{}", at) for offset in range(5)])) == 1
    assert again.landing.is_of("B") and again.landing.is_of(None) and not again.landing.is_of("C")


def test_what_the_broker_has_lost_of_another_topic_is_said_so(tmp_path, monkeypatch):
    stream, clock = make_stream(tmp_path, monkeypatch, [(1, "OffsetOutOfRange")])
    ids = iter(["A", "B"])
    monkeypatch.setattr(job, "find_topic_id", lambda *_: next(ids))
    with pytest.raises(StreamError, match="was made anew"):
        stream.run(clock=clock)
