"""The lines of the service's event log as records; no Spark."""

import io
import json

import pytest

from spark_jobs.ingest.live_records import read_live_records
from spark_jobs.ingest.sources.live import LIVE_COLUMNS
from spark_jobs.sources.declaration import Record

AT = "2026-01-05T12:00:00.000000Z"
NO = {"consent": {"categoryPreferences": {"personalization": False}}}


def read(*lines: object) -> list[Record]:
    content = b"".join(
        (line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines
    )
    return list(read_live_records(io.BytesIO(content), LIVE_COLUMNS, ("messageId", "userId", "anonymousId")))


def refused(raw_text: str, reason: str = "unknown_type", **more: object) -> dict:
    envelope = {"quarantined": {"reason": reason, "detail": "event"}, "raw_text": raw_text}
    return {**envelope, "source": "shop", "receivedAt": AT, **more}


def values_of(record: Record) -> dict[str, str]:
    return {name: value for name, value in zip(LIVE_COLUMNS, record.values, strict=True) if value is not None}


def test_an_accepted_event_is_as_it_was_logged():
    event = {"type": "track", "messageId": "m1", "userId": "u", "source": "shop", "claimedUserId": "v"}
    [record] = read(event)
    assert values_of(record) == event
    assert (record.reason, json.loads(record.raw_text)) == (None, event)


def test_a_refused_event_keeps_its_text_its_reason_and_its_consent():
    sent = {"messageId": "m", "userId": "u", "event": "Lottery", "timestamp": "2099-01-01T00:00:00Z"}
    raw_text = json.dumps(sent | {"context": NO})
    [record] = read(refused(raw_text))
    assert (record.reason, record.detail, record.raw_text) == ("unknown_type", "event", raw_text)
    found = values_of(record)
    assert json.loads(found.pop("context")) == NO
    assert json.loads(found.pop("quarantined"))["reason"] == "unknown_type"
    assert found == {
        "messageId": "m",
        "userId": "u",
        "event": "Lottery",
        "source": "shop",
        "receivedAt": AT,
    }, "its clock is not trusted"


def test_a_refused_event_in_anothers_name_says_nothing_of_them():
    raw_text = json.dumps({"userId": "victim", "anonymousId": "a", "context": NO})
    [record] = read(refused(raw_text, claimedUserId="victim"))
    assert "userId" not in values_of(record)
    assert values_of(record)["anonymousId"] == "a"


@pytest.mark.parametrize(
    "raw_text",
    ["{", "[1]", "7", '{"a": NaN}', '{"a": 1, "a": 2}', "[" * 10_000, '{"a": "\\ud800"}', '{"a": "\\u0000"}'],
)
def test_a_text_that_is_no_event_is_shown_alone(raw_text):
    neighbour = {"messageId": "m2"}
    broken, whole = read(refused(raw_text, "not_parseable"), neighbour)
    assert (broken.values, broken.reason, broken.raw_text) == (None, "not_parseable", raw_text)
    assert values_of(whole) == neighbour


def test_an_undeclared_reason_becomes_a_declared_one():
    lines = [
        refused("{", "whatever"),
        {**refused("{"), "quarantined": "?"},
        {**refused("{"), "quarantined": []},
    ]
    assert {record.reason for record in read(*lines)} == {"bad_value"}


def test_a_line_that_the_log_tore_is_refused_and_its_neighbour_read():
    broken, whole = read(b'{"messageId": "m1', {"messageId": "m2"})
    assert broken.reason == "not_parseable"
    assert values_of(whole) == {"messageId": "m2"}
