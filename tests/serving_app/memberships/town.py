"""Two visitors of the small shop, what they do, and what must be so of them."""

from collections import Counter
from datetime import timedelta

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.transitions import decode_transition
from serving_app.live.events import EventItem, LiveEvent
from serving_app.live.roots import RootFinder
from serving_app.live.service import LiveStates
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.behaviour import list_segment_events
from serving_app.memberships.service import make_memberships
from serving_app.memberships.told import ShopTime
from serving_app.storage.memory import MemoryRestrictions, MemorySnapshots
from serving_app.visitors.keys import VisitorKeys
from tests.serving_app.conftest import KEY, NOW, REGULAR, RULES, SOURCE, Clock
from tests.serving_app.memberships.nights import decide, make_program, make_snapshot

STRANGER = hash_identifier(KEY, "anonymous_id", SOURCE, "b-1")
OWNERS = {"regular": REGULAR, "stranger": STRANGER}


class MemoryLog:
    """A `TransitionLog` in memory."""

    def __init__(self):
        self.lines = []

    def append_new(self, lines):
        known = [decode_transition(line).transition_id for line in self.lines]
        self.lines += [line for line in lines if decode_transition(line).transition_id not in known]

    def read_lines(self):
        return iter(self.lines)


class Town:
    """Two visitors, and what they have done."""

    def __init__(self, reports, make_backend):
        """
        Args:
            make_backend: a database, of the clock; again for each worker.
        """
        self.clock, self.log, self.n, self.reports = Clock(), MemoryLog(), 0, reports
        self.snapshots, self.make_backend = MemorySnapshots(), make_backend
        self.events, self.received = [], []  # day of receipt, owner, event
        self.night, self.absorbed = 0, NOW.date() - timedelta(days=1)
        self.publish()
        self.restart()
        self.keep(4)

    def restart(self, is_filled=True):
        self.backend = self.make_backend(self.clock)
        roots = RootFinder(MemoryRestrictions(), self.snapshots, KEY, RULES)
        time = ShopTime(self.clock, lambda now: timedelta(0))
        self.parts = make_memberships(self.backend, self.snapshots, self.log, time, self.reports.joinpath)
        self.live = LiveStates(self.backend, roots, self.parts.recorder)
        if is_filled:
            self.backend.is_filling()  # which opens it
            self.live.end_filling()

    def publish(self):
        self.night += 1
        known = [event for day, owner, event in self.received if owner == REGULAR and day <= self.absorbed]
        snapshot = make_snapshot(f"night-{self.night}", {REGULAR: known}, self.absorbed.isoformat())
        self.snapshots.publish(snapshot)

    def keep(self, n=1):
        for _ in range(n):
            self.parts.keeper.keep()

    def send(self, event_type, who, minutes_late, is_twice):
        self.n += 1
        ids = {"user_id": "u-regular"} if who == "regular" else {"anonymous_id": "b-1"}
        event = LiveEvent(
            f"m-{self.n}",
            event_type,
            self.clock() - timedelta(minutes=minutes_late),
            self.clock(),
            SOURCE,
            items=(EventItem("item-01", 1),),
            **ids,
        )
        self.live.record([event] * (1 + is_twice))
        self.events.append(event)
        own = list_segment_events(event, self.snapshots.get_current(), make_program().program.calendar)
        self.received += [(self.clock().date(), OWNERS[who], each) for each in own]
        self.clock.move(seconds=1)

    def check(self):
        snapshot = self.snapshots.get_current()
        for who, owner in OWNERS.items():
            customer = owner if who == "regular" else None
            live = self.live.read(VisitorKeys(() if customer else (STRANGER,), customer), self.absorbed)
            profile = snapshot.read_customer(REGULAR) if customer else None
            shown = self.parts.shown.list_segments(snapshot, customer, profile, live, self.clock())
            history = [event for _, each, event in self.received if each == owner]
            expected = decide(history, owner, to_microseconds(self.clock()) + 1) if history else frozenset()
            assert set(shown) - {"vip"} == expected, (who, history)

    def check_told(self):
        told, told_ids = {}, Counter()
        for line in self.log.lines:
            one = decode_transition(line)
            key = one.customer_id, one.segment_id
            was_in, since = told.get(key, (False, 0))
            assert (was_in, since) < (True, one.since) and was_in != one.is_entered, one
            told[key] = one.is_entered, one.since
            told_ids[one.transition_id] += 1
        assert max(told_ids.values(), default=1) == 1
        for owner in OWNERS.values():
            history = [event for _, each, event in self.received if each == owner]
            expected = decide(history, owner, to_microseconds(self.clock()) + 1) if history else frozenset()
            assert {name for (who, name), (is_in, _) in told.items() if who == owner and is_in} == expected
