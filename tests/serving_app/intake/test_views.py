"""Events in, over HTTP: what is acknowledged is in the log, and each event's outcome is told."""

import errno
import gzip
import json
import os

import pytest

from expectations.contracts.event_format import CALLS
from expectations.contracts.identifiers import hash_identifier
from serving_app.live.state import VisitorKeys
from tests.serving_app.conftest import KEY, SOURCE
from tests.serving_app.intake.sent_events import (
    ACCEPTED,
    NOW_TEXT,
    bought,
    log_records,
    outcomes,
    send,
    viewed,
)


def test_an_event_is_logged_as_it_was_sent(shop):
    event = viewed(context={"sessionId": "s-1", "page": {"path": "/x"}}, timestamp="2026-02-21T11:59:00Z")
    answer = send(
        shop, event, sentAt="2026-02-21T11:59:30Z", writeKey="k", context={"library": {"name": "l"}}
    )
    assert answer.status_code == 200
    assert answer.json == {**ACCEPTED, "events": [{"message_id": "m-1", "outcome": "accepted"}]}
    assert log_records(shop) == [
        {
            **event,
            "context": {"library": {"name": "l"}, "sessionId": "s-1", "page": {"path": "/x"}},
            "timestamp": "2026-02-21T11:59:30.000000Z",
            "originalTimestamp": "2026-02-21T11:59:00.000000Z",
            "sentAt": "2026-02-21T11:59:30.000000Z",
            "receivedAt": NOW_TEXT,
            "source": "sample_shop",
        }
    ]


@pytest.mark.parametrize("call", CALLS)
def test_each_call(shop, call):
    body = {**viewed(), "type": "something else", "previousId": "b-0", "groupId": "g"}
    answer = shop.client.post(f"/v1/{call}", json=body)
    assert (answer.status_code, outcomes(answer)) == (200, [("accepted", None)])
    assert log_records(shop)[0]["type"] == call


def test_each_event_has_its_own_outcome_and_a_repetition_adds_nothing(shop):
    events = [viewed(f"m-{n}") for n in range(500)]
    events[7] = viewed("m-7", event="Product Juggled")
    events[77] = viewed("m-77", properties={"product_id": None})
    events[177] = "an event"
    first = send(shop, *events)
    expected = [("accepted", None)] * 500
    expected[7], expected[77] = ("quarantined", "unknown_type"), ("quarantined", "missing_field")
    expected[177] = ("quarantined", "not_parseable")
    assert outcomes(first) == expected
    assert (first.json["n_accepted"], first.json["n_quarantined"]) == (497, 3)
    records = log_records(shop)
    assert len(records) == 500
    assert [record["raw_text"] for record in records if "quarantined" in record][-1] == '"an event"'
    again = send(shop, *events)
    assert again.json["n_duplicate"] == 500
    assert again.json["events"][7]["reason"] == "unknown_type", "a client still hears why"
    assert len(log_records(shop)) == 500


def test_two_of_one_id_in_one_request(shop):
    answer = send(shop, viewed("m-1"), viewed(" m-1 ", item_id="item-06"), viewed("m-2"))
    assert outcomes(answer) == [("accepted", None), ("duplicate", None), ("accepted", None)]
    assert [record["messageId"] for record in log_records(shop)] == ["m-1", "m-2"]


def test_an_event_without_an_id_gets_one(shop):
    answer = send(shop, viewed(...), viewed(...))
    ids = [one["message_id"] for one in answer.json["events"]]
    assert ids == [record["messageId"] for record in log_records(shop)]
    assert len(set(ids)) == 2


def test_what_a_client_says_of_an_event_that_it_cannot_know(shop):
    event = viewed(
        receivedAt="2001-01-01T00:00:00Z", source="other", context={"isBot": True}, quarantined={"a": 1}
    )
    assert outcomes(send(shop, event)) == [("accepted", None)]
    record = log_records(shop)[0]
    assert (record["receivedAt"], record["source"], record["context"]) == (NOW_TEXT, "sample_shop", {})
    assert "quarantined" not in record, "or the night would refuse what was accepted"


