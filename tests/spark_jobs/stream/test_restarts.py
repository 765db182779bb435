"""A query that fails is started again, ever later, and soon again where it had worked for a while."""

import pytest
from pyspark.errors import StreamingQueryException

from spark_jobs.settings import Settings
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
