"""One process notifies; no endpoint keeps another waiting, and what was under way goes on in the next
process.
"""

import threading
from ipaddress import ip_network

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import encode_transition
from serving_app.storage.append_log import AppendLog
from serving_app.storage.log_reader import LogReader
from serving_app.triggers import runner as module
from serving_app.triggers.endpoints import DeclaredEndpoint, Endpoint
from serving_app.triggers.runner import TriggerRunner
from tests.serving_app.triggers.endpoint_server import running_endpoint
from tests.serving_app.triggers.transitions import SECRET, make_transition


@pytest.fixture
def log(tmp_path, clock):
    return AppendLog(HomePaths(tmp_path).transitions, clock, lambda: "worker-1")


@pytest.fixture
def start(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FINISH_SECONDS", 0.1)
    runners = []

    def start(*servers):
        declared = [
            DeclaredEndpoint(f"e{n}", Endpoint(url=server.url, timeout_seconds=30), (SECRET,))
            for n, server in enumerate(servers)
        ]
        folder = HomePaths(tmp_path).transitions
        networks = (ip_network("127.0.0.1"),)
        runners.append(TriggerRunner(tmp_path, lambda: declared, networks, lambda: LogReader(folder)))
        runners[-1].declared = declared
        return runners[-1]

    yield start
    for runner in runners:
        runner.stop()


class Arrivals:
    """An endpoint's answer that lets a test wait for so many requests."""

    def __init__(self, server, before=None):
        self.count, self.server, self.before = threading.Semaphore(0), server, before
        server.answer = self

    def __call__(self, handler):
        self.count.release()
        if self.before:
            self.before(handler)
        handler.send_response(204)
        handler.end_headers()

    def wait(self, n):
        return all(self.count.acquire(timeout=20) for _ in range(n))


def tell(log, *numbers):
    log.append_lines([encode_transition(make_transition(n, f"c_{n % 3}")) for n in numbers])


def test_one_that_hangs_keeps_no_other_waiting(start, log):
    with running_endpoint() as slow, running_endpoint() as quick:
        hanging, arrivals = Arrivals(slow, slow.hang), Arrivals(quick)
        tell(log, 0)
        runner = start(slow, quick)
        assert runner.run_if_elected()
        wait_until_begun(runner, ["e0", "e1"])
        tell(log, *range(1, 31))
        assert hanging.wait(3) and arrivals.wait(30)
        assert len(slow.requests) == 3, "one of each customer"
        assert len(set(quick.ids)) == 30


def wait_until_begun(runner, endpoint_ids):
    """Wait until notifiers know where they begin."""
    folder = HomePaths(runner._paths.root).transitions / ".positions"
    wait_until(lambda: len([*folder.glob("*.json")]) == len(endpoint_ids))


def wait_until(holds, seconds=60):
    """Wait for what another thread or process does."""
    pause = threading.Event()
    for _ in range(seconds * 50):
        if holds():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come")


def test_another_process_waits_and_goes_on(start, log):
    with running_endpoint() as server:
        arrivals = Arrivals(server)
        tell(log, 0)
        first, second = start(server), start(server)
        assert first.run_if_elected() and first.run_if_elected()
        assert not second.run_if_elected()
        wait_until_begun(first, ["e0"])
        tell(log, 1, 2)
        assert arrivals.wait(2)
        first.stop()
        assert not first.run_if_elected(), "what has ended stays so"
        tell(log, 3, 4)
        assert second.run_if_elected()
        assert arrivals.wait(2)
        assert len(set(server.ids)) == 4


def test_a_notifier_that_died_is_followed_by_another(start, log, monkeypatch):
    with running_endpoint() as server:
        arrivals = Arrivals(server)
        tell(log, 0)
        runner = start(server)
        monkeypatch.setattr(module.Notifier, "step", lambda _: 1 / 0)
        monkeypatch.setattr(threading, "excepthook", lambda _: None)
        assert runner.run_if_elected()
        runner._running["e0"].thread.join(20)
        monkeypatch.undo()
        tell(log, 1)
        assert runner.run_if_elected()
        assert arrivals.wait(1)


def test_what_is_declared_otherwise_goes_on_there(start, log):
    """An endpoint moves: its queue goes along, and the one of before gets nothing more."""
    with running_endpoint() as old, running_endpoint() as new:
        before, after = Arrivals(old), Arrivals(new)
        tell(log, 0)
        runner = start(old)
        assert runner.run_if_elected()
        wait_until_begun(runner, ["e0"])
        tell(log, 1)
        assert before.wait(1)
        runner.declared[0] = runner.declared[0]._replace(endpoint=Endpoint(url=new.url))
        tell(log, 2)
        wait_until(lambda: runner.run_if_elected() and runner._running["e0"].declared == runner.declared[0])
        tell(log, 3)
        assert after.wait(1)
        wait_until(lambda: len(set(old.ids + new.ids)) == 3)
        runner.declared.clear()
        runner.run_if_elected()
        wait_until(lambda: runner.run_if_elected() is False and not runner._running)


def test_a_home_without_endpoints_needs_nobody(tmp_path, start):
    assert not start().run_if_elected()
    assert not HomePaths(tmp_path).notification_queues.exists()
