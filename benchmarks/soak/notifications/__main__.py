"""Tells ten thousand transitions while one endpoint works and another hangs, fails, hangs up, refuses some
and recovers, and kills the notifier at random moments: `make soak NAME=notifications
ARGS="--transitions 10000"`.

Each must have been accepted by each endpoint, with one id and one body, the first time in the order in which
a customer's were told, no request before the turn of its transition, each signed. How late the endpoint
that works is notified says whether the other one delays it. As a control the same is done to a notifier that
knows no heads: there customers' transitions must come out of order, or the soak would find nothing.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil

from benchmarks.soak.notifications.ledger import Ledger, Verdict, judge
from expectations.contracts.home import HomePaths
from expectations.contracts.transitions import Transition, encode_transition
from serving_app.storage.append_log import AppendLog, FileLimits
from serving_app.storage.event_log import START
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.signature import make_secret
from tests.serving_app.triggers.endpoint_server import EndpointServer, answer_with

ROOT = Path(__file__).resolve().parents[3]
COMMAND = (sys.executable, "-m", "serving_app.triggers")
# The same, but whatever waits is sent at any time.
WITHOUT_HEADS = (
    sys.executable,
    "-c",
    """
import sys
from serving_app.triggers import notification_queue
notification_queue.DUE = (
    "select number, transition_id, number || customer_id, line, queued_at, 0 from notifications"
    " where ? > 0 order by random() limit ?"
)
from serving_app.triggers.__main__ import main
sys.exit(main())
""",
)
PHASES = (("works", 6), ("hangs", 12), ("fails", 12), ("hangs up", 10), ("refuses some", 15), ("works", 1e9))
TOLD_SECONDS = 40
N_CUSTOMERS, BATCH = 400, 25
TIMEOUT_SECONDS = 2
PATIENCE_SECONDS = 300
START_SECONDS = 3  # before and after a start, of which lateness is not counted: nobody notifies


class Phases:
    """What the endpoint in trouble does now."""

    def __init__(self, server: EndpointServer, ledger: Ledger, seed: int) -> None:
        self._server, self._ledger, self._random = server, ledger, random.Random(seed)
        self._started_at = time.monotonic()

    def find_phase(self) -> str:
        seconds = time.monotonic() - self._started_at
        for name, length in PHASES:
            if seconds < length:
                return name
            seconds -= length
        return PHASES[-1][0]

    def answer(self, handler) -> None:
        """Answer a request of which the server has noted headers and body."""
        phase, (headers, body) = self.find_phase(), handler.noted
        refuses = phase == "refuses some" and self._random.random() < 0.3
        is_accepted = phase == "works" or (phase == "refuses some" and not refuses)
        self._ledger.note(headers, body, is_accepted)
        if phase == "hangs":
            self._server.hang(handler)
        elif phase == "hangs up":
            handler.close_connection = True
        else:
            status = 204 if is_accepted else self._random.choice((500, 503, 404))
            answer_with(status)(handler)


def make_transitions(n: int, seed: int) -> list[Transition]:
    """Entries and exits of customers, some of whom have many more than others; told when they are written."""
    draw = np.random.default_rng(seed)
    customers = np.minimum(draw.zipf(1.3, n), N_CUSTOMERS)
    since = 1_790_000_000_000_000
    return [
        Transition(f"c_{customer}", "vip", bool(i % 2), since + i * 1_000, 0, "event", "1")
        for i, customer in enumerate(customers.tolist())
    ]


def start_notifier(home: Path, secrets: dict[str, str], command: Sequence[str]) -> psutil.Popen:
    """The notifier of a home, in a process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CONCIERGE_")}
    env = {
        **inherited,
        "CONCIERGE_HOME": str(home),
        "CONCIERGE_TRIGGER_SECRETS": ",".join(f"{name}:{secret}" for name, secret in secrets.items()),
        "CONCIERGE_TRIGGER_NETWORKS": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }
    with (home / "notifier.log").open("a") as out:
        return psutil.Popen(command, cwd=ROOT, env=env, stdout=out, stderr=subprocess.STDOUT)


