"""Rules as functions of what is kept of a customer: whether one holds at `now`, and until when that stays.

"Until" is never later than the first moment at which the answer can change without an event. Of several parts
those alone count that keep a rule as it is: while one part of `all` is false, no other can change it.
"""

import hashlib
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from segments.evaluation.ages import make_age, make_anniversary
from segments.evaluation.any_values import AnyValuePlan
from segments.evaluation.layout import Cell, Layout
from segments.evaluation.measures import Context, MeasureCompiler, Measured, take_distinct
from segments.evaluation.sequences import SequencePlan
from segments.evaluation.windows import FOREVER, NEVER, ShopWindows
from segments.tree import measures, rules
from segments.tree.events import COMPARE, EventSet

# What a comparison of a count stays, once it is, while events come and none goes; the opposite while they go.
STAYS = {">=": True, ">": True, "<": False, "<=": False}
Evaluated = Callable[[Any, int, Context], tuple[bool, int]]


class RuleCompiler:
    """Compiles rules against a layout, which it fills.

    Attributes:
        sequences: plans of what `CustomerCell.tracks` holds, in this order.
        any_values: plans of what `CustomerCell.values` holds.
    """

    def __init__(self, layout: Layout, windows: ShopWindows, definitions: Mapping[str, rules.Rule]) -> None:
        self.layout, self.windows, self.definitions = layout, windows, definitions
        self.measures = MeasureCompiler(layout, windows)
        self.sequences: dict[rules.Sequence, SequencePlan] = {}
        self.any_values: dict[rules.AnyValue, AnyValuePlan] = {}
        self._open: list[str] = []

    def compile_segment(self, segment_id: str) -> Evaluated:
        """The rule of a segment, those of other segments in it.

        Raises:
            ValueError: a segment is not defined, or asks for itself.
        """
        if segment_id in self._open:
            raise ValueError(f"segments ask for each other: {' → '.join([*self._open, segment_id])}")
        if segment_id not in self.definitions:
            raise ValueError(f"there is no segment {segment_id!r}; there are {sorted(self.definitions)}")
        self._open.append(segment_id)
        compiled = self.compile(self.definitions[segment_id])
        self._open.pop()
        return compiled

    def compile(self, rule: rules.Rule) -> Evaluated:
        """The rule as a function."""
        match rule:
            case rules.Group(operator, parts):
                return make_group(operator, tuple(self.compile(part) for part in sorted(parts, key=weigh)))
            case rules.Compare(measures.Count(events), op, measures.Constant(value)):
                return self._compile_count(events, op, value)
            case rules.Compare(measures.CountDistinct() as measure, op, measures.Constant(value)):
                return self._compile_distinct(measure, op, value)
            case rules.Compare(measure, op, other):
                return make_comparison(
                    self.measures.compile(measure), COMPARE[op], self.measures.compile(other)
                )
            case rules.Between(measure, low, high):
                return make_test(self.measures.compile(measure), lambda value: low <= value <= high)
            case rules.OneOf(measure, values):
                return make_test(self.measures.compile(measure), lambda value: value in values)
            case rules.IsKnown(measure):
                return make_test(self.measures.compile(measure), lambda value: True)
            case rules.Age():
                return make_age(rule, self.layout, self.windows)
            case rules.Anniversary():
                return make_anniversary(rule, self.layout, self.windows)
            case rules.Sequence():
                return self._compile_sequence(rule)
            case rules.AnyValue():
                return self._compile_any_value(rule)
            case rules.InSegment(segment_id, None, None):
                return self.compile_segment(segment_id)
            case rules.InSegment():
                return make_stay(rule, self.windows)
            case rules.InList(name):
                return lambda cell, now, context: (name in context.lists, FOREVER)
            case rules.RandomShare(share, seed):
                return lambda cell, now, context: (draw(seed, context.customer_id) < share * 2**32, FOREVER)
        raise TypeError(f"no rule: {rule!r}")

    def _compile_count(self, events: EventSet, op: str, wanted: float) -> Evaluated:
        """A count compared with a number: how many may leave the window is known before they do."""
        find_span, fold = self.measures.make_reader(events, None, "count")
        find_exit, compare = self.windows.find_window(events.window).find_exit, COMPARE[op]
        stays = STAYS.get(op) if events.window is None else None

        def evaluate(cell: Cell, now: int, context: Context) -> tuple[bool, int]:
            log, first, last, until = find_span(cell, now)
            n = last - first + (0 if fold is None else cell.folds[fold] or 0)
            holds = compare(n, wanted)
            if holds is stays:
                return holds, FOREVER
            if until == NEVER or last < len(log.ats):
                return holds, until
            place = first + n - find_next_count(op, n, wanted) - 1
            return holds, find_exit(log.ats[place], now) if place < last else NEVER

        return evaluate

    def _compile_distinct(self, measure: measures.CountDistinct, op: str, wanted: float) -> Evaluated:
        """Different values compared with a number: while events leave a window they do not become more."""
        find_span, fold = self.measures.make_reader(measure.events, measure.attribute, "distinct")
        compare, stays, is_ever = COMPARE[op], STAYS.get(op), measure.events.window is None

        def evaluate(cell: Cell, now: int, context: Context) -> tuple[bool, int]:
            span = find_span(cell, now)
            holds = compare(take_distinct(span, None if fold is None else cell.folds[fold]), wanted)
            if is_ever:
                return holds, FOREVER if holds is stays else span[3]
            is_settled = holds is not stays and stays is not None and span[2] == len(span[0].ats)
            return holds, NEVER if is_settled else span[3]

        return evaluate

    def _compile_sequence(self, rule: rules.Sequence) -> Evaluated:
        if rule not in self.sequences:
            window = self.windows.find_window(rule.window)
            self.sequences[rule] = SequencePlan(rule, self.layout.reader, window)
        plan, place = self.sequences[rule], list(self.sequences).index(rule)
        self.layout.used_sequences.add(place)
        return lambda cell, now, context: plan.evaluate(cell.tracks[place], now)

    def _compile_any_value(self, rule: rules.AnyValue) -> Evaluated:
        if rule not in self.any_values:
            layout = Layout(self.layout.reader)
            evaluate = RuleCompiler(layout, self.windows, {}).compile(rule.rule)
            layout.mark_used(1)
            self.any_values[rule] = AnyValuePlan(rule.attribute, layout, evaluate)
        plan, place = self.any_values[rule], list(self.any_values).index(rule)
        self.layout.used_any_values.add(place)
        return lambda cell, now, context: plan.evaluate(cell.values[place], now, context)


