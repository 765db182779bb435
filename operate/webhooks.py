"""`make webhooks`: how notifications of transitions stand, and those that were given up.

`ARGS="list"` names the endpoints of `triggers.yml`: what waits, since when one fails, how many dead letters
there are; `list ENDPOINT` names these. `replay ENDPOINT` sends them again, `replay ENDPOINT ID…` some of
them, and `replay ENDPOINT --since MOMENT` every transition that the log has of that moment and later, with
the ids they had. `drop ENDPOINT [ID…]` deletes dead letters. `secret` prints a new secret for
CONCIERGE_TRIGGER_SECRETS and the endpoint's owner.
"""

import argparse
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from expectations.contracts.home import HomePaths
from expectations.contracts.settings import SettingsError
from expectations.contracts.transitions import Transition, decode_transition, parse_moment
from operate.segments import split_typed
from serving_app.settings import Settings
from serving_app.storage.event_log import EventLog, LogUnavailable, move_position
from serving_app.triggers.endpoints import Endpoint, EndpointError, read_endpoints
from serving_app.triggers.notification_queue import NotificationQueue
from serving_app.triggers.signature import make_secret
from serving_app.triggers.transitions_log import close_transitions, open_transitions

BATCH_LINES = 5_000
MOST_SHOWN = 50


class Refused(ValueError):  # noqa: N818 - reads as what it says
    """What was typed cannot be done; says why."""


def find_endpoint(settings: Settings, endpoint_id: str) -> Endpoint:
    """The endpoint of this id.

    Raises:
        Refused: there is none that works.
    """
    endpoints = read_endpoints(HomePaths(settings.home).triggers)
    endpoint = endpoints.get(endpoint_id)
    if endpoint is None:
        raise Refused(f"there is no endpoint {endpoint_id}; there are: {', '.join(endpoints) or 'none'}")
    if isinstance(endpoint, EndpointError):
        raise Refused(str(endpoint))
    return endpoint


def open_queue(settings: Settings, endpoint_id: str) -> NotificationQueue:
    """The queue of an endpoint.

    Raises:
        Refused: nothing was ever queued for it.
    """
    file = HomePaths(settings.home).notification_queue(endpoint_id)
    if not file.exists():
        raise Refused(f"nothing was queued for {endpoint_id} yet: the service notifies, `make serve`")
    return NotificationQueue(file)


