"""The live definitions of a published night, and the state that a customer begins with."""

import logging
import threading
from collections.abc import Mapping

from expectations.contracts.live_segments import LiveRules, SegmentBase
from expectations.contracts.snapshot import get_segment_timer_key
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context, Stay
from segments.evaluation.state import SegmentState
from segments.live import LiveDefinitions, LiveProgram
from segments.parsing.definitions import make_reader_of_day, read_definition
from segments.parsing.flaws import SegmentError
from segments.shop_days import find_end_of_day
from segments.standing import NOBODY_YET, Standing
from serving_app.memberships.record import NO_RECORD, OwnerRecord
from serving_app.storage.snapshots import Snapshot

NO_BASE = SegmentBase()

logger = logging.getLogger(__name__)


class LiveNight:
    """One published night as live segments go on from it.

    Attributes:
        tag: names it in what is stored.
        end: the last microsecond of the last absorbed day of the shop.
        first_timer: the key before that of the first timer behind it.
        versions: of the definitions' texts, by segment.
    """

    def __init__(self, snapshot: Snapshot, rules: LiveRules) -> None:
        """
        Raises:
            SegmentError: a definition is not understood by this build.
        """
        self.snapshot, self.tag = snapshot, snapshot.name
        self.calendar = ShopCalendar(snapshot.meta.time_zone)
        self.live = compile_rules(rules, self.calendar)
        self.versions: dict[str, str] = {each.segment_id: each.version for each in rules.texts}
        self.absorbed_day = snapshot.meta.get_absorbed_date().toordinal()
        self.end = find_end_of_day(self.calendar, snapshot.meta.get_absorbed_date())
        self.first_timer = get_segment_timer_key(self.end)

    def read_base(self, owner: str) -> SegmentBase | None:
        """What an owner begins with; None of whom no night knows, or none may measure."""
        return self.snapshot.read_segment_base(owner)

    def knows(self, owner: str) -> bool:
        """Whether an owner is a customer of the night."""
        return self.snapshot.read_customer(owner) is not None

    def make_context(self, owner: str, base: SegmentBase) -> Context:
        """What the definitions may know of an owner beside events."""
        stays = tuple(Stay(*stay) for stay in base.stays)
        return Context(owner, base.fields, stays, frozenset(base.lists))

    def begin(self, base: SegmentBase) -> tuple[SegmentState, Standing]:
        """The state and standing of an owner of whom nothing has come since the night."""
        state = self.live.packer.unpack(base.state) if base.state else self.live.program.make_state()
        if base is NO_BASE:
            return state, NOBODY_YET
        return state, Standing(dict(base.members), base.changes_at, self.end)

    def open(self, owner: str, record: OwnerRecord) -> tuple[SegmentState, Context, Standing, bool]:
        """An owner's state, what is known of them, their standing, and whether it is of this night: otherwise
        it was begun anew with the events that this night has not absorbed, and what it says is not told yet.
        """
        base = self.read_base(owner) or NO_BASE
        context = self.make_context(owner, base)
        if record.tag == self.tag:
            return self.live.packer.unpack(record.state), context, record.standing, True
        state, standing = self.begin(base)
        if record is NO_RECORD:
            return state, context, standing, True
        for held in record.held:
            if held.received_day > self.absorbed_day:
                self.live.program.add(state, held.event)
        since = {**record.standing.members, **standing.members}
        decided_at = max(self.end, record.standing.decided_at)
        return state, context, Standing(since, decided_at, decided_at), False


class LiveNights:
    """Live nights by their snapshots; the newest is compiled once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._newest: tuple[Snapshot | None, LiveNight | None] = (None, None)

    def find(self, snapshot: Snapshot | None) -> LiveNight | None:
        """The live night of a snapshot; None where it has none, or none that this build understands."""
        newest = self._newest
        if newest[0] is snapshot:
            return newest[1]
        with self._lock:
            if self._newest[0] is not snapshot:
                self._newest = snapshot, open_night(snapshot) if snapshot else None
            return self._newest[1]


def open_night(snapshot: Snapshot) -> LiveNight | None:
    """The live night of a snapshot; None as in `LiveNights.find`."""
    rules = snapshot.read_live_rules()
    if not rules or not rules.texts:
        return None
    try:
        night = LiveNight(snapshot, rules)
    except SegmentError as error:
        logger.error("segments do not live: %s", "; ".join(str(error).splitlines()))
        return None
    if night.live.fingerprint != rules.fingerprint:
        logger.error("segments do not live: snapshot %s was made by another build", snapshot.name)
        return None
    return night


def compile_rules(rules: LiveRules, calendar: ShopCalendar) -> LiveProgram:
    """The definitions of a night, compiled.

    Raises:
        SegmentError: one is not understood by this build.
    """
    start_reader = make_reader_of_day()
    parsed = {
        each.segment_id: read_definition(each.text, f"{each.segment_id}.yml", start_reader()).segment.members
        for each in rules.texts
    }
    live = frozenset(each.segment_id for each in rules.texts if each.is_live)
    items: Mapping[str, frozenset[str]] = {name: frozenset(ids) for name, ids in rules.item_lists.items()}
    return LiveProgram(LiveDefinitions(live, parsed), calendar, items)
