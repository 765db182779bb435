"""Gauges of the stream into the lake, from the file in which it notes what it did."""

from datetime import UTC, datetime

import pytest

from serving_app.status.lake_readings import make_readings
from spark_jobs.stream.progress import Progress

AT = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    file = tmp_path / "progress.json"

    def read():
        return [reading.read() for reading in make_readings(file, lambda: AT).values()]

    read.file = file
    return read


def test_what_a_stream_notes_is_shown(read, monkeypatch):
    monkeypatch.setattr("spark_jobs.stream.progress.format_now", lambda: "2029-12-31T23:59:30.000+00:00")
    progress = Progress(read.file)
    progress.tell_lag("events", 12)
    assert read() == [12.0, None]
    progress.tell_batch(1, 12, 0.5, [])
    assert read() == [12.0, 30.0]


@pytest.mark.parametrize("text", [None, "", "[]", '{"events_behind": "x", "last_batch_at": 7}'])
def test_what_is_no_progress_is_not_shown(read, text):
    if text is not None:
        read.file.write_text(text)
    assert read() == [None, None]
