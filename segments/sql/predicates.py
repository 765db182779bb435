"""Rules as conditions that are true or false, never null, of a customer at a moment or of one value of an
attribute.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from segments.sql.filters import COMPARISONS
from segments.sql.literals import SegmentQueryError, format_number, format_value, quote_text
from segments.sql.measures import Measures
from segments.tree.measures import Measure
from segments.tree.rules import (
    Age,
    Anniversary,
    AnyValue,
    Between,
    Compare,
    Group,
    InList,
    InSegment,
    IsKnown,
    OneOf,
    RandomShare,
    Rule,
    Sequence,
)

ENDS = {"first": "min", "last": "max"}
Outside = AnyValue | InList | InSegment | Sequence


@dataclass
class Predicates:
    """Rules over the measures of one grain.

    Attributes:
        format_outside: the condition of a rule that is decided outside the grain's measures.
    """

    measures: Measures
    format_outside: Callable[[Outside], str]

    def format(self, rule: Rule) -> str:
        """A rule as a condition."""
        match rule:
            case Group("not", (Group("not", (inner,)),)) | Group("all" | "any", (inner,)):
                return self.format(inner)  # what parses SQL nests some twenty calls deep at each level
            case Group("not", (inner,)):
                return f"not {self.format(inner)}"
            case Group(operator, rules):
                joined = " and " if operator == "all" else " or "
                return f"({joined.join(map(self.format, rules))})"
            case Compare(measure, op, other):
                return self.format_compare(measure, op, other)
            case Between(measure, low, high):
                expression, kind = self.measures.format(measure)
                if kind != "number":
                    raise SegmentQueryError(f"{measure!r} is a {kind}; between is of numbers")
                ends = f"{format_number(low)} and {format_number(high)}"
                return f"coalesce({expression} between {ends}, false)"
            case OneOf(measure, values):
                expression, kind = self.measures.format(measure)
                listed = ", ".join(format_value(value, kind) for value in values)
                return f"coalesce({expression} in ({listed}), false)"
            case IsKnown(measure):
                return f"({self.measures.format(measure)[0]} is not null)"
            case Age(which, events, op, duration):
                at = self.measures.add(f"{ENDS[which]}(e.at)", events)
                start = self.measures.conditions.moments.add_start(duration)
                return f"coalesce({at} {'<=' if op == '>=' else '>'} {start}, false)"
            case Anniversary(which, events, days):
                return self.format_anniversary(self.measures.add(f"{ENDS[which]}(e.day)", events), days)
            case RandomShare(share, seed):
                return format_share(share, seed)
        return self.format_outside(rule)

    def format_compare(self, measure: Measure, op: str, other: Measure) -> str:
        """Two measures compared."""
        (left, kind), (right, other_kind) = self.measures.format(measure), self.measures.format(other)
        if kind != other_kind:
            raise SegmentQueryError(f"{measure!r} is a {kind}, {other!r} a {other_kind}")
        return f"coalesce({left} {COMPARISONS[op]} {right}, false)"

    def format_anniversary(self, day: str, days: int) -> str:
        """Whether the anniversary of a day, this year's or the next, is one of so many days from today on."""
        until = self.measures.conditions.moments.add_last_day(days)
        year = f"extract(year from {day})"
        month_day = f"(extract(month from {day}) * 100 + extract(day from {day}))"
        this, following = (
            f"((this_year + {later}) * 10000 + case when {month_day} = 229 then {february} else {month_day}"
            " end)"
            for later, february in ((0, "february_ends"), (1, "next_february_ends"))
        )
        return (
            f"coalesce(({year} < this_year and {this} between today and {until})"
            f" or {following} <= {until}, false)"
        )


def format_share(share: float, seed: str) -> str:
    """Whether a customer is of a random share: 8 hexadecimal digits sort as the numbers that they write."""
    bound = math.ceil(share * 2**32)
    if not 0 < bound < 2**32:
        return "true" if bound > 0 else "false"
    return f"(substr(md5({quote_text(f'{seed}:')} || customer_id), 1, 8) < '{bound:08x}')"
