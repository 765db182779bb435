"""The real server, two workers: an override holds in both at once; no kill, restart or publish breaks a
promise.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import orjson
import psutil
import pytest
import requests

from serving_app import __main__ as program

pytestmark = pytest.mark.slow  # starts servers

ROOT = Path(__file__).resolve().parents[2]
REGULAR = "c_regular"


class Server:
    """`python -m serving_app` on a free port."""

    command = (sys.executable, "-m", "serving_app")

    def __init__(self, home, **settings):
        self.home, self.folder = home, home / "serving" / "decision_log"
        self.settings = settings
        self.start()

    def start(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        said = {
            "CONCIERGE_HOME": str(self.home),
            "CONCIERGE_IDENTITY_KEY": "test-key",
            "CONCIERGE_HTTP_PORT": str(self.port),
            "CONCIERGE_DRAIN_SECONDS": "0",
        }
        said |= self.settings
        said["CONCIERGE_HTTP_HOST"] = "localhost"  # granian itself takes addresses in digits alone
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONCIERGE_")}
        self.environment = {**inherited, **said}
        with (self.home / "server.log").open("a") as out:
            self.process = subprocess.Popen(
                self.command, cwd=ROOT, env=self.environment, stdout=out, stderr=out
            )
        self.url = f"http://127.0.0.1:{self.port}"
        self.wait()

    def wait(self):
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                if requests.get(f"{self.url}/readyz", timeout=5).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.05)
        raise AssertionError((self.home / "server.log").read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)

    def get(self, path="/v1/recommendations", **query):
        """One answer on a connection of its own, so that any worker may give it."""
        return requests.get(self.url + path, params=query, timeout=10)

    def workers(self):
        """Process ids of the workers that have a log open."""
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                opened = [str(handle.readlink()) for handle in (process / "fd").iterdir()]
            except OSError:
                continue
            for name in opened:
                if name.startswith(str(self.folder)) and name.endswith(".open"):
                    found[int(process.name)] = Path(name)
        return found

    def served(self):
        """Every record in the log, from finished and open files."""
        paths = [*self.folder.glob("*.jsonl"), *self.folder.glob("[!.]*.open")]
        return [orjson.loads(line) for path in sorted(paths) for line in path.read_bytes().splitlines()]

    def until_both_answer(self):
        until = time.monotonic() + 90
        while time.monotonic() < until:
            try:
                self.get(n=1)
            except requests.ConnectionError:  # both were killed, and on a busy machine neither is back yet
                time.sleep(0.05)
            if len(self.workers()) == 2:
                return
        raise AssertionError(f"only {self.workers()} answer")


@pytest.fixture
def server(tmp_path, request):
    disk = next(
        plugin for plugin in request.config.pluginmanager.get_plugins() if hasattr(plugin, "deploy_snapshot")
    )
    disk.publish(tmp_path, "night-1", model_version="concierge/1")
    started = Server(tmp_path)
    started.publish = lambda run_id, **told: disk.publish(tmp_path, run_id, **told)
    yield started
    if started.process.poll() is None:
        started.stop()


def taken(port):
    return (
        f"port {port} of localhost is taken: stop what listens there, or set CONCIERGE_HTTP_PORT to a free"
        " port\n"
    )


def wait_for_more(answers, n, seconds=90):
    """Wait for n more of them: what has happened counts, on a busy machine it takes longer."""
    until, enough = time.monotonic() + seconds, len(answers) + n
    while len(answers) < enough:
        assert time.monotonic() < until, f"{len(answers)} answers, not {enough}, in {seconds} s"
        time.sleep(0.01)


def ids(answer):
    return [item["item_id"] for item in answer.json()["items"]]


def test_two_workers_keep_every_promise(server):
    # An override is in force in both workers by the next request.
    server.until_both_answer()
    first = ids(server.get(customer_id=REGULAR))[0]
    body = {"kind": "block", "item_id": first, "until": "2099-01-01T00:00:00Z"}
    made = requests.post(f"{server.url}/v1/overrides", json=body, timeout=10)
    assert made.status_code == 201
    n_before = {path: len(path.read_bytes().splitlines()) for path in server.workers().values()}
    for _ in range(60):
        assert first not in ids(server.get(customer_id=REGULAR, n=100)) + ids(
            server.get("/v1/popular", n=100)
        )
    n_after = {path: len(path.read_bytes().splitlines()) for path in n_before}
    assert all(n_after[path] > n_before[path] for path in n_before), "both workers answered"

    # Workers are killed and snapshots published under load: every acknowledged answer is logged, each is from
    # one snapshot.
    acknowledged, mixed, stop, first_workers = [], [], threading.Event(), sorted(server.workers())

    def ask():
        while not stop.is_set():
            try:
                answer = server.get(customer_id=REGULAR, n=8)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
                time.sleep(0.02)  # to a worker that was killed: not acknowledged
                continue
            said = answer.json()
            acknowledged.append(said["request_id"])
            wanted = f"chosen for this customer (by {said['model_version']})"
            if any(item["reason"] != wanted for item in said["items"]) or first in ids(answer):
                mixed.append(said)

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    for n in range(2, 12):
        server.publish(f"night-{n}", model_version=f"concierge/{n}", first=n % 3)
        if n in (4, 8):  # each of the first two once: granian gives up on a worker that dies twice within 5 s
            os.kill(first_workers.pop(), signal.SIGKILL)
        wait_for_more(acknowledged, 2 * len(clients))
    stop.set()
    for client in clients:
        client.join()
    assert mixed == []
    assert len(acknowledged) > 50

    server.until_both_answer()  # the killed ones were replaced

    # A restart keeps the override; stopped, the server leaves nothing open behind.
    os.kill(server.process.pid, signal.SIGTERM)
    server.process.wait(timeout=60)
    assert list(server.folder.glob("*.open")) == []
    logged = [record["request_id"] for record in server.served()]
    assert len(logged) == len(set(logged))
    assert set(acknowledged) <= set(logged)
    server.start()
    answer = server.get(customer_id=REGULAR, n=100)
    assert first not in ids(answer)
    assert answer.json()["snapshot"] == "night-11"
    second = subprocess.run(
        server.command, cwd=ROOT, env=server.environment, capture_output=True, text=True, timeout=60
    )
    assert (second.returncode, second.stderr) == (
        2,
        taken(server.port),
    ), "it does not share the port of the first"
    listed = requests.get(f"{server.url}/v1/overrides", timeout=10).json()["overrides"]
    assert [one["override_id"] for one in listed] == [made.json()["override_id"]]

    # Killed, the main process takes its workers along: they would hold the port, and nobody would replace
    # them.
    workers = psutil.Process(server.process.pid).children()
    server.process.kill()
    _, orphans = psutil.wait_procs(workers, timeout=60)
    assert (len(workers), orphans) == (2, [])


def test_a_wrong_setting_is_a_sentence(tmp_path):
    env = {**os.environ, "CONCIERGE_HOME": str(tmp_path), "CONCIERGE_HTTP_PORT": "http"}
    done = subprocess.run(
        [sys.executable, "-m", "serving_app"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "CONCIERGE_HTTP_PORT is 'http'; it must be a whole number from 1 to 65535"


def test_a_home_that_is_not_there_is_not_made(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path / "mistyped"))
    assert program.main() == 2
    assert (
        f"there is no home at {tmp_path / 'mistyped'}: `make run` or `make backfill` makes one"
        in capsys.readouterr().err
    )
    assert not (tmp_path / "mistyped").exists()


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
def test_a_port_that_somebody_would_share_is_taken(host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as other:
        for option in (socket.SO_REUSEPORT, socket.SO_REUSEADDR):  # as granian listens
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind((host, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(program.CannotListen, match=f"port {port} of {host} is taken"):
            program.resolve_free_address(host, port)
        with socket.create_connection(other.getsockname()[:2]), other.accept()[0]:
            pass  # the connection of an ended service lingers
    assert program.resolve_free_address(host, port) == host


@pytest.mark.parametrize(
    ("listening", "asked"), [("::", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("127.0.0.1", "0.0.0.0")]
)
def test_a_port_of_every_address_is_taken_on_each_and_of_each_on_every(listening, asked):
    with socket.socket(socket.AF_INET6 if ":" in listening else socket.AF_INET) as other:
        for option in (socket.SO_REUSEPORT, socket.SO_REUSEADDR):
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind((listening, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(program.CannotListen, match=f"port {port} of {asked} is taken"):
            program.resolve_free_address(asked, port)
    assert program.resolve_free_address(asked, port) == asked, "the negative control"


def test_a_host_is_told_in_digits():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert program.resolve_free_address("localhost", port) in ("127.0.0.1", "::1")
    assert program.resolve_free_address("127.1", port) == "127.0.0.1"


@pytest.mark.parametrize("host", ["192.0.2.1", "nowhere.invalid", "..", "a" * 64])
def test_an_address_elsewhere_is_said_by_its_setting(host):
    said = rf"{re.escape(host)} is no address of this machine \(.+\); CONCIERGE_HTTP_HOST says"
    with pytest.raises(program.CannotListen, match=said):
        program.resolve_free_address(host, 8080)
