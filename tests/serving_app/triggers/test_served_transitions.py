"""The real server: a transition reaches an endpoint once, and every stream that is open; both end with it."""

import threading
from datetime import UTC, datetime

import pytest
import requests

from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import encode_transition
from serving_app.storage.append_log import AppendLog
from serving_app.triggers.stream import MOST_STREAMS
from tests.serving_app.test_server import Server
from tests.serving_app.triggers.endpoint_server import running_endpoint
from tests.serving_app.triggers.test_runner import Arrivals, wait_until
from tests.serving_app.triggers.transitions import SECRET, make_transition

pytestmark = pytest.mark.slow  # starts a server


class Reader(threading.Thread):
    """Reads a stream until it ends."""

    def __init__(self, url, count):
        super().__init__(daemon=True)
        self.answer, self.lines, self.count = requests.get(url, stream=True, timeout=60), [], count
        self.start()

    def run(self):
        for line in self.answer.iter_lines(chunk_size=1):
            if line.startswith(b"data: "):
                self.lines.append(line.removeprefix(b"data: "))
                self.count.release()


def test_transitions_leave_the_server(home):
    told = [make_transition(n, f"c_{n % 2}") for n in range(6)]
    log = AppendLog(HomePaths(home).transitions, lambda: datetime.now(UTC), lambda: "20260221T120000-x")
    with running_endpoint() as endpoint:
        arrivals = Arrivals(endpoint)
        HomePaths(home).triggers.write_text(f"endpoints:\n  crm:\n    url: {endpoint.url}\n")
        server = Server(
            home,
            CONCIERGE_TRIGGER_SECRETS=f"crm:{SECRET}",
            CONCIERGE_TRIGGER_NETWORKS="127.0.0.1",
            CONCIERGE_HTTP_WORKERS="1",
        )
        try:
            wait_until(HomePaths(home).notification_queue("crm").exists)
            wait_until(lambda: [*(HomePaths(home).transitions / ".positions").glob("*.json")])
            count = threading.Semaphore(0)
            streams = [Reader(f"{server.url}/v1/stream", count) for _ in range(MOST_STREAMS)]
            assert server.get("/v1/stream").status_code == 503
            assert server.get().status_code == 200, "lists have threads of their own"
            log.append_lines([encode_transition(each) for each in told])
            assert arrivals.wait(len(told))
            assert all(count.acquire(timeout=30) for _ in range(len(told) * MOST_STREAMS))
        finally:
            server.stop()
        for stream in streams:
            stream.join(30)
            assert not stream.is_alive()
            assert stream.lines == [encode_transition(each) for each in told]
    assert sorted(endpoint.ids) == sorted(each.transition_id for each in told)
    assert server.process.returncode == 0
