"""Why a customer is in a segment or not: each clause of its rule, what was measured, and what is nearest."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from segments.calendar import ShopCalendar
from segments.evaluation.ages import make_moment
from segments.evaluation.matching import Lists
from segments.evaluation.measures import Context, MeasureCompiler
from segments.evaluation.program import Program
from segments.evaluation.state import SegmentState
from segments.evaluation.windows import NEVER, ShopWindows
from segments.events import Event
from segments.tree import measures, rules


@dataclass(frozen=True)
class Clause:
    """One clause of a rule, of a customer at a moment.

    Attributes:
        is_wanted: whether the rule wants it to hold; it does not below a `not`.
        value: what was measured: a number or text; of an age the event's moment; of a sequence how many steps
            have been seen in a row; of `AnyValue` a value that it holds of. None: unknown.
        op, threshold: what it was compared by and with; of an age the latest moment that is old enough.
        gap: if the clause is not as wanted, how far the value is from the threshold, as a share of it (of 1,
            where it is 0); of an age, of its length. All steps seen and 0: an absence fails. None: no size.
        changes_at: the next moment at which it can change without an event; None: never.
        parts: the clauses of a group, or of the rule of a segment that is named.
    """

    rule: rules.Rule
    holds: bool
    is_wanted: bool = True
    value: Any = None
    op: str | None = None
    threshold: Any = None
    gap: float | None = None
    changes_at: int | None = None
    parts: tuple["Clause", ...] = ()

    @property
    def is_as_wanted(self) -> bool:
        return self.holds == self.is_wanted


@dataclass(frozen=True)
class Explanation:
    """Why, and of the clauses that keep the customer out the one that is nearest; None: they are in."""

    clause: Clause
    nearest: Clause | None

    @property
    def is_member(self) -> bool:
        return self.clause.holds


@dataclass(frozen=True)
class Shop:
    """What all customers share: the calendar, lists of items, and the rules of segments that are named."""

    calendar: ShopCalendar
    list_items: Lists
    definitions: Mapping[str, rules.Rule]


def explain(
    rule: rules.Rule, history: Iterable[Event], now: int, context: Context, shop: Shop
) -> Explanation:
    """Each clause of a rule, of a customer with this history at `now`."""
    clause = Explainer(rule, history, (now, context), shop).explain_clause(rule, is_wanted=True)
    failing = () if clause.holds else tuple(list_failing(clause))
    nearest = min(failing, key=lambda each: (each.gap is None, each.gap), default=None)
    return Explanation(clause, nearest)


def list_failing(clause: Clause) -> Iterator[Clause]:
    """The clauses without parts that are not as the rule wants them, of parts that are not."""
    if clause.is_as_wanted:
        return
    if not clause.parts:
        yield clause
    for part in clause.parts:
        yield from list_failing(part)


class Explainer:
    """One customer at one moment, and the parts of one rule compiled."""

    def __init__(
        self, rule: rules.Rule, history: Iterable[Event], asked: tuple[int, Context], shop: Shop
    ) -> None:
        self.now, self.context = asked
        self.shop = shop
        self.leaves = list(dict.fromkeys(self._list_leaves(rule)))
        asked_rules = {f"{place}": leaf for place, leaf in enumerate(self.leaves)}
        self.program = Program(asked_rules, shop.calendar, shop.list_items)
        self.windows = ShopWindows(shop.calendar)
        self.measures = MeasureCompiler(self.program.layout, self.windows)
        self.state: SegmentState = self.program.build_state(history)
        # Before anything is asked, as runs that are broken for ever are dropped then.
        sequences = (leaf for leaf in self.leaves if isinstance(leaf, rules.Sequence))
        self.steps_seen = {leaf: self._count_steps(leaf) for leaf in sequences}

    def _list_leaves(self, rule: rules.Rule) -> Iterator[rules.Rule]:
        """The clauses that have no parts."""
        match rule:
            case rules.Group(_, parts):
                for part in parts:
                    yield from self._list_leaves(part)
            case rules.InSegment(segment_id, None, None):
                yield from self._list_leaves(self.shop.definitions[segment_id])
            case _:
                yield rule

    def explain_clause(self, rule: rules.Rule, is_wanted: bool) -> Clause:
        """A clause and those in it."""
        match rule:
            case rules.Group(operator, inner):
                parts = tuple(self.explain_clause(part, is_wanted ^ (operator == "not")) for part in inner)
                results = [part.holds for part in parts]
                holds = {"all": all(results), "any": any(results), "not": not results[0]}[operator]
                return Clause(rule, holds, is_wanted, parts=parts)
            case rules.InSegment(segment_id, None, None):
                part = self.explain_clause(self.shop.definitions[segment_id], is_wanted)
                return Clause(rule, part.holds, is_wanted, parts=(part,))
        program = self.program
        place = program.segment_ids.index(f"{self.leaves.index(rule)}")
        holds, until = program.rules[place](self.state.cell, self.now, self.context)
        clause = Clause(rule, holds, is_wanted, changes_at=None if until >= NEVER else until)
        clause = self._measure(clause)
        return clause if clause.is_as_wanted else replace(clause, gap=find_gap(clause, self.now))

    def _measure(self, clause: Clause) -> Clause:
        """The clause with what was measured, and with what it was compared."""
        match clause.rule:
            case rules.Compare(measure, op, other):
                return replace(clause, value=self._find(measure), op=op, threshold=self._find(other))
            case rules.Between(measure, low, high):
                return replace(clause, value=self._find(measure), op="between", threshold=(low, high))
            case rules.OneOf(measure, values):
                return replace(clause, value=self._find(measure), op="in", threshold=values)
            case rules.IsKnown(measure):
                return replace(clause, value=self._find(measure), op="is_known", threshold=True)
            case rules.Age(which, events, op, duration):
                start = self.shop.calendar.find_start(self.now, duration)
                return replace(clause, value=self._find_moment(which, events), op=op, threshold=start)
            case rules.Anniversary(which, events, _):
                return replace(clause, value=self._find_moment(which, events))
            case rules.Sequence(steps):
                n_steps = sum(not step.is_absent for step in steps)
                return replace(clause, value=self.steps_seen[clause.rule], op=">=", threshold=n_steps)
            case rules.AnyValue():
                return replace(clause, value=self._find_value(clause))
            case rules.RandomShare(share):
                return replace(clause, threshold=share)
        return clause

    def _find(self, measure: measures.Measure) -> Any:
        return self.measures.compile(measure)(self.state.cell, self.now, self.context)[0]

    def _find_moment(self, which: str, events: Any) -> int | None:
        return make_moment(which, events, self.program.layout, self.windows)(self.state.cell, self.now)[0]

    def _count_steps(self, rule: rules.Sequence) -> int:
        """How many steps have been seen in a row, in the window and before `now`."""
        place = self.program.sequence_places[rule]
        track, plan = self.state.cell.tracks[place], self.program.sequences[place]
        if track is None:
            return 0
        start, end = plan.window.find_bounds(self.now)
        seen = [
            number + 1
            for number, runs in enumerate(track.runs)
            if any(run.began_at >= start and run.event.at < end for run in runs)
        ]
        return max(seen, default=0)

    def _find_value(self, clause: Clause) -> Any:
        """The first value of which the rule holds."""
        place = self.program.any_value_places[clause.rule]
        cells = self.state.cell.values[place]
        return min((value for value, cell in cells.items() if cell.holds), default=None)


def find_gap(clause: Clause, now: int) -> float | None:
    """How far what was measured is from the threshold, as a share of it; None where that has no size."""
    value, threshold = clause.value, clause.threshold
    if clause.op == "between" and is_number(value):
        threshold = min(threshold, key=lambda end: abs(end - value))
    if not (is_number(value) and is_number(threshold)):
        return None
    whole = now - threshold if isinstance(clause.rule, rules.Age) else threshold
    return abs(threshold - value) / (abs(whole) or 1)


def is_number(value: Any) -> bool:
    """Whether something has a size."""
    return isinstance(value, int | float) and not isinstance(value, bool)
