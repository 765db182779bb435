"""The live definitions of a published night, and the state that a customer begins with."""

import hashlib
import threading
from collections.abc import Mapping
from typing import NamedTuple

from expectations.contracts.live_segments import LiveRules, SegmentBase
from expectations.contracts.snapshot import get_segment_timer_key
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context, Stay
from segments.evaluation.state import SegmentState
from segments.joined import JoinedLive
from segments.live import LiveProgram
from segments.live_rules import compile_rules
from segments.order_lines import is_line_of
from segments.shop_days import find_end_of_day
from segments.standing import NOBODY_YET, Standing
from serving_app.memberships.published_definitions import Published
from serving_app.memberships.record import HeldEvent, OwnerRecord, read_held
from serving_app.storage.snapshots import Snapshot

NO_BASE = SegmentBase()
NO_MOMENTS: Mapping[str, int] = {}
MOST_STATES = 2_000  # that a worker remembers, of some 10 kB; others are built again in 0.2 ms


class Opened(NamedTuple):
    """An owner's memberships, to go on from.

    Attributes:
        is_current: False: what is so may differ from what was told by more than what comes next, so whoever
            keeps all memberships tells.
    """

    state: SegmentState
    context: Context
    standing: Standing
    is_current: bool


class Remembered(NamedTuple):
    """A state, and of which events it is: see `OwnerRecord`."""

    joined: tuple[str, ...]
    body: bytes
    state: SegmentState
    context: Context


class LiveNight:
    """One published night as live segments go on from it.

    Attributes:
        tag: names it in what is stored.
        end: the last microsecond of the last absorbed day of the shop.
        first_timer: the key before that of the first timer behind it.
        versions: of the definitions' texts, by segment.
        order_feeds: sources whose purchases the night counts by their orders alone.
        since: of the definitions that were published after it and count already, from when on each.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        rules: LiveRules,
        published: Published = (),
        since: Mapping[str, int] = NO_MOMENTS,
    ) -> None:
        """
        Args:
            published: definitions that count in the place of the night's of the same ids.
            since: from when on each does.

        Raises:
            SegmentError: a definition is not understood by this build.
        """
        self.snapshot, self.tag = snapshot, snapshot.name
        self.calendar = ShopCalendar(snapshot.meta.time_zone)
        self.versions: dict[str, str] = {each.segment_id: each.version for each in rules.texts}
        self.order_feeds = frozenset(rules.order_feeds)
        self.live: LiveProgram | JoinedLive = compile_rules(rules, self.calendar)
        self.since = dict(since)
        if published:
            since_rules = {each.segment_id: each.rule for each in published}
            self.live = JoinedLive(self.live, since_rules, self.calendar)
            self.versions |= {each.segment_id: each.version for each in published}
            digests = repr(sorted((each.segment_id, each.version) for each in published))
            self.tag += f"+{hashlib.blake2b(digests.encode(), digest_size=8).hexdigest()}"
        self.absorbed_day = snapshot.meta.get_absorbed_date().toordinal()
        self.end = find_end_of_day(self.calendar, snapshot.meta.get_absorbed_date())
        self._lock = threading.Lock()
        self._states: dict[str, Remembered] = {}
        self.first_timer = get_segment_timer_key(self.end)

    def read_base(self, owner: str) -> SegmentBase | None:
        """What an owner begins with; None of whom no night knows, or none may measure."""
        base = self.snapshot.read_segment_base(owner)
        if base is None or base.members.keys().isdisjoint(self.since):
            return base
        members = {name: at for name, at in base.members.items() if name not in self.since}
        return base._replace(members=members)

    def find_currency(self, owner: str, record: OwnerRecord) -> str:
        """In which amounts of an owner are added; empty: in any, until there is an order."""
        bases = map(self.read_base, (owner, *record.joined))
        return next((base.currency for base in bases if base and base.currency), record.currency)

    def knows(self, owner: str) -> bool:
        """Whether an owner is a customer of the night."""
        return self.snapshot.read_customer(owner) is not None

    def make_context(self, owner: str, base: SegmentBase) -> Context:
        """What the definitions may know of an owner beside events."""
        stays = tuple(Stay(*stay) for stay in base.stays)
        return Context(owner, base.fields, stays, frozenset(base.lists))

    def open(self, owner: str, record: OwnerRecord) -> Opened:
        """An owner's memberships as this night knows them with the events since.

        Where the record is of another night, what it says of standing is this night's to tell: see
        `is_current`.
        """
        with self._lock:
            remembered = self._states.pop(owner, None)
        if remembered and remembered.joined == record.joined and record.body.startswith(remembered.body):
            state, context = remembered.state, remembered.context
            self._add_held(state, record.body[len(remembered.body) :])
            base = None
        else:
            base = self.read_base(owner) or NO_BASE
            state, context = self._begin(base, record.joined), self.make_context(owner, base)
            self._add_held(state, record.body)
        if record.tag == self.tag:
            return Opened(state, context, record.standing, True)
        base = base or self.read_base(owner) or NO_BASE
        standing = NOBODY_YET
        if base is not NO_BASE:
            standing = Standing(dict(base.members), base.changes_at, self.end)
        if not record.tag:  # no night has decided of them yet
            return Opened(state, context, standing, True)
        since = {**record.standing.members, **standing.members}
        decided_at = max(self.end, record.standing.decided_at)
        return Opened(state, context, Standing(since, decided_at, decided_at), False)

    def remember(self, owner: str, record: OwnerRecord, opened: Opened) -> None:
        """Keep an owner's state for the next event. What was not committed after all is found out: the
        events that lie in the database do not begin with those of the state.
        """
        with self._lock:
            self._states[owner] = Remembered(record.joined, record.body, opened.state, opened.context)
            if len(self._states) > MOST_STATES:
                self._states.pop(next(iter(self._states)), None)

    def counts(self, held: HeldEvent) -> bool:
        """Whether an event is not this night's own already, which has its base of it."""
        return held.received_day > self.absorbed_day and not is_line_of(held.event, self.end)

    def _begin(self, base: SegmentBase, joined: tuple[str, ...]) -> SegmentState:
        """The state of the night, of all customers who are one."""
        program, packer = self.live.program, self.live.packer
        state = packer.unpack(base.state) if base.state else program.make_state()
        for other in joined:
            more = self.read_base(other)
            if more and more.state:
                state = program.merge(state, packer.unpack(more.state))
        return state

    def _add_held(self, state: SegmentState, body: bytes) -> None:
        for held in read_held(body) if body else ():
            if self.counts(held):
                self.live.program.add(state, held.event)
