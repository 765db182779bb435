"""What a program keeps of one customer: events that can still matter, and counters of those that are gone."""

from bisect import bisect_left, insort
from operator import attrgetter
from typing import Any

from segments.evaluation.any_values import ValueCell
from segments.evaluation.carts import Cart
from segments.evaluation.layout import Cell, Layout
from segments.evaluation.measures import Context
from segments.evaluation.sequences import Track
from segments.events import Event

find_order = attrgetter("at", "event_id")


class CustomerCell(Cell):
    """What the rules of a program read: logs, counters, sequences by plan, and values by plan."""

    __slots__ = ("tracks", "values")

    def __init__(self, layout: Layout, n_sequences: int, n_any_values: int) -> None:
        super().__init__(layout)
        self.tracks: list[Track | None] = [None] * n_sequences
        self.values: list[dict[Any, ValueCell]] = [{} for _ in range(n_any_values)]


class SegmentState:
    """One customer. A program makes, fills, joins and packs it; nobody else writes to it.

    Attributes:
        events: what was received and can still matter, in order; all else is made of it and of the counters.
        pruned_at: the moment up to which windows were asked for when events were last dropped.
        members, untils, changes_at: who was a member when last asked, by place of the definition; until when;
            and the first of these moments. `dirty` has those that an event has touched since, `fixed`
            those that none can change.
    """

    __slots__ = (
        "asked_at",
        "cart",
        "cell",
        "changes_at",
        "context",
        "dirty",
        "events",
        "fixed",
        "ids",
        "members",
        "pruned_at",
        "untils",
    )

    def __init__(self, cell: CustomerCell, n_definitions: int, pruned_at: int) -> None:
        self.events: list[Event] = []
        self.ids: set[str] = set()
        self.cell = cell
        self.cart = Cart()
        self.pruned_at = pruned_at
        self.members = 0
        self.untils = [0] * n_definitions
        self.changes_at = 0
        self.dirty = (1 << n_definitions) - 1
        self.fixed = 0
        self.asked_at = 0
        self.context: Context | None = None

    def insert(self, event: Event) -> None:
        """Put an event among those received."""
        self.ids.add(event.event_id)
        if not self.events or event > self.events[-1]:
            self.events.append(event)
        else:
            insort(self.events, event, key=find_order)

    def count_before(self, at: int) -> int:
        """How many of the events lie before a moment."""
        return bisect_left(self.events, at, key=attrgetter("at"))
