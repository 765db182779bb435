"""Segment's own clients, unchanged, against the real server: what they call delivered is in the log."""

import json
import subprocess
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest
from segment.analytics.client import Client

from serving_app.keys.changes import NewKey, add_key
from serving_app.keys.store import FileKeys
from tests.serving_app.conftest import publish
from tests.serving_app.intake.sent_events import read_event_log
from tests.serving_app.test_server import Server

N_EVENTS = 120


@pytest.fixture(scope="module")
def page_address(node_clients):
    """Where a shop's own server hands out Segment's client for browsers: not the origin of the service."""
    folder = node_clients / "node_modules" / "@segment" / "analytics-next" / "dist" / "umd"

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{shop.server_port}"
        shop.shutdown()


@pytest.fixture(scope="module")
def server(tmp_path_factory, page_address):
    """A real server over a home with a server's and a page's key for events; `new_records` gives what its log
    holds since it was last asked.
    """
    home = tmp_path_factory.mktemp("home")
    publish(home, "night-1")
    texts = []

    def add(keys):
        for new in (
            NewKey("server", ("events",)),
            NewKey("page", ("events",), kind="browser", origins=(page_address,)),
        ):
            keys, text = add_key(keys, new, datetime.now(UTC))
            texts.append(text)
        return keys

    FileKeys(home).change(add)
    started = Server(home)
    (started.write_key, started.page_key), n_read = texts, 0

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


IN_THE_PAGE = """
async ({key, host}) => {
  const load = document.createElement('script')
  load.src = '/index.js'
  await new Promise((done) => { load.onload = done; document.head.append(load) })
  const settings = {apiKey: key, apiHost: host + '/v1', protocol: 'http'}
  const [analytics] = await AnalyticsNext.AnalyticsBrowser.load(
    {writeKey: key, cdnSettings: {integrations: {'Segment.io': settings}}}
  )
  await analytics.track('Product Viewed', {product_id: 'item-05', price: 12.5})
  await analytics.identify('u-1', {email: 'ada@shop.example'})
  await analytics.page('Home')
  await analytics.alias('u-1', 'b-0')
  await analytics.group('g-1')
  const body = {writeKey: key, batch: [{type: 'page', anonymousId: 'b-1', messageId: 'left'}]}
  return navigator.sendBeacon('http://' + host + '/v1/batch', JSON.stringify(body))
}
"""


def test_the_client_for_browsers_and_a_page_that_is_left(server, browser, page_address):
    """In Chromium, from another origin: preflights, the paths `/v1/t` and alike, and `sendBeacon`."""
    page, wrong = browser.new_page(), []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.route("**/favicon.ico", lambda route: route.fulfill(status=204))
    page.goto(page_address)
    host = server.url.removeprefix("http://")
    assert page.evaluate(IN_THE_PAGE, {"key": server.page_key, "host": host})
    records, until = [], time.monotonic() + 30
    while len(records) < 6 and time.monotonic() < until:
        page.wait_for_timeout(50)
        records += server.new_records()
    page.close()
    assert wrong == []
    assert Counter(record["type"] for record in records) == {
        "track": 1,
        "identify": 1,
        "page": 2,
        "alias": 1,
        "group": 1,
    }
    assert not [record for record in records if "quarantined" in record]
    seen = next(record for record in records if record["type"] == "track")
    assert seen["anonymousId"] and seen["properties"]["product_id"] == "item-05"
    assert server.page_key not in str(records)
