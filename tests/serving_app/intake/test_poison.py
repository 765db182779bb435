"""Bodies that are meant to do harm: 4xx or quarantine, the neighbours are stored, and the worker goes on with
the memory it had; and a power cut anywhere in the log.
"""

import json

import psutil
import pytest

from expectations.contracts.log_files import finish_abandoned_files
from tests.serving_app.intake.sent_events import log_records, read_event_log, send, viewed

DEEP = "[" * 10_000 + "]" * 10_000
EVENTS = {
    "depth 10,000": f'{{"messageId": "p", "context": {DEEP}}}',
    "65 levels": json.dumps(viewed("p", context={"a": json.loads("[" * 64 + "]" * 64)})),
    "NaN": '{"messageId": "p", "x": NaN}',
    "a name twice": '{"messageId": "p", "messageId": "q"}',
    "2^63": json.dumps(viewed("p", properties={"product_id": 2**63, "quantity": 2**63})),
    "2^64": json.dumps(viewed("p", userId=2**64)),
    "2^200": json.dumps(viewed("p", properties={"product_id": "i", "n": 2**200})),
    "9,999 digits": f'{{"messageId": "p", "x": {"9" * 9_999}}}',
    "half a character": json.dumps(viewed("p", context={"x": "\ud800"})),
    "year 9999": json.dumps(viewed("p", timestamp="9999-12-31T23:59:59-14:00")),
    "year 1": json.dumps(viewed("p", timestamp="0001-01-01T00:00:00+14:00")),
    "an id of NULs": json.dumps(viewed("p", anonymousId="\0\0")),
    "an id of 600": json.dumps(viewed("p", properties={"product_id": "x" * 600})),
    "an id of a template": json.dumps(viewed("p", properties={"product_id": "{{ item.id }}"})),
    "33 kB": json.dumps(viewed("p", pad="x" * 33_000)),
    "33 kB of escapes": json.dumps(viewed("p", pad="\x01" * 33_000)),
    "a list of lists": "[[], [[]]]",
    "a type that is a list": json.dumps(viewed("p", type=["track"], event={})),
    "properties that are a text": json.dumps(viewed("p", properties="product_id")),
    "products that are none": json.dumps(
        viewed("p", event="Order Completed", properties={"order_id": "o", "products": [None, 1, "x"]})
    ),
}
TAKEN = {
    "__proto__": viewed("p", __proto__={"isAdmin": True}, constructor={"prototype": {}}),
    "NUL in a text": viewed("p", context={"page": {"path": "/a\0b"}}),
    "a name of 1,000 letters": viewed("p", context={"x" * 1_000: 1}),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS)
def test_a_poisoned_event_and_its_neighbours(shop, event):
    body = f'{{"batch": [{json.dumps(viewed("m-1"))}, {event}, {json.dumps(viewed("m-2"))}]}}'
    answer = shop.client.post("/v1/batch", data=body)
    assert answer.status_code == 200
    assert [one["outcome"] for one in answer.json["events"]] == ["accepted", "quarantined", "accepted"]
    logged = log_records(shop)
    assert [record.get("messageId") for record in logged] == ["m-1", None, "m-2"]
    assert "quarantined" in logged[1] and len(json.dumps(logged[1])) < 256 << 10


@pytest.mark.parametrize("event", TAKEN.values(), ids=TAKEN)
def test_what_looks_like_poison(shop, event):
    assert send(shop, event).json["n_accepted"] == 1


BODIES = [
    b"[" * 500_000,
    b"{" * 500_000,
    b'{"a":' * 8_000,
    b'{"batch": [' + b'"\\"' * 40_000,
    b'{"batch": ' + b"[" * 100_000,
    b"\xff" * 500_000,
    b"\0" * 500_000,
    b"9" * 500_000,
    b'"' * 499_999,
    b"x" * (10 << 20),
]


def test_bodies_that_are_refused_cost_no_memory(shop):
    def send_all():
        for body in BODIES:
            for path in ("/v1/batch", "/v1/track"):
                assert shop.client.post(path, data=body).status_code in (400, 413), body[:20]

    send_all()
    before = psutil.Process().memory_info().rss
    send_all()
    assert psutil.Process().memory_info().rss - before < 50 << 20
    assert log_records(shop) == []
    assert send(shop, viewed()).json["n_accepted"] == 1


def test_a_power_cut(shop, tmp_path):
    """Whatever length of the file a cut leaves, each batch that was acknowledged at that length is there."""
    acknowledged = []
    for n in range(3):
        send(shop, viewed(f"m-{n}a", note="é"), viewed(f"m-{n}b"))
        (file,) = (shop.home / "serving" / "event_log").glob("*.open")
        acknowledged.append((file.stat().st_size, {f"m-{n}a", f"m-{n}b"}))
    data = file.read_bytes()
    for length in range(0, len(data) + 1, 29):
        home = tmp_path / str(length)
        folder = home / "serving" / "event_log"
        folder.mkdir(parents=True)
        (folder / "cut.jsonl.open").write_bytes(data[:length])
        finish_abandoned_files(folder)
        found = {record["messageId"] for record in read_event_log(home)}
        due = set().union(*(ids for size, ids in acknowledged if size <= length))
        assert due <= found <= {f"m-{n}{letter}" for n in range(3) for letter in "ab"}