def format_time(seconds: float | None) -> str:
    """A moment in UTC; empty of none."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}" if seconds is not None else ""


def list_endpoints(settings: Settings, console: Console) -> None:
    """A line for each endpoint that is declared."""
    table = Table(box=None, pad_edge=False)
    for name in ("endpoint", "waiting", "oldest since", "failing since", "dead letters", "sent to"):
        table.add_column(name, justify="right" if name in ("waiting", "dead letters") else "left")
    endpoints, flaws = read_endpoints(HomePaths(settings.home).triggers), []
    for endpoint_id, endpoint in endpoints.items():
        if isinstance(endpoint, EndpointError):
            flaws.append(str(endpoint))
            continue
        if endpoint_id not in settings.trigger_secrets:
            flaws.append(f"CONCIERGE_TRIGGER_SECRETS has no {endpoint_id}:whsec_…")
        file = HomePaths(settings.home).notification_queue(endpoint_id)
        cells = ["0", "", "", "0"]
        if file.exists():
            state = NotificationQueue(file).describe()
            cells = [
                f"{state.n_waiting:,}",
                format_time(state.oldest_at),
                format_time(state.failing_since),
                f"{state.n_dead:,}",
            ]
        table.add_row(escape(endpoint_id), *cells, escape(endpoint.url))
    console.print(table if table.row_count else "triggers.yml of the home declares no endpoint")
    for flaw in flaws:
        print(f"does not work: {flaw}", file=sys.stderr)
    for file in sorted(HomePaths(settings.home).notification_queues.glob("*.sqlite")):
        if file.stem not in endpoints:  # metrics and alerts count it still
            state = NotificationQueue(file).describe()
            print(
                f"{file.stem} is declared no more: {state.n_waiting:,} wait and {state.n_dead:,} are dead;"
                f" declare it again, or delete {file}",
                file=sys.stderr,
            )


def list_dead_letters(settings: Settings, console: Console, endpoint_id: str) -> None:
    """A line for each of the newest dead letters."""
    find_endpoint(settings, endpoint_id)
    queue = open_queue(settings, endpoint_id)
    table = Table(box=None, pad_edge=False)
    for name in ("id", "customer", "segment", "type", "since", "given up", "last attempt"):
        table.add_column(name, no_wrap=name == "id")
    for letter in queue.list_dead_letters(MOST_SHOWN):
        of = decode_transition(letter.line)
        kind = "entered" if of.is_entered else "left"
        since, died = format_time(of.since / 1e6), format_time(letter.died_at)
        table.add_row(
            letter.transition_id,
            escape(of.customer_id),
            escape(of.segment_id),
            kind,
            since,
            died,
            letter.reason,
        )
    console.print(table if table.row_count else f"{endpoint_id} has no dead letters")
    if (n_dead := queue.describe().n_dead) > MOST_SHOWN:
        console.print(f"… and {n_dead - MOST_SHOWN:,} older ones")


def replay(settings: Settings, console: Console, args: argparse.Namespace) -> None:
    """Queue dead letters again, or what the log has since a moment."""
    endpoint = find_endpoint(settings, args.endpoint)
    queue, now = open_queue(settings, args.endpoint), time.time()
    if args.since:
        if args.ids:
            raise Refused("give ids of dead letters, or --since")
        since, n_queued, log = parse_since(args.since), 0, open_transitions(settings)
        try:
            # some at once: the service waits for the queue no longer than a few seconds
            for transitions in read_since(log, since):
                n_queued += queue.add(filter(endpoint.wants, transitions), now)
        finally:
            close_transitions(log)
    else:
        n_queued = queue.replay(now, args.ids or None)
    console.print(
        f"{n_queued:,} notifications are queued again; what is newer of a customer is not waited for"
    )


def drop(settings: Settings, console: Console, args: argparse.Namespace) -> None:
    """Delete dead letters."""
    find_endpoint(settings, args.endpoint)
    queue = open_queue(settings, args.endpoint)
    console.print(f"{queue.delete_dead_letters(args.ids or None):,} dead letters are deleted")


def read_since(log: EventLog, since: int) -> Iterator[list[Transition]]:
    """The transitions that were told since a moment, in the order of the log, some thousand at once. A line
    that is none is passed over; the service's log has named it.
    """
    position = {}
    while lines := log.read_lines(position, BATCH_LINES):
        position, transitions = move_position(position, lines), []
        for line in lines:
            with suppress(ValueError):
                transitions.append(decode_transition(line.line))
        yield [each for each in transitions if each.told_at >= since]


def parse_since(text: str) -> int:
    """The microseconds since 1970 of a moment, in UTC where it names no offset.

    Raises:
        Refused: it is none.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Refused("--since takes a moment: 2026-11-29T10:00:00Z") from None
    return parse_moment((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat())


def make_parser() -> argparse.ArgumentParser:
    """What may be typed."""
    parser = argparse.ArgumentParser(
        prog="make webhooks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list").add_argument("endpoint", nargs="?")
    for name in ("replay", "drop"):
        command = commands.add_parser(name)
        command.add_argument("endpoint")
        command.add_argument("ids", nargs="*", metavar="ID", help="of dead letters; without one all")
        if name == "replay":
            command.add_argument("--since", default="", metavar="MOMENT", help="all that was told since")
    commands.add_parser("secret")
    return parser


def main(argv: list[str]) -> int:
    """Do one thing; 2 with a sentence where it cannot be done."""
    args = make_parser().parse_args(argv)
    console = Console(width=None if sys.stdout.isatty() else 200, highlight=False)
    try:
        settings = Settings.from_environment()
        if args.command == "secret":
            print(make_secret())
        elif args.command == "replay":
            replay(settings, console, args)
        elif args.command == "drop":
            drop(settings, console, args)
        elif args.endpoint:
            list_dead_letters(settings, console, args.endpoint)
        else:
            list_endpoints(settings, console)
    except (Refused, EndpointError, SettingsError, LogUnavailable, sqlite3.Error) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(split_typed(sys.argv[1:], "list")))
