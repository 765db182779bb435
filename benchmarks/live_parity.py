"""One day of events through the service's live segments, and who is a member by the night's SQL and by the
evaluator over whole histories, at every hour: `make bench NAME=live_parity ARGS="--events 50000"`.

A thousand customers with twenty events each before the day, the shipped definitions that live. Of the day's
events five in a hundred come up to six hours late and two in a hundred come twice, in the order of their
receipt. The service records them in LMDB by a clock of the benchmark's own; the worker with the lead looks
once in ten seconds of it, and a new worker begins each sixth hour. Ends with 1 where anything differs.
"""

import argparse
import json
import random
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.serving.live_nights import find_members, list_live_pairs
from benchmarks.serving.shop import IDENTITY_KEY, SOURCE
from expectations.contracts import snapshot
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.identity_rules import load_identity_rules
from expectations.contracts.transitions import decode_transition
from segments.calendar import DAY, ShopCalendar
from segments.events import Event
from segments.live import LiveDefinitions, LiveProgram, select_live
from segments.parsing.definitions import load_segments
from segments.to_sql import DEFINITIONS
from serving_app.live.events import EventItem, LiveEvent
from serving_app.live.lmdb_store import LmdbBackend
from serving_app.live.roots import RootFinder
from serving_app.live.service import LiveStates
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.behaviour import list_segment_events
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.service import make_memberships
from serving_app.memberships.told import ShopTime
from serving_app.storage.memory import MemoryRestrictions, MemorySnapshots
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.keys import VisitorKeys
from tests.segments.hosts import Question, ask_duckdb
from tests.segments.oracle import Customer, Shop

N_CUSTOMERS, N_HISTORY, N_ITEMS = 1_000, 20, 300
TYPES = ("view", "view", "view", "cart", "search", "purchase")
MIDNIGHT = datetime(2026, 3, 3, tzinfo=UTC)
KEEP_EVERY = timedelta(seconds=10)
CALENDAR = ShopCalendar("UTC")


class MemoryLog:
    """A log of transitions that is read here alone."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def append_new(self, lines: list[bytes]) -> None:
        self.lines += lines

    def read_lines(self) -> list[bytes]:
        return self.lines


class Service:
    """The service's live segments, by a clock of one's own."""

    def __init__(self, folder: Path, night: Snapshot) -> None:
        self.now, self.log, self._folder = MIDNIGHT, MemoryLog(), folder
        self.cpu_seconds, self._keep_at = 0.0, MIDNIGHT
        self.snapshots = MemorySnapshots()
        self.snapshots.publish(night)
        self.restart()
        self.backend.is_filling()
        self.backend.end_filling()
        for _ in range(10):
            self.parts.keeper.keep()

    def restart(self) -> None:
        """Let a new worker go on."""
        self.backend = LmdbBackend(self._folder / "live", lambda: self.now)
        time_of_shop = ShopTime(lambda: self.now, lambda now: timedelta(0))
        roots = RootFinder(MemoryRestrictions(), self.snapshots, IDENTITY_KEY, load_identity_rules())
        self.parts = make_memberships(
            self.backend, LiveNights(self.snapshots), self.log, time_of_shop, self._folder.joinpath, roots
        )
        self.live = LiveStates(self.backend, roots, self.parts.recorder)

    def receive(self, event: LiveEvent, known: dict[str, dict[str, Event]]) -> None:
        """Record an event when it comes, behind what the worker with the lead has done until then.

        Args:
            known: what has come so far of each customer, to which it is added.
        """
        while self._keep_at <= event.received_at:
            self.now, self._keep_at = self._keep_at, self._keep_at + KEEP_EVERY
            self.parts.keeper.keep()
        self.now = event.received_at
        began = time.process_time()
        self.live.record([event])
        self.cpu_seconds += time.process_time() - began
        own = known[f"c_{event.user_id[2:]}"]
        for each in list_segment_events(event, self.snapshots.get_current(), CALENDAR):
            own.setdefault(each.event_id, each)

    def list_segments(self, customer_id: str) -> set[str]:
        """The segments of a customer's profile."""
        night = self.snapshots.get_current()
        live = self.live.read(VisitorKeys((), customer_id), night.meta.get_absorbed_date())
        profile = night.read_customer(customer_id)
        return set(self.parts.shown.list_segments(night, customer_id, profile, live, self.now))


def make_night(
    live: LiveProgram, definitions: LiveDefinitions, histories: dict[str, list[Event]]
) -> Snapshot:
    """The snapshot of the night before the day."""
    end, values = to_microseconds(MIDNIGHT) - 1, {}
    absorbed = (MIDNIGHT - timedelta(days=1)).date().isoformat()
    meta = snapshot.SnapshotMeta(snapshot.LAYOUT, "night", absorbed, f"{absorbed}T23:59:59Z", "", "", {})
    values[snapshot.META] = snapshot.pack_record(meta)
    texts = {name: (DEFINITIONS / f"{name}.yml").read_text() for name in definitions.rules}
    values |= dict(list_live_pairs(live, definitions, texts, histories, end))
    for number, (customer_id, history) in enumerate(histories.items()):
        members = find_members(live, customer_id, history, end)
        profile = snapshot.CustomerSlice(None, tuple(sorted(members)), None, 0, None, True)
        values[snapshot.get_customer_key(customer_id)] = snapshot.pack_record(profile)
        user = hash_identifier(IDENTITY_KEY, "user_id", SOURCE, f"u_{number}")
        values[snapshot.get_identifier_key(user)] = customer_id.encode()
    return Snapshot.from_pairs("night", values.items())