def run(
    home: Path, n: int, seconds_between_kills: float, seed: int, command: Sequence[str] = COMMAND
) -> dict:
    """Tell n transitions and wait until both endpoints have them; by endpoint the verdict, and figures."""
    secrets = {"steady": make_secret(), "troubled": make_secret()}
    ledgers = {name: Ledger(secret) for name, secret in secrets.items()}
    servers = {name: EndpointServer() for name in secrets}
    phases = Phases(servers["troubled"], ledgers["troubled"], seed)

    def accept(handler) -> None:
        ledgers["steady"].note(*handler.noted, True)
        answer_with(204)(handler)

    servers["steady"].answer, servers["troubled"].answer = accept, phases.answer
    paths, draw = HomePaths(home), random.Random(seed)
    paths.triggers.write_text(
        "endpoints:\n"
        + "".join(
            f"  {name}:\n    url: {server.url}\n    timeout_seconds: {TIMEOUT_SECONDS}\n"
            for name, server in servers.items()
        )
    )
    log = AppendLog(
        paths.transitions,
        lambda: datetime.now(UTC),
        lambda: f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{time.monotonic_ns()}",
        FileLimits(max_bytes=200_000),
    )
    for name in secrets:  # known before the first is told, so that they begin with it
        NotificationQueue(paths.notification_queue(name)).add((), 0.0, START)
    told, waiting, cpu, n_kills, started = [], make_transitions(n, seed), 0.0, 0, time.monotonic()
    process, starts = start_notifier(home, secrets, command), [time.time()]
    kill_at = started + draw.uniform(0.5, 2) * seconds_between_kills
    per_batch = TOLD_SECONDS / max(1, n / BATCH)
    while time.monotonic() - started < PATIENCE_SECONDS:
        if waiting and time.monotonic() - started >= len(told) / BATCH * per_batch:
            batch = [each._replace(told_at=int(time.time() * 1e6)) for each in waiting[:BATCH]]
            waiting = waiting[BATCH:]
            log.append_lines([encode_transition(each) for each in batch])
            told += batch
        if not waiting and all(ledger.count_accepted() == n for ledger in ledgers.values()):
            break
        if time.monotonic() >= kill_at:
            cpu += sum(process.cpu_times()[:2])
            process.send_signal(signal.SIGKILL)
            process.wait()
            n_kills += 1
            process = start_notifier(home, secrets, command)
            starts.append(time.time())
            kill_at = time.monotonic() + draw.uniform(0.5, 2) * seconds_between_kills
        time.sleep(0.01)
    seconds = time.monotonic() - started
    cpu += sum(process.cpu_times()[:2])
    process.terminate()
    process.wait(30)
    for server in servers.values():
        server.stop()
    log.rotate(is_forced=True)
    late = [
        each.late_seconds
        for each in ledgers["steady"].arrivals
        if all(abs(each.told_at - at) > START_SECONDS for at in starts)
    ]
    return {
        "verdicts": {name: judge(ledger.arrivals, told) for name, ledger in ledgers.items()},
        "seconds": seconds,
        "cpu": cpu,
        "n_kills": n_kills,
        "late": np.quantile(late, [0.5, 0.99, 1]),
    }


def describe(verdict: Verdict, n: int) -> str:
    """A verdict in a line."""
    return (
        f"{verdict.n_requests:,} requests for {n:,} transitions, {verdict.n_repeated:,} accepted again; never"
        f" accepted {verdict.n_missing}, out of order {verdict.n_disordered}, before their turn"
        f" {verdict.n_early}, ids with two bodies {verdict.n_ambiguous}, not genuine {verdict.n_forged}"
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the soak and its control; 1 when something was wrong, or the control was right."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transitions", type=int, default=10_000)
    parser.add_argument("--seconds-between-kills", type=float, default=6)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args(argv)
    is_right = True
    for title, command, n in (
        ("the notifier", COMMAND, args.transitions),
        ("the control, which knows no heads", WITHOUT_HEADS, args.transitions // 10),
    ):
        with tempfile.TemporaryDirectory() as folder:
            found = run(Path(folder), n, args.seconds_between_kills, args.seed, command)
        print(f"{title}: {found['seconds']:.0f} s, {found['n_kills']} kills, {found['cpu']:.1f} CPU s")
        for name, verdict in found["verdicts"].items():
            print(f"  {name}: {describe(verdict, n)}")
        p50, p99, longest = found["late"]
        print(f"  steady, told to arrival: p50 {p50:.3f} s, p99 {p99:.3f} s, longest {longest:.3f} s")
        right = all(verdict.is_right for verdict in found["verdicts"].values())
        is_right = is_right and right == (command is COMMAND)
    print("as it should be" if is_right else "NOT as it should be")
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
