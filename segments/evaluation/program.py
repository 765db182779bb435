"""Definitions compiled together, and what they make of a customer's events."""

from collections.abc import Iterable, Mapping

from segments.calendar import DAY, ShopCalendar
from segments.evaluation.carts import CART_TYPES, apply_to_cart
from segments.evaluation.compiled import CompiledDefinitions
from segments.evaluation.matching import Lists
from segments.evaluation.measures import Context
from segments.evaluation.sequences import Track
from segments.evaluation.state import CustomerCell, SegmentState, find_order
from segments.evaluation.windows import FOREVER, NEVER
from segments.events import Event
from segments.tree import rules

LATENESS = 7 * DAY  # events that come later than this after their moment are left to the night


class Program(CompiledDefinitions):
    """Compiled definitions, and all that is done with the states of customers."""

    def __init__(
        self,
        definitions: Mapping[str, rules.Rule],
        calendar: ShopCalendar,
        list_items: Lists,
        lateness: int = LATENESS,
    ) -> None:
        super().__init__(definitions, calendar, list_items, lateness)

    def make_state(self) -> SegmentState:
        """The state of a customer of whom nothing is known."""
        return SegmentState(self.make_cell(), len(self.rules), -NEVER)

    def build_state(self, events: Iterable[Event], now: int | None = None) -> SegmentState:
        """The state of a customer with a whole history, counted as of `now`."""
        state = self.make_state()
        for event in sorted(events, key=find_order):
            self.add(state, event)
        if now is not None:
            self.prune(state, now)
        return state

    def add(self, state: SegmentState, event: Event) -> bool:
        """Take an event in, whenever it comes; false: it changes nothing, was here or comes too late."""
        if event.event_id in state.ids or event.type == "empty_cart":
            return False
        if event.at < state.pruned_at - self.lateness:
            return False
        if self.needs_carts and event.type in CART_TYPES:
            state.insert(event)
            if state.cart.is_late(event):
                self.replay(state)
                return True
            self._insert(state, event)
            emptied = state.cart.apply(event)
            if emptied is not None:
                self._insert(state, emptied)
            return True
        if not self._insert(state, event):
            return False
        state.insert(event)
        return True

    def _insert(self, state: SegmentState, event: Event, cuts: "Cuts | None" = None) -> int:
        """Put an event into all that holds it; the definitions that it can change."""
        cell = state.cell
        touched = self.layout.insert(cell, event, cuts and cuts.logs)
        for place, plan in self.sequences_by_type.get(event.type, ()):
            steps = plan.list_steps(event)
            if not steps or (cuts and event.at < cuts.sequences[place]):
                continue
            track = cell.tracks[place]
            if track is None:
                track = cell.tracks[place] = Track(plan)
            touched |= plan.mask | self.kept if plan.insert(track, event, steps) else self.kept
        for place, plan in enumerate(self.any_values):
            touched |= plan.insert(cell.values[place], event, cuts and cuts.values[place])
        state.dirty |= touched & ~self.kept
        return touched

    def replay(self, state: SegmentState) -> None:
        """Make everything anew of the events that are kept and the counters of those that are gone."""
        before, state.cell = state.cell, self.make_cell()
        state.cell.folds = before.folds
        for place, (plan, track) in enumerate(zip(self.sequences, before.tracks, strict=True)):
            state.cell.tracks[place] = None if track is None else plan.keep_runs([track])
        for place, plan in enumerate(self.any_values):
            state.cell.values[place] = plan.keep_counters(before.values[place])
        state.cart.restart()
        cuts = Cuts(self, state.pruned_at) if state.pruned_at > -NEVER else None
        latest = state.pruned_at - self.lateness
        for event in state.events:
            self._insert(state, event, cuts)
            if self.needs_carts and event.type in CART_TYPES and event.at >= latest:
                emptied = state.cart.apply(event)
                if emptied is not None:
                    self._insert(state, emptied, cuts)
        state.dirty, state.fixed = (1 << len(self.rules)) - 1, 0

    def decide(self, state: SegmentState, now: int, context: Context) -> frozenset[str]:
        """The segments that the customer is in at `now`; a moment before the last `prune` is that one."""
        now = max(now, state.pruned_at)
        if now < state.asked_at or context is not state.context:
            state.dirty, state.fixed = (1 << len(self.rules)) - 1, 0
            state.context = context
        state.asked_at = now
        if state.dirty or now >= state.changes_at:
            self._decide_again(state, now, context)
        return self.name_members(state.members)

    def _decide_again(self, state: SegmentState, now: int, context: Context) -> None:
        """Ask the definitions that an event or the time may have changed."""
        untils, dirty, members = state.untils, state.dirty & ~state.fixed, state.members
        if now >= state.changes_at:
            for place, until in enumerate(untils):
                if until <= now:
                    dirty |= 1 << place
        while dirty:
            lowest = dirty & -dirty
            dirty ^= lowest
            place = lowest.bit_length() - 1
            holds, until = self.rules[place](state.cell, now, context)
            untils[place] = until
            members = members | lowest if holds else members & ~lowest
            if until == FOREVER:
                state.fixed |= lowest
        state.members, state.dirty = members, 0
        state.changes_at = min(untils, default=NEVER)

    def find_next_change(self, state: SegmentState, now: int, context: Context) -> int | None:
        """The next moment at which membership can change without an event, or one before it; None: never."""
        self.decide(state, now, context)
        return None if state.changes_at >= NEVER else state.changes_at

    def prune(self, state: SegmentState, now: int) -> None:
        """Drop what no later moment can ask for; what is asked for ever is counted first."""
        if now <= state.pruned_at:
            return
        before = state.pruned_at - self.lateness
        state.pruned_at, latest = now, now - self.lateness
        cell, cuts = state.cell, Cuts(self, now)
        self.layout.prune(cell, cuts.logs)
        for plan, track, cut in zip(self.sequences, cell.tracks, cuts.sequences, strict=True):
            if track is not None:
                plan.prune(track, cut, latest)
        for plan, cells, value_cuts in zip(self.any_values, cell.values, cuts.values, strict=True):
            plan.prune(cells, value_cuts)
        n = state.count_before(latest)
        kept = [
            event for event in self._settle_carts(state, state.events[:n], before) if cuts.need(event, cell)
        ]
        state.events[:n] = kept
        state.ids = {event.event_id for event in state.events}

    def _settle_carts(self, state: SegmentState, events: list[Event], before: int) -> list[Event]:
        """The events with `empty_cart` ones, which the cart before the later events no longer gives."""
        if not self.needs_carts:
            return events
        settled = []
        for event in events:
            settled.append(event)
            if event.type in CART_TYPES and event.at >= before:
                emptied = apply_to_cart(state.cart.before, event)
                if emptied is not None:
                    settled.append(emptied)
        return sorted(settled, key=find_order)

    def merge(self, one: SegmentState, other: SegmentState) -> SegmentState:
        """The state of a customer who is both, as if both's events had come to one.

        Of what either has already dropped, counters are added up and carts are; events that were dropped are
        not joined to a sequence with the other's.
        """
        for state in (one, other):
            self.prune(state, max(one.pruned_at, other.pruned_at))
        merged = self.make_state()
        merged.pruned_at = one.pruned_at
        known = {event.event_id: event for event in (*one.events, *other.events)}
        merged.events, merged.ids = sorted(known.values(), key=find_order), set(known)
        pieces = merged.cart.before
        for state in (one, other):
            for item, n in state.cart.before.items():
                pieces[item] = pieces.get(item, 0) + n
        cell = merged.cell
        cell.folds = self.layout.join_folds(one.cell, other.cell)
        for place, plan in enumerate(self.sequences):
            tracks = (one.cell.tracks[place], other.cell.tracks[place])
            cell.tracks[place] = plan.keep_runs([track for track in tracks if track is not None])
        for place, plan in enumerate(self.any_values):
            cell.values[place] = plan.join(one.cell.values[place], other.cell.values[place])
        self.replay(merged)
        return merged


class Cuts:
    """Before which moments nothing is kept, by plan."""

    def __init__(self, program: Program, pruned_at: int) -> None:
        calendar, latest = program.calendar, pruned_at - program.lateness
        self.program = program
        self.logs = program.layout.find_cuts(calendar, pruned_at, latest)
        self.sequences = [plan.find_cut(pruned_at, latest) for plan in program.sequences]
        self.values = [plan.layout.find_cuts(calendar, pruned_at, latest) for plan in program.any_values]

    def need(self, event: Event, cell: CustomerCell) -> bool:
        """Whether anything still holds an event."""
        program = self.program
        if program.layout.needs(event, self.logs):
            return True
        for plan, track, cut in zip(program.sequences, cell.tracks, self.sequences, strict=True):
            if event.at >= cut and not (track and track.is_found) and plan.list_steps(event):
                return True
        return any(
            plan.needs(event, cuts) for plan, cuts in zip(program.any_values, self.values, strict=True)
        )