@pytest.mark.parametrize("media_type", ["application/json", "text/plain;charset=UTF-8", "", "image/png"])
def test_any_media_type_and_gzip(shop, media_type):
    body = json.dumps({"batch": [viewed()]}).encode()
    plain = shop.client.post("/v1/batch", data=body, content_type=media_type)
    packed = shop.client.post(
        "/v1/batch", data=gzip.compress(body), content_type=media_type, headers={"Content-Encoding": "gzip"}
    )
    assert (plain.json["n_accepted"], packed.json["n_duplicate"]) == (1, 1)


BOMB = gzip.compress(b'{"batch": [' + b" " * (64 << 20) + b"]}")
BODIES = {
    "too long": (413, b" " * 512_001, None),
    "a bomb": (413, BOMB, "gzip"),
    "no gzip": (400, b"{}", "gzip"),
    "a torn gzip": (400, gzip.compress(b'{"batch": []}')[:-4], "gzip"),
    "two gzips": (400, gzip.compress(b'{"batch": []}') * 2, "gzip"),
    "another packing": (400, b"{}", "br"),
    "501 events": (400, json.dumps({"batch": [1] * 501}).encode(), None),
    "no events": (400, b"{}", None),
}


@pytest.mark.parametrize(("status", "body", "encoding"), BODIES.values(), ids=BODIES)
def test_bodies_that_are_refused(shop, status, body, encoding):
    headers = {"Content-Encoding": encoding} if encoding else {}
    answer = shop.client.post("/v1/batch", data=body, headers=headers)
    assert answer.status_code == status
    assert answer.json["detail"] and log_records(shop) == []


def test_the_largest_body_is_taken(shop):
    body = json.dumps({"batch": [viewed()]}).encode()
    answer = shop.client.post("/v1/batch", data=body + b" " * (512_000 - len(body)))
    assert answer.json["n_accepted"] == 1


def test_a_file_holds_events_of_one_shop_day_alone(shop):
    send(shop, viewed("m-1"))
    shop.clock.move(hours=11, minutes=59, seconds=59)
    send(shop, viewed("m-2"))
    shop.clock.move(seconds=1)
    send(shop, viewed("m-3"))
    files = sorted((shop.home / "serving" / "event_log").glob("*.jsonl*"))
    days = [
        {json.loads(line)["receivedAt"][:10] for line in file.read_bytes().splitlines()} for file in files
    ]
    assert days == [{"2026-02-21"}, {"2026-02-21"}, {"2026-02-22"}]


def test_the_next_list_knows_an_event(shop):
    shop.clock.move(days=1)
    send(shop, viewed(context={"sessionId": "s-1"}), bought("m-2", order_id="o-2"))
    key = VisitorKeys((hash_identifier(KEY, "anonymous_id", SOURCE, "b-1"),))
    state = shop.live.read(key, None)
    assert ("item-05", "view") in [(one.item_id, one.event_type) for one in state.events]


def test_crawlers_are_logged_and_flagged(shop):
    agents = (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/17.4 Safari/605.1.15",
    )
    for number, agent in enumerate(agents):
        send(shop, viewed(f"own-{number}", context={"userAgent": agent}))
        send(shop, viewed(f"page-{number}"), headers={"User-Agent": agent})
    send(shop, viewed("a server's"), headers={"User-Agent": "python-requests/2.32"})
    flags = {record["messageId"]: record.get("context", {}).get("isBot") for record in log_records(shop)}
    assert flags == {"own-0": True, "page-0": True, "own-1": None, "page-1": None, "a server's": None}


def test_a_full_disk_acknowledges_nothing(shop, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fdatasync", refuse)
    answer = send(shop, viewed())
    assert (answer.status_code, answer.json["type"]) == (503, "urn:concierge:problem:events-out-of-reach")
    assert int(answer.headers["Retry-After"]) > 0
    assert shop.client.get("/readyz").json["problems"] == [
        "the event log cannot be written: No space left on device"
    ]
    monkeypatch.undo()
    assert outcomes(send(shop, viewed())) == [("accepted", None)], "what was refused is not known"
    assert len(log_records(shop)) == 1
