"""A night's definitions joined with some that were published since: each with its own state, asked as one.

States that a night has packed belong to its own definitions: what came since cannot be compiled into
them.
"""

from collections.abc import Collection, Mapping
from functools import cached_property

from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context
from segments.evaluation.program import Program
from segments.evaluation.state import SegmentState
from segments.events import Event
from segments.live import LiveProgram
from segments.tree.rules import Rule


class JoinedState:
    """One customer, by the night's definitions and by those since."""

    __slots__ = ("of_night", "since")

    def __init__(self, of_night: SegmentState, since: SegmentState) -> None:
        self.of_night, self.since = of_night, since

    @property
    def ids(self) -> set[str]:
        """Of the events received, as either's definitions keep them."""
        return self.of_night.ids | self.since.ids

    @property
    def events(self) -> list[Event]:
        """Those that can still matter to the night's definitions."""
        return self.of_night.events

    @property
    def changes_at(self) -> int:
        """The first moment at which time alone can change an answer."""
        return min(self.of_night.changes_at, self.since.changes_at)


class JoinedProgram:
    """What `Program` does with states, of both."""

    def __init__(self, of_night: Program, since: Program, replaced: Collection[str]) -> None:
        """
        Args:
            replaced: ids of which the night's definitions do not count.
        """
        self.of_night, self.since, self._replaced = of_night, since, frozenset(replaced)
        self.calendar = of_night.calendar

    def make_state(self) -> JoinedState:
        """The state of a customer of whom nothing is known."""
        return JoinedState(self.of_night.make_state(), self.since.make_state())

    def add(self, state: JoinedState, event: Event) -> bool:
        """Take an event in; false: it changes nothing."""
        is_of_night = self.of_night.add(state.of_night, event)
        return self.since.add(state.since, event) or is_of_night

    def decide(self, state: JoinedState, now: int, context: Context) -> frozenset[str]:
        """The segments that the customer is in at `now`."""
        by_night = self.of_night.decide(state.of_night, now, context)
        return (by_night - self._replaced) | self.since.decide(state.since, now, context)

    def merge(self, one: JoinedState, other: JoinedState) -> JoinedState:
        """The state of a customer who is both."""
        of_night = self.of_night.merge(one.of_night, other.of_night)
        return JoinedState(of_night, self.since.merge(one.since, other.since))


class JoinedPacker:
    """Unpacks what a night has packed, of a customer of whom nothing has come since."""

    def __init__(self, live: LiveProgram, since: Program) -> None:
        self._packer, self._since = live.packer, since

    def unpack(self, packed: bytes) -> JoinedState:
        """
        Raises:
            ValueError: these are no such bytes.
        """
        return JoinedState(self._packer.unpack(packed), self._since.make_state())


class JoinedLive:
    """As `LiveProgram`, of a night's definitions and of those published since, which count in the place of
    the night's of the same ids.
    """

    def __init__(self, night: LiveProgram, since: Mapping[str, Rule], calendar: ShopCalendar) -> None:
        self.night, self.replaced = night, night.live & since.keys()
        self.live = night.live | since.keys()
        program = Program(since, calendar, {})
        self.program = JoinedProgram(night.program, program, since.keys())
        self.packer = JoinedPacker(night, program)

    @cached_property
    def fingerprint(self) -> str:
        """Of the night's definitions, whose states these are."""
        return self.night.fingerprint
