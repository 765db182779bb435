"""What is kept of a customer, or of one value of theirs: logs by set of events, and counters of what is gone.

Measures that look at the same events share a log, whatever their windows are.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from segments.calendar import ShopCalendar
from segments.evaluation.logs import Log, fold, join
from segments.evaluation.matching import EventReader, Predicate, list_types
from segments.events import Event
from segments.tree.events import EventSet, Value, Window


class LogKey(NamedTuple):
    """Which events a log holds: those of a set that have an attribute (None: all of them)."""

    events: EventSet
    attribute: str | None


@dataclass
class LogPlan:
    """How one log is kept.

    Attributes:
        windows: of the measures that read it; None, "ever", is among them where folds are kept.
        folds: kinds of counters of what is gone, with their places in `Cell.folds`.
    """

    key: LogKey
    accepts: Predicate | None
    read: Callable[[Event], Value | None] | None
    has_sums: bool = False
    has_counts: bool = False
    windows: set[Window] = field(default_factory=set)
    folds: dict[str, int] = field(default_factory=dict)

    def find_cut(self, calendar: ShopCalendar, pruned_at: int, latest: int) -> int:
        """Before which moment events are gone: no window reaches there, and nothing comes so late."""
        starts = (calendar.find_bounds(pruned_at, window)[0] for window in self.windows if window is not None)
        return min([latest, *starts])

    def holds(self, event: Event) -> bool:
        """Whether an event of one of the set's types is in the log."""
        if self.accepts is not None and not self.accepts(event):
            return False
        return self.read is None or self.read(event) is not None


class Cell:
    """What a layout keeps: its logs, made when their first event comes, and its counters."""

    __slots__ = ("folds", "logs")

    def __init__(self, layout: "Layout") -> None:
        self.logs: list[Log | None] = [None] * len(layout.plans)
        self.folds: list[Any] = [None] * layout.n_folds

    @property
    def is_empty(self) -> bool:
        return not any(log and log.ats for log in self.logs) and all(kept is None for kept in self.folds)


class Layout:
    """The logs and counters that some rules read; filled while they are compiled."""

    def __init__(self, reader: EventReader, kept: int = 2) -> None:
        self.reader = reader
        self.plans: list[LogPlan] = []
        self.n_folds = 0
        self.by_type: dict[str, list[tuple[int, Predicate | None, Callable | None]]] = {}
        self.used: dict[int, bool] = {}  # logs asked for since this was last emptied: is an append felt?
        self.used_sequences: set[int] = set()
        self.used_any_values: set[int] = set()
        self.masks: list[int] = []  # by log, who reads it
        self.append_masks: list[int] = []  # who feels it that an event is put behind others
        self.kept = kept  # in a mask beside the readers: something holds the event
        self._places: dict[LogKey, int] = {}

    def find_log(self, events: EventSet, attribute: str | None, fold_kind: str) -> int:
        """The place of the log that a measure reads; its window is noted, and a counter if it has none."""
        key = LogKey(EventSet(events.types, events.filters), attribute)
        if key not in self._places:
            read = None if attribute is None else self.reader.make_getter(attribute)
            self._places[key] = place = len(self.plans)
            plan = LogPlan(key, self.reader.make_predicate(events), read)
            self.plans.append(plan)
            for name in list_types(events):
                self.by_type.setdefault(name, []).append((place, plan.accepts, read))
        plan = self.plans[place := self._places[key]]
        is_first_alone = fold_kind == "first" and events.window is None
        self.used[place] = self.used.get(place, False) or not is_first_alone
        plan.has_sums |= fold_kind == "sum"
        plan.has_counts |= fold_kind == "distinct" and events.window is None
        plan.windows.add(events.window)
        if events.window is None and fold_kind not in plan.folds:
            plan.folds[fold_kind] = self.n_folds
            self.n_folds += 1
        return place

    def find_fold(self, log: int, kind: str, window: Window) -> int | None:
        """The place of a measure's counter; None: its window has a beginning."""
        return self.plans[log].folds[kind] if window is None else None

    def mark_used(self, mask: int) -> None:
        """Note who reads the logs asked for since this was last called."""
        for masks in (self.masks, self.append_masks):
            masks += [0] * (len(self.plans) - len(masks))
        for place, is_append_felt in self.used.items():
            self.masks[place] |= mask | self.kept
            self.append_masks[place] |= (mask if is_append_felt else 0) | self.kept
        self.used.clear()

    def insert(self, cell: Cell, event: Event, cuts: list[int] | None = None) -> int:
        """Put an event into the logs that hold it, if it lies behind their cuts; who reads them."""
        logs, touched, at, event_id = cell.logs, 0, event.at, event.event_id
        for place, accepts, read in self.by_type.get(event.type, ()):
            if accepts is not None and not accepts(event):
                continue
            value = None
            if read is not None and (value := read(event)) is None:
                continue
            if cuts is not None and at < cuts[place]:
                continue
            log = logs[place]
            if log is None:
                plan = self.plans[place]
                log = logs[place] = Log(plan.has_sums, plan.has_counts)
            touched |= (self.append_masks if log.insert(at, event_id, value) else self.masks)[place]
        return touched

    def prune(self, cell: Cell, cuts: list[int]) -> None:
        """Drop what lies before the cuts, counted first where a measure looks back for ever."""
        for plan, log, cut in zip(self.plans, cell.logs, cuts, strict=True):
            if log is None or not (n := log.count_before(cut)):
                continue
            for kind, place in plan.folds.items():
                cell.folds[place] = fold(kind, cell.folds[place], log, n)
            log.drop(n)

    def needs(self, event: Event, cuts: list[int]) -> bool:
        """Whether a log still holds the event."""
        return any(
            event.at >= cuts[place] and self.plans[place].holds(event)
            for place, _, _ in self.by_type.get(event.type, ())
        )

    def find_cuts(self, calendar: ShopCalendar, pruned_at: int, latest: int) -> list[int]:
        """Before which moment each log is empty."""
        return [plan.find_cut(calendar, pruned_at, latest) for plan in self.plans]

    def join_folds(self, one: Cell, other: Cell) -> list[Any]:
        """The counters of both."""
        joined = list(one.folds)
        for plan in self.plans:
            for kind, place in plan.folds.items():
                joined[place] = join(kind, one.folds[place], other.folds[place])
        return joined
