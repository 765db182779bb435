"""There is a value of which a rule holds: logs and counters for each value of an attribute."""

from collections.abc import Callable
from typing import Any

from segments.evaluation.layout import Cell, Layout
from segments.evaluation.measures import Context
from segments.evaluation.windows import NEVER
from segments.events import Event

EVALUATE_NOW = -NEVER


class ValueCell(Cell):
    """What is kept of one value: its first moment too, and the last answer, from when until when it holds."""

    __slots__ = ("asked_at", "holds", "seen_at", "until")

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.holds, self.until = False, EVALUATE_NOW
        self.asked_at, self.seen_at = NEVER, NEVER


Cells = dict[Any, ValueCell]


class AnyValuePlan:
    """A compiled `AnyValue`. Where the rule holds of no events at all, every value ever seen counts."""

    def __init__(self, attribute: str, layout: Layout, evaluate: Callable) -> None:
        self.attribute, self.layout, self.evaluate_cell = attribute, layout, evaluate
        self.read = layout.reader.make_getter(attribute)
        self.holds_of_nothing = evaluate(Cell(layout), 0, Context("", {}))[0]
        self.mask = 0

    def insert(self, cells: Cells, event: Event, cuts: list[int] | None = None) -> int:
        """Put an event into the logs of its value; who reads them."""
        value = self.read(event)
        if value is None or not (self.holds_of_nothing or event.type in self.layout.by_type):
            return 0
        cell = cells.get(value) or ValueCell(self.layout)
        is_first = self.holds_of_nothing and event.at < cell.seen_at
        if not (self.layout.insert(cell, event, cuts) or is_first):
            return 0
        cell.seen_at = min(cell.seen_at, event.at)
        cell.until = EVALUATE_NOW
        cells[value] = cell
        return self.mask

    def evaluate(self, cells: Cells, now: int, context: Context) -> tuple[bool, int]:
        """Whether the rule holds of any value, and until when that stays."""
        holds, latest, earliest = False, EVALUATE_NOW, NEVER
        for cell in cells.values():
            if not cell.asked_at <= now < cell.until:
                cell.asked_at = now
                cell.holds, cell.until = self.evaluate_cell(cell, now, context)
                if cell.holds and cell.seen_at >= now:
                    cell.holds, cell.until = False, cell.seen_at + 1
            if cell.holds:
                holds, latest = True, max(latest, cell.until)
            elif cell.until < earliest:
                earliest = cell.until
        return (True, latest) if holds else (False, earliest)

    def prune(self, cells: Cells, cuts: list[int]) -> None:
        """Drop what lies before the cuts, and values of which nothing is left."""
        for value, cell in list(cells.items()):
            self.layout.prune(cell, cuts)
            if cell.is_empty and not self.holds_of_nothing:
                del cells[value]

    def needs(self, event: Event, cuts: list[int]) -> bool:
        """Whether a value's log still holds the event."""
        return self.read(event) is not None and self.layout.needs(event, cuts)

    def keep_counters(self, cells: Cells) -> Cells:
        """The values of which more than events is known, without their events."""
        return {
            value: self._make_cell(cell.folds, cell.seen_at)
            for value, cell in cells.items()
            if self.holds_of_nothing or any(kept is not None for kept in cell.folds)
        }

    def join(self, one: Cells, other: Cells) -> Cells:
        """The values of both with their counters, without their events."""
        joined = self.keep_counters(one)
        for value, cell in self.keep_counters(other).items():
            mine = joined.get(value)
            if mine is None:
                joined[value] = cell
            else:
                mine.folds = self.layout.join_folds(mine, cell)
                mine.seen_at = min(mine.seen_at, cell.seen_at)
        return joined

    def _make_cell(self, folds: list[Any], seen_at: int) -> ValueCell:
        cell = ValueCell(self.layout)
        cell.folds, cell.seen_at = list(folds), seen_at
        return cell
