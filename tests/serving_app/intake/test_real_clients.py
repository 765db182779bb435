"""Segment's own clients, unchanged, against the real server: what they call delivered is in the log."""

import json
import subprocess
from collections import Counter
from datetime import UTC, datetime

import pytest
from segment.analytics.client import Client

from serving_app.keys.changes import NewKey, add_key
from serving_app.keys.store import FileKeys
from tests.serving_app.conftest import publish
from tests.serving_app.intake.sent_events import read_event_log
from tests.serving_app.test_server import Server

N_EVENTS = 120


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """A real server over a home with a key of the scope events; `new_records` gives what its log holds since
    it was last asked.
    """
    home = tmp_path_factory.mktemp("home")
    publish(home, "night-1")
    keys, texts = [], []

    def add(_):
        made, text = add_key(keys, NewKey("clients", ("events",)), datetime.now(UTC))
        texts.append(text)
        return made

    FileKeys(home).change(add)
    started = Server(home)
    started.write_key, n_read = texts[0], 0

    def new_records():
        nonlocal n_read
        records = sorted(read_event_log(home), key=lambda record: record["receivedAt"])
        new, n_read = records[n_read:], len(records)
        return new

    started.new_records = new_records
    yield started
    started.stop()


@pytest.mark.parametrize("is_packed", [False, True], ids=["plain", "gzip"])
def test_the_client_for_python(server, is_packed):
    errors = []
    client = Client(
        server.write_key, host=server.url, gzip=is_packed, on_error=lambda error, _: errors.append(error)
    )
    for n in range(N_EVENTS):
        client.track(
            f"u-{n}", "Product Viewed", {"product_id": "item-05", "price": 12.5}, anonymous_id=f"b-{n}"
        )
    past = datetime(2026, 1, 5, 12, tzinfo=UTC)
    client.track("u-0", "Order Completed", {"order_id": "o-1", "product_id": "item-01"}, timestamp=past)
    client.identify("u-0", {"email": "ada@shop.example"})
    client.page("u-0", name="Home")
    client.screen("u-0", name="Home")
    client.alias("b-0", "u-0")
    client.group("u-0", "g-1")
    client.shutdown()
    records = server.new_records()
    assert errors == []
    assert Counter(record["type"] for record in records) == {
        "track": N_EVENTS + 1,
        "identify": 1,
        "page": 1,
        "screen": 1,
        "alias": 1,
        "group": 1,
    }
    assert not [record for record in records if "quarantined" in record or "writeKey" in record]
    order = next(record for record in records if record.get("event") == "Order Completed")
    # its clock is right here, so what is corrected is the way of the request
    assert abs(datetime.fromisoformat(order["timestamp"]) - past).total_seconds() < 10


def test_the_client_for_node(server, node_clients):
    command = ["node", "send_events.mjs", server.url, server.write_key, str(N_EVENTS)]
    process = subprocess.run(command, cwd=node_clients, capture_output=True, text=True, timeout=60)
    assert process.returncode == 0, process.stderr
    sent = json.loads(process.stdout)
    assert [one["error"] for one in sent if "error" in one] == []
    records = server.new_records()
    assert sorted(one["messageId"] for one in sent) == sorted(record["messageId"] for record in records)
    assert len(records) == N_EVENTS + 6
    assert not [record for record in records if "quarantined" in record]


def test_a_client_whose_key_may_not(server):
    """A negative control: without the key nothing is taken."""
    errors = []
    client = Client("ck_wrong", host=server.url, on_error=lambda error, _: errors.append(error.status))
    client.track("u-1", "Product Viewed", {"product_id": "item-05"})
    client.shutdown()
    assert errors == [401]
    assert server.new_records() == []