def weigh(rule: rules.Rule) -> int:
    """What a rule costs to ask: of a group's parts the cheap ones are asked first, as one may decide."""
    match rule:
        case rules.Group(_, parts):
            return sum(weigh(part) for part in parts)
        case rules.Sequence() | rules.AnyValue():
            return 100
        case rules.InList() | rules.RandomShare() | rules.Compare(measures.FieldValue()):
            return 1
        case rules.Compare(measures.DistanceTo()) | rules.Anniversary():
            return 20
    return 10


def make_group(operator: str, parts: tuple[Evaluated, ...]) -> Evaluated:
    """Rules joined."""
    if operator == "not":
        (part,) = parts

        def negate(cell: Any, now: int, context: Context) -> tuple[bool, int]:
            holds, until = part(cell, now, context)
            return not holds, until

        return negate
    decisive = operator == "any"  # one part that is so decides

    def evaluate(cell: Any, now: int, context: Context) -> tuple[bool, int]:
        is_decided, earliest, latest = False, FOREVER, 0
        for part in parts:
            holds, until = part(cell, now, context)
            if holds is decisive:
                if until >= NEVER:
                    return decisive, until
                is_decided, latest = True, max(latest, until)
            elif until < earliest:
                earliest = until
        return (decisive, latest) if is_decided else (not decisive, earliest)

    return evaluate


def make_comparison(measure: Measured, compare: Callable, other: Measured) -> Evaluated:
    """Two measures compared; false where either is unknown."""

    def evaluate(cell: Any, now: int, context: Context) -> tuple[bool, int]:
        left, until = measure(cell, now, context)
        right, later = other(cell, now, context)
        holds = left is not None and right is not None and compare(left, right)
        return holds, until if until < later else later

    return evaluate


def make_test(measure: Measured, accepts: Callable[[Any], bool]) -> Evaluated:
    """A measure that is tested; false where it is unknown."""

    def evaluate(cell: Any, now: int, context: Context) -> tuple[bool, int]:
        value, until = measure(cell, now, context)
        return value is not None and accepts(value), until

    return evaluate


def find_next_count(op: str, n: int, wanted: float) -> int:
    """The next smaller count that compares otherwise with the number; -1: none does."""
    if op in ("=", "!="):
        return n - 1 if n == wanted else (int(wanted) if 0 <= wanted < n and wanted == int(wanted) else -1)
    least = math.ceil(wanted) if op in (">=", "<") else math.floor(wanted) + 1
    return least - 1 if n >= least else -1


def make_stay(rule: rules.InSegment, windows: ShopWindows) -> Evaluated:
    """In a segment for so long, or since lately, by the customer's stays."""
    old, new = (d and windows.find_shift(d) for d in (rule.since_at_least, rule.entered_within))

    def evaluate(cell: Any, now: int, context: Context) -> tuple[bool, int]:
        until = NEVER
        for stay in context.stays:
            if stay.segment_id != rule.segment_id or (stay.left_at is not None and stay.left_at <= now):
                continue
            begins, ends = stay.entered_at, NEVER if stay.left_at is None else stay.left_at
            if old:
                begins = max(begins, old.find_end(stay.entered_at - 1))
            if new:
                begins = max(begins, stay.entered_at + 1)
                ends = min(ends, new.find_end(stay.entered_at))
            if begins <= now < ends:
                return True, ends
            if now < begins < ends:
                until = min(until, begins)
        return False, until

    return evaluate


@lru_cache(maxsize=100_000)
def draw(seed: str, customer_id: str) -> int:
    """A customer's number of 32 bits for a seed."""
    return int(hashlib.md5(f"{seed}:{customer_id}".encode(), usedforsecurity=False).hexdigest()[:8], 16)
