"""`make live`: a broker, the stream into the lake, the service and a shop full of simulated shoppers, on one
machine and one screen, until Ctrl-C; `SHOPPERS=` says how many, `SECONDS=` for how long.

It needs a home with a published night, as `make run` makes one, and leaves it a day's events richer: the next
night takes them. What it starts ends with it, the last event in the lake.
"""

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live

from expectations.contracts.published import Published
from operate.kafka import running_kafka
from operate.live.screen import Reading, describe_balance, describe_line, draw_screen
from operate.live.shoppers import Crowd
from operate.live.transitions import TransitionFollower
from operate.live.users import find_user_ids
from operate.processes import end_by_interrupt, end_process_tree
from operate.settings import load_settings_or_exit
from operate.topics import load_topics
from operate.visitors import ROOT, run_service
from spark_jobs.lake.jar_sets import BROKER_JARS, STREAM_JARS, fetch_jars, is_fetched
from spark_jobs.settings import Settings

BATCH_SECONDS = 2  # so that a screen shows something; a shop that nobody watches takes the setting's 30
LOOK_EVERY_SECONDS, LINE_EVERY_SECONDS = 1.0, 5.0
PATIENCE_SECONDS = 60.0


@contextmanager
def run_stream(log: Path) -> Iterator[subprocess.Popen]:
    """The stream into the lake, in a process of its own; on the way out it ends behind a whole batch."""
    with log.open("w") as out:
        stream = subprocess.Popen(
            [sys.executable, "-m", "spark_jobs.stream.job"],
            cwd=ROOT,
            env={**os.environ, "CONCIERGE_STREAM_SECONDS": str(BATCH_SECONDS)},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C is ours to hand on, when nothing more comes
        )
        try:
            yield stream
        finally:
            with suppress(ProcessLookupError):
                stream.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                stream.wait(PATIENCE_SECONDS)
            end_process_tree(stream)


def read_progress(file: Path) -> dict[str, Any]:
    """What the stream did last; empty before its first batch."""
    return json.loads(file.read_text()) if file.exists() else {}


def watch(
    console: Console, stream: subprocess.Popen, read: Any, url: str, seconds: float | None, log: Path
) -> None:
    """Show what happens until somebody ends it, or time is up.

    Args:
        read: makes the `Reading` of now.

    Raises:
        SystemExit: the stream has ended; names its log.
    """
    until = time.monotonic() + seconds if seconds else float("inf")
    with Live(console=console, auto_refresh=False, transient=True) as screen:
        next_line = 0.0
        while time.monotonic() < until:
            if stream.poll() is not None:
                raise SystemExit(f"the stream has ended; its log: {log}")
            if console.is_terminal:
                screen.update(draw_screen(read(), url), refresh=True)
            elif time.monotonic() >= next_line:
                console.print(describe_line(read()))
                next_line = time.monotonic() + LINE_EVERY_SECONDS
            time.sleep(LOOK_EVERY_SECONDS)


def wait_until_landed(progress: Path, n_taken: int) -> int:
    """How many lines the stream has read, when it has read so many or has had its time."""
    until = time.monotonic() + PATIENCE_SECONDS
    while (n_read := read_progress(progress).get("n_lines", 0)) < n_taken and time.monotonic() < until:
        time.sleep(LOOK_EVERY_SECONDS)
    return n_read


def live(console: Console, settings: Settings, n_shoppers: int, seconds: float | None) -> int:
    """Run everything; 1 where events are missing in the lake."""
    log, progress = settings.paths.log("stream"), settings.paths.stream_progress
    log.parent.mkdir(parents=True, exist_ok=True)
    progress.unlink(missing_ok=True)
    if not (is_fetched(BROKER_JARS) and is_fetched(STREAM_JARS)):
        console.print("Fetching Kafka's jars from Maven Central, once (about a minute)")
        fetch_jars(BROKER_JARS)
        fetch_jars(STREAM_JARS)
    console.print("A broker, the stream into the lake and the service start")
    topics = load_topics(settings.events_topic, settings.transitions_topic, settings.memberships_topic)
    with running_kafka(settings.paths.kafka, topics=topics) as broker:
        os.environ |= {
            "CONCIERGE_EVENTS": "kafka",
            "CONCIERGE_KAFKA_SERVERS": broker.servers,
            "CONCIERGE_KAFKA_CONFIG": "",  # of a cluster, such as its passwords: this broker has none
        }
        with (
            run_stream(log) as stream,
            run_service(settings.home, ",".join(settings.sources), settings.paths.log("service")) as service,
        ):
            transitions = TransitionFollower(service)
            transitions.start()
            # other ids than those of the last time, whose events would be repetitions
            seed = secrets.randbits(32)
            crowd, began = Crowd(service, n_shoppers, find_user_ids(settings), seed), time.monotonic()
            try:
                watch(
                    console,
                    stream,
                    lambda: Reading(
                        time.monotonic() - began,
                        n_shoppers,
                        crowd.traffic,
                        transitions,
                        read_progress(progress),
                    ),
                    service.url,
                    seconds,
                    log,
                )
            except KeyboardInterrupt:
                pass
            finally:
                console.print("The shoppers go home; what they did comes into the lake")
                traffic = crowd.send_home()
                transitions.stop()
            n_taken = traffic.n_events["accepted"] + traffic.n_events["quarantined"]
            n_landed = wait_until_landed(progress, n_taken)
    reading = Reading(time.monotonic() - began, n_shoppers, traffic, transitions, read_progress(progress))
    console.print(describe_line(reading))
    console.print(describe_balance(n_taken, n_landed))
    return int(n_landed < n_taken)


def parse_arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make live", description=__doc__)
    parser.add_argument("--shoppers", type=int, default=50, help="at once (default 50)")
    parser.add_argument("--seconds", type=float, help="for how long; left out: until Ctrl-C")
    args = parser.parse_args(argv)
    if not 1 <= args.shoppers <= 1_000:
        parser.error(f"SHOPPERS is {args.shoppers}; it must be from 1 to 1,000")
    return args


def main() -> None:
    args, settings = parse_arguments(sys.argv[1:]), load_settings_or_exit()
    if Published.read(settings.home) is None:
        raise SystemExit(f"there is no published night in {settings.home}: `make run` makes one")
    end_by_interrupt()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 110)
    try:
        status = live(console, settings, args.shoppers, args.seconds)
    except KeyboardInterrupt:  # before the shoppers came, or for the second time
        raise SystemExit("Everything has ended; the next `make live` reads what is still in Kafka") from None
    raise SystemExit(status)


if __name__ == "__main__":
    main()
