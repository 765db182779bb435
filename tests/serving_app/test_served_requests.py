"""The real server as its operators see it: keys, counts of both workers, log lines, and an end without a
broken request.
"""

import json
import signal
import threading
import time

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from operate.visitors import Visitor, fetch_before_and_after_block, run_service
from serving_app.keys.store import FileKeys
from tests.serving_app.keys.made_keys import bearer, server_key
from tests.serving_app.keys.test_store import make_key
from tests.serving_app.test_server import Server

pytestmark = pytest.mark.slow  # starts servers
SECRET_PATH = "/v1/recommendations?user_id=somebody@shop.example"


@pytest.fixture
def server(home):
    running = Server(home)
    yield running
    running.stop()


def read_counts(text):
    """The samples of the text by name and labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_an_operator_sees(server):
    for number in range(40):
        answer = requests.get(server.url + SECRET_PATH, headers={"X-Request-Id": f"r-{number}"}, timeout=10)
        assert answer.headers["X-Request-Id"] == f"r-{number}"
    counts = read_counts(server.get("/metrics").text)
    print(counts)
    assert counts["concierge_http_requests_total", "/v1/recommendations", "200", "GET"] == 40
    assert counts["concierge_http_request_seconds_count", "/v1/recommendations"] == 40
    assert counts[("concierge_problems",)] >= 0
    assert requests.get(f"{server.url}/somebody@shop.example", timeout=10).status_code == 404

    key = make_key(FileKeys(server.home), server_key("read"))
    statuses = {
        requests.get(server.url + SECRET_PATH, headers=headers, timeout=10).status_code
        for headers in [{}] * 8 + [bearer("wrong")] * 8
    }
    assert statuses == {401}, "both workers ask for a key at once"
    assert requests.get(server.url + SECRET_PATH, headers=bearer(key), timeout=10).status_code == 200

    time.sleep(0.6)  # the access log's delay
    text = (server.home / "server.log").read_text()
    assert "somebody" not in text and key not in text
    lines = [json.loads(line) for line in text.splitlines() if line.startswith('{"at"')]
    by_id = {line.get("request_id"): line for line in lines}
    assert (
        by_id["r-7"].items()
        >= {"method": "GET", "route": "/v1/recommendations", "status": 200, "key": "local"}.items()
    )
    assert {line["key"] for line in lines if line.get("status") == 401} == {None}
    assert key.split("_")[1] in {line.get("key") for line in lines}
    assert "unmatched" in {line.get("route") for line in lines}


def test_no_request_breaks_when_the_server_is_told_to_end(home):
    """Clients that connect anew for each request and ones that keep their connection, behind something that
    looks at /readyz as a load balancer does.
    """
    server = Server(home, CONCIERGE_DRAIN_SECONDS="1")
    outcomes, stop = [], threading.Event()

    def ask(is_kept):
        session = requests.Session()
        while not stop.is_set():
            try:
                answer = (session if is_kept else requests).get(
                    f"{server.url}/v1/recommendations", timeout=10
                )
                outcomes.append((answer.status_code, answer.headers.get("Connection") == "close"))
            except requests.ConnectionError as error:
                outcomes.append(f"{'kept' if is_kept else 'new'}: {error}")

    threads = [threading.Thread(target=ask, args=(number % 2 == 0,)) for number in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    assert server.get("/readyz").status_code == 200
    server.process.send_signal(signal.SIGTERM)
    told_at = time.monotonic()
    while server.get("/readyz").status_code == 200:
        time.sleep(0.05)
    assert time.monotonic() - told_at < 0.8, "before it answers no more"
    assert server.get("/healthz").status_code == server.get().status_code == 200
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join(15)
    server.process.wait(timeout=20)
    assert {(200, False), (200, True)} == set(outcomes), "kept connections are closed in time"
    assert outcomes.count((200, False)) > 50
    assert not list((home / "serving" / "decision_log").glob("*.open"))


def test_the_first_visitors_are_answered_in_a_home_with_keys(home, tmp_path, monkeypatch):
    """`make run` asks a service that it starts for that, of a home whose keys it does not know."""
    monkeypatch.setenv("CONCIERGE_IDENTITY_KEY", "test-key")
    monkeypatch.setenv("CONCIERGE_ADMIN_TOKEN", "of-the-operator")
    make_key(FileKeys(home), server_key("read"))
    visitors = [Visitor("known", {"user_id": "u-regular"}), Visitor("anonymous", {"anonymous_id": "b"})]
    with run_service(home, "sample_shop", tmp_path / "visitors.log") as service:
        visits = fetch_before_and_after_block(service, visitors)
        assert service.request("GET", "/v1/overrides").json()["overrides"] == []
        assert requests.get(f"{service.url}/v1/popular", timeout=5).status_code == 401
    assert [visit["before"]["source"] for visit in visits] == ["personal", "popular"]
    assert all(
        visit["blocked"] not in [item["item_id"] for item in visit["after"]["items"]] for visit in visits
    )
    assert service.token not in repr(service)
