"""Three visitors at the door: what a known, a new and an anonymous one are shown, before and after an
override.
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT_SECONDS = 10


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass(frozen=True)
class RunningService:
    """A service that was started here, and a token of its own: the home may have keys."""

    url: str
    token: str = field(repr=False)

    def request(self, method: str, path: str, **sent: Any) -> requests.Response:
        """The answer to a request."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return requests.request(method, self.url + path, headers=headers, timeout=TIMEOUT_SECONDS, **sent)


@contextmanager
def run_service(home: Path, sources: str, log: Path) -> Iterator[RunningService]:
    """A really started server on a free port, once it says it is ready; stopped on the way out.

    Raises:
        SystemExit: it was not ready within 30 s; names its log.
    """
    port = find_free_port()
    service = RunningService(f"http://127.0.0.1:{port}", secrets.token_urlsafe(32))
    env = {
        **os.environ,
        "CONCIERGE_HOME": str(home),
        "CONCIERGE_SOURCES": sources,
        "CONCIERGE_HTTP_HOST": "127.0.0.1",
        "CONCIERGE_HTTP_PORT": str(port),
        "CONCIERGE_ADMIN_TOKEN": service.token,
        "CONCIERGE_DRAIN_SECONDS": "0",
    }
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "serving_app"], cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT
        )
        try:
            wait_until_ready(service.url, server, log)
            yield service
        finally:
            server.terminate()
            try:
                server.wait(timeout=15)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_until_ready(url: str, server: subprocess.Popen, log: Path) -> None:
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        try:
            if requests.get(f"{url}/readyz", timeout=1).ok:
                return
        except requests.ConnectionError:
            pass
        time.sleep(0.1)
    raise SystemExit(f"the service did not become ready; its log: {log}")


@dataclass(frozen=True)
class Visitor:
    """Who asks, and how a shop's page would name them."""

    description: str
    query: dict[str, str]


def fetch_recommendations(service: RunningService, visitor: Visitor, n: int = 5) -> dict:
    """One visitor's answer."""
    answer = service.request("GET", "/v1/recommendations", params={**visitor.query, "n": n})
    answer.raise_for_status()
    return answer.json()


def fetch_before_and_after_block(service: RunningService, visitors: list[Visitor]) -> list[dict]:
    """Each visitor's list, then again while the first item of the first visitor's list is blocked for
    everyone.

    Returns:
        One dict a visitor: who, query, before, after (answers as served) and `blocked`, the item.
    """
    before = [fetch_recommendations(service, visitor) for visitor in visitors]
    blocked = before[0]["items"][0]["item_id"]
    until = (datetime.now(UTC) + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    block = {"kind": "block", "item_id": blocked, "until": until}
    override = service.request("POST", "/v1/overrides", json=block)
    override.raise_for_status()
    try:
        after = [fetch_recommendations(service, visitor) for visitor in visitors]
    finally:
        service.request("DELETE", f"/v1/overrides/{override.json()['override_id']}").raise_for_status()
    return [
        {"who": visitor.description, "query": visitor.query, "before": was, "after": now, "blocked": blocked}
        for visitor, was, now in zip(visitors, before, after, strict=True)
    ]
