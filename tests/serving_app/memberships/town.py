"""Two visitors of the small shop, what they do, and what must be so of them."""

from collections import Counter
from datetime import date, timedelta

from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.transitions import decode_transition
from serving_app.live.events import EventItem, LiveEvent
from serving_app.live.roots import RootFinder
from serving_app.live.service import LiveStates
from serving_app.live.timestamps import to_microseconds
from serving_app.memberships.behaviour import list_segment_events
from serving_app.memberships.live_nights import LiveNights
from serving_app.memberships.service import make_memberships
from serving_app.memberships.told import ShopTime
from serving_app.storage.memory import MemoryRestrictions, MemorySnapshots
from serving_app.visitors.keys import VisitorKeys
from tests.serving_app.conftest import KEY, NOW, REGULAR, RULES, SOURCE, Clock
from tests.serving_app.memberships.nights import decide, make_program, make_snapshot

STRANGER = hash_identifier(KEY, "anonymous_id", SOURCE, "b-1")
USER = hash_identifier(KEY, "user_id", SOURCE, "u-regular")


class MemoryLog:
    """A `TransitionLog` in memory."""

    def __init__(self):
        self.lines = []

    def append_new(self, lines):
        known = [decode_transition(line).transition_id for line in self.lines]
        self.lines += [line for line in lines if decode_transition(line).transition_id not in known]

    def look_again(self):
        pass

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
        self.events, self.received = [], []  # day of receipt, who, event
        self.is_joined, self.joined_on = False, date.max
        self.night, self.absorbed = 0, NOW.date() - timedelta(days=1)
        self.publish()
        self.restart()
        self.keep(4)

    def restart(self, is_filled=True):
        self.backend = self.make_backend(self.clock)
        roots = RootFinder(MemoryRestrictions(), self.snapshots, KEY, RULES)
        time = ShopTime(self.clock, lambda now: timedelta(0))
        self.parts = make_memberships(
            self.backend, LiveNights(self.snapshots), self.log, time, self.reports.joinpath, roots
        )
        self.live = LiveStates(self.backend, roots, self.parts.recorder)
        if is_filled:
            self.backend.is_filling()  # which opens it
            self.live.end_filling()

    def publish(self):
        """A night of what was received up to the absorbed day: it knows the stranger by then, as itself, or
        as the user who has said so in this browser.
        """
        self.night += 1
        known = [(who, event) for day, who, event in self.received if day <= self.absorbed]
        histories = {REGULAR: self.list_history("regular", known)}
        identifiers = {}
        if stranger := [event for who, event in known if who == "stranger"]:
            identifiers[STRANGER] = REGULAR if self.joined_on <= self.absorbed else "c_new"
            if identifiers[STRANGER] == "c_new":  # they have not said so by then
                histories = {
                    REGULAR: [event for who, event in known if who == "regular"],
                    "c_new": stranger,
                }
        night = make_snapshot(
            f"night-{self.night}", histories, self.absorbed.isoformat(), identifiers=identifiers
        )
        self.snapshots.publish(night)

    def list_history(self, who, rows=None):
        """What somebody did; since they have said who they are, in the browser too."""
        rows = [row[-2:] for row in self.received] if rows is None else rows
        whose = {"regular", "stranger"} if self.is_joined else {who}
        return [event for each, event in rows if each in whose]

    def join(self):
        """The stranger logs in."""
        self.send("view", "both", 0, is_twice=False)
        self.is_joined, self.joined_on = True, min(self.joined_on, self.clock().date())

    def keep(self, n=1):
        for _ in range(n):
            self.parts.keeper.keep()

    def send(self, event_type, who, minutes_late, is_twice):
        self.n += 1
        ids = {"user_id": "u-regular"} if who != "stranger" else {}
        ids |= {"anonymous_id": "b-1"} if who != "regular" else {}
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
        whose = "regular" if who == "both" else who
        self.received += [(self.clock().date(), whose, each) for each in own]
        self.clock.move(seconds=1)

    def check(self):
        night = self.snapshots.get_current()
        for who, ids in (("regular", (USER,)), ("stranger", (STRANGER,))):
            customer = night.find_customer_id(ids[0])
            live = self.live.read(VisitorKeys(ids, customer), self.absorbed)
            profile = night.read_customer(customer) if customer else None
            shown = self.parts.shown.list_segments(night, customer, profile, live, self.clock())
            assert set(shown) - {"vip"} == self.decide(who), (who, self.list_history(who))

    def decide(self, who):
        history = self.list_history(who)
        now = to_microseconds(self.clock()) + 1
        return decide(history, "anybody", now) if history else frozenset()

    def check_told(self):
        """Each transition follows the one before it, and together they say what is so."""
        told, told_ids = {}, Counter()
        for line in self.log.lines:
            one = decode_transition(line)
            key = one.customer_id, one.segment_id
            was_in, since = told.get(key, (False, 0))
            assert was_in != one.is_entered and since < one.since, one
            told[key] = one.is_entered, one.since
            told_ids[one.transition_id] += 1
        assert max(told_ids.values(), default=1) == 1
        stranger = self.snapshots.get_current().find_customer_id(STRANGER) or STRANGER
        expected = {(REGULAR, name) for name in self.decide("regular")}
        if not self.is_joined:
            expected |= {(stranger, name) for name in self.decide("stranger")}
        assert {key for key, (is_in, _) in told.items() if is_in} == expected
