"""What decides beside measures: sequences, values, lists, other segments and stays, each as a flag of a
customer at a moment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from segments.sql.any_value import ValueRules
from segments.sql.filters import EventConditions
from segments.sql.literals import SegmentQueryError, quote_text
from segments.sql.sequences import SequenceQuery
from segments.tree.rules import AnyValue, InList, InSegment, Rule, Sequence


@dataclass
class Flags:
    """Rules that are worked out by customer and moment outside the measures.

    Attributes:
        decided: each segment's id with its column among those decided before.
    """

    conditions: EventConditions
    decided: Mapping[str, str]
    sequences: dict[Sequence, SequenceQuery] = field(default_factory=dict)
    values: dict[str, ValueRules] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    stays: dict[str, str] = field(default_factory=dict)

    def format(self, rule: Rule) -> str:
        """The condition that the rule holds."""
        match rule:
            case Sequence():
                if rule not in self.sequences:
                    name = f"sequence_{len(self.sequences) + 1}"
                    self.sequences[rule] = SequenceQuery(name, rule, self.conditions)
                return f"(coalesce({self.sequences[rule].name}, 0) > 0)"
            case AnyValue(attribute):
                if attribute not in self.values:
                    self.values[attribute] = ValueRules(attribute, self.conditions)
                return self.values[attribute].add_rule(rule)
            case InList(name):
                return self.name_flag(self.lists, name)
            case InSegment(segment_id, None, None):
                if segment_id not in self.decided:
                    raise SegmentQueryError(f"segment {segment_id!r} is not among the definitions")
                return self.decided[segment_id]
            case InSegment():
                return self.name_flag(self.stays, self.format_stay(rule))
        raise SegmentQueryError(f"{rule!r} is no rule")

    def name_flag(self, flags: dict[str, str], key: str) -> str:
        """The condition that a list or stay is the customer's."""
        if key not in flags:
            flags[key] = self.conditions.name_column("f")
        return f"(coalesce({flags[key]}, 0) > 0)"

    def format_stay(self, rule: InSegment) -> str:
        """A present stay in a segment that is as long, or as new, as the rule asks."""
        condition = f"s.segment_id = {quote_text(rule.segment_id)}"
        if rule.since_at_least:
            condition += f" and s.entered_at <= m.{self.conditions.moments.add_start(rule.since_at_least)}"
        if rule.entered_within:
            start = self.conditions.moments.add_start(rule.entered_within)
            condition += f" and s.entered_at >= m.{start} and s.entered_at < m.now"
        return condition

    def list_parts(self) -> Iterator[tuple[str, str]]:
        """The queries that work the flags out, with their names."""
        for rules in self.values.values():
            yield from rules.list_parts()
        for sequence in self.sequences.values():
            yield from sequence.list_parts()
        if self.sequences:
            yield "sequences", self.format_sequences()
        if self.stays:
            yield "present_stays", self.format_stays()
        if self.lists:
            yield "lists", self.format_lists()

    def format_sequences(self) -> str:
        """Who has gone through which sequence."""
        names = [sequence.name for sequence in self.sequences.values()]
        rows = " union all ".join(
            f"select customer_id, now, {number} as number from {name}"
            for number, name in enumerate(names, start=1)
        )
        flags = ", ".join(
            f"count(*) filter (where number = {number}) as {name}"
            for number, name in enumerate(names, start=1)
        )
        return f"select customer_id, now, {flags} from ({rows}) found group by customer_id, now"

    def format_stays(self) -> str:
        """Who has which present stay."""
        flags = ", ".join(
            f"count(*) filter (where {stay}) as {column}" for stay, column in self.stays.items()
        )
        present = "s.entered_at <= m.now and (s.left_at is null or s.left_at > m.now)"
        moments = self.conditions.moments.join(present, "s.customer_id")
        return (
            f"select s.customer_id as customer_id, m.now as now, {flags} from stays s{moments}"
            f" group by s.customer_id, m.now"
        )

    def format_lists(self) -> str:
        """Who is on which list, at every moment."""
        flags = ", ".join(
            f"count(*) filter (where list_name = {quote_text(name)}) as {column}"
            for name, column in self.lists.items()
        )
        return f"select customer_id, {flags} from list_members group by customer_id"

    def list_columns(self) -> Iterator[tuple[str, list[str]]]:
        """The queries whose columns rules read, with these."""
        for rules in self.values.values():
            yield rules.name, list(rules.flags.values())
        if self.sequences:
            yield "sequences", [sequence.name for sequence in self.sequences.values()]
        if self.stays:
            yield "present_stays", list(self.stays.values())
        if self.lists:
            yield "lists", list(self.lists.values())