def make_day(n_events: int, draw: random.Random) -> list[LiveEvent]:
    """The day's events in the order of their receipt."""
    events = []
    for number in range(n_events):
        occurred_at = MIDNIGHT + timedelta(microseconds=draw.randrange(DAY))
        late = timedelta(minutes=draw.randrange(1, 360)) if draw.random() < 0.05 else timedelta(0)
        received_at = occurred_at + late + timedelta(milliseconds=draw.randrange(2_000))
        item = EventItem(f"item-{draw.randrange(N_ITEMS)}", 1, float(draw.randrange(5, 90)))
        kind = draw.choice(TYPES)
        event = LiveEvent(
            f"m-{number}",
            kind,
            occurred_at,
            received_at,
            SOURCE,
            user_id=f"u_{draw.randrange(N_CUSTOMERS)}",
            items=() if kind == "search" else (item,),
        )
        events += [event] * (2 if draw.random() < 0.02 else 1)
    return sorted(events, key=lambda event: event.received_at)


def make_history(customer: int, draw: random.Random) -> list[Event]:
    """What a customer did in the sixty days before."""
    end = to_microseconds(MIDNIGHT)
    return [
        Event(
            end - 1 - draw.randrange(60 * DAY),
            f"h-{customer}-{n}",
            draw.choice(TYPES),
            f"item-{draw.randrange(N_ITEMS)}",
            price=10.0,
            quantity=1.0,
            amount=10.0,
        )
        for n in range(N_HISTORY)
    ]


def main() -> int:
    """Replay, compare at every hour, print a line of JSON; 1 where anything differs."""
    title = __doc__.splitlines()[0]
    parser = argparse.ArgumentParser(prog="make bench NAME=live_parity", description=title)
    parser.add_argument("--events", type=int, default=50_000)
    args = parser.parse_args()
    draw = random.Random(11)
    definitions = select_live(load_segments(DEFINITIONS))
    live = LiveProgram(definitions, CALENDAR, {})
    segments = [each for each in load_segments(DEFINITIONS) if each.segment_id in definitions.rules]
    histories = {f"c_{n}": make_history(n, draw) for n in range(N_CUSTOMERS)}
    day = make_day(args.events, draw)[::-1]
    n_received = len(day)
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), make_night(live, definitions, histories))
        known = {customer: {event.event_id: event for event in own} for customer, own in histories.items()}
        n_differing = n_members = 0
        for hour in range(1, 25):
            checkpoint = MIDNIGHT + timedelta(hours=hour)
            while day and day[-1].received_at < checkpoint:
                service.receive(day.pop(), known)
            service.now = checkpoint
            if hour % 6 == 0:
                service.restart()
            expected = ask_sql(segments, live, known, to_microseconds(checkpoint) + 1)
            shown = {(who, name) for who in histories for name in service.list_segments(who)}
            service.parts.keeper.keep()
            for others in (shown, ask_evaluator(live, known, to_microseconds(checkpoint) + 1)):
                n_differing += len(others ^ expected)
            n_differing += len(find_told(service.log.lines, histories, live) ^ expected)
            n_members += len(expected)
        told = [decode_transition(line) for line in service.log.lines]
    ids = {one.transition_id for one in told}
    figures = {
        "events": n_received,
        "checkpoints": 24,
        "definitions": len(live.live),
        "customers": N_CUSTOMERS,
        "compared": 24 * N_CUSTOMERS * len(live.live),
        "members": n_members,
        "transitions": len(told),
        "told_twice": len(told) - len(ids),
        "differing": n_differing,
        "cpu_us_per_event": round(service.cpu_seconds / n_received * 1e6),
    }
    print(json.dumps(figures))
    return int(n_differing > 0 or len(ids) < len(told))


def ask_sql(segments: list, live: LiveProgram, known: dict, now: int) -> set[tuple[str, str]]:
    """The members by the night's SQL over whole histories."""
    customers = tuple(Customer(who, tuple(own.values())) for who, own in known.items())
    question = Question(tuple(segments), customers, (now,), Shop(CALENDAR, {}, {}))
    return {(who, name) for who, name, _ in ask_duckdb(question) if name in live.live}


def ask_evaluator(live: LiveProgram, known: dict, now: int) -> set[tuple[str, str]]:
    """The members by states of whole histories."""
    return {
        (who, name) for who, own in known.items() for name in find_members(live, who, [*own.values()], now)
    }


def find_told(lines: list[bytes], histories: dict, live: LiveProgram) -> set[tuple[str, str]]:
    """Who is a member by what was told, on top of the night that was taken in silence."""
    end = to_microseconds(MIDNIGHT) - 1
    members = {(who, name) for who, own in histories.items() for name in find_members(live, who, own, end)}
    for one in map(decode_transition, lines):
        (members.add if one.is_entered else members.discard)((one.customer_id, one.segment_id))
    return members


if __name__ == "__main__":
    sys.exit(main())
