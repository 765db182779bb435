"""What the night asks of the definitions in force: which look at events, and which moments these ask for."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from segments.fields import NIGHT_FIELDS, PROFILE_FIELDS
from segments.sql.members import MembersQuery, build_members_query
from segments.sql.moments import MomentColumns
from segments.tree import rules
from segments.tree.events import Period
from segments.tree.measures import Constant, FieldValue
from segments.tree.rules import InSegment, Segment
from segments.tree.walking import walk

TODAY = Period("day", 0)
DAY_BEGINS = "day_begins_0_ago"  # its column
RANKS = ("recency_score", "frequency_score", "monetary_score", "value_score", "spend_percentile")
OF_A_FIELD = (rules.Compare, rules.Between, rules.OneOf, rules.IsKnown)


@dataclass(frozen=True)
class NightlyRules:
    """The definitions in force, parted by how the night evaluates them."""

    segments: tuple[Segment, ...]

    @cached_property
    def plain(self) -> tuple[Segment, ...]:
        """Those of fields and groups alone, which are conditions on a row of a customer's state."""
        return tuple(each for each in self.segments if is_plain(each.members))

    @cached_property
    def behaviour(self) -> tuple[Segment, ...]:
        """Those that are asked by one query over events."""
        others = {each.segment_id for each in (*self.plain, *self.staying)}
        return tuple(each for each in self.segments if each.segment_id not in others)

    @cached_property
    def staying(self) -> tuple[Segment, ...]:
        """Those that ask how long somebody is in another segment, or rest on one that does: they are asked
        when the stays in all others are known.
        """
        return tuple(each for each in self.segments if any(self.list_stay_rules(each)))

    @cached_property
    def stay_segments(self) -> list[str]:
        """The segments of which it is asked how long somebody is in them."""
        return sorted({rule.segment_id for each in self.staying for rule in self.list_stay_rules(each)})

    def list_stay_rules(self, segment: Segment) -> Iterator[InSegment]:
        """What a segment asks of stays, by itself or by a segment whose rule it asks."""
        for each in find_needed([segment], self.by_id):
            yield from filter(asks_of_stays, walk(each.members))

    @cached_property
    def by_id(self) -> dict[str, Segment]:
        """The definitions by id."""
        return {each.segment_id: each for each in self.segments}

    @cached_property
    def query(self) -> MembersQuery:
        """The query of the members of those of behaviour, with the segments that they rest on."""
        return self.build_query(self.behaviour)

    @cached_property
    def staying_query(self) -> MembersQuery:
        """The query of the members of those that ask of stays."""
        return self.build_query(self.staying)

    def build_query(self, segments: Sequence[Segment]) -> MembersQuery:
        """The query of some segments' members, each customer at moments of their own."""
        asked = {each.segment_id for each in segments}
        needed = find_needed(segments, self.by_id)
        return build_members_query(needed, NIGHT_FIELDS, of_customers=True, asked=asked)

    @cached_property
    def moments(self) -> MomentColumns:
        """The columns of `moments` that the night asks for, and where a day begins, from which a stay
        counts.
        """
        everything = self.build_query([*self.behaviour, *self.staying]).moments
        everything.add_period(TODAY)
        return everything

    @cached_property
    def moved_bounds(self) -> list[str]:
        """The columns of `moments` whose way past an event may change an answer."""
        if not self.behaviour:
            return []
        columns = self.query.moments.list_columns()
        return [name for name, kind in columns.items() if kind == "timestamp"]

    @cached_property
    def profile_fields(self) -> list[str]:
        """The fields of profile and predictions that rules name."""
        return list_profile_fields(self.segments)

    @cached_property
    def fields_of_profile(self) -> dict[str, list[str]]:
        """The same of each segment, by itself or by a segment it names."""
        return {
            name: list_profile_fields(find_needed([each], self.by_id)) for name, each in self.by_id.items()
        }

    @cached_property
    def ranked(self) -> set[str]:
        """The segments whose rules compare customers with each other, by themselves or by a segment they
        name.
        """
        return {
            each.segment_id
            for each in self.segments
            if any(map(compares_customers, find_needed([each], self.by_id)))
        }

    @cached_property
    def asks_every_day(self) -> bool:
        """Whether an answer may change on a day that nobody can list."""
        return bool(self.staying) or any(map(is_of_any_day, self.behaviour))


def list_profile_fields(segments: Iterable[Segment]) -> list[str]:
    """The fields of profile and predictions that some segments' rules name."""
    nodes = (node for each in segments for node in walk(each.members))
    return sorted(
        {node.name for node in nodes if isinstance(node, FieldValue) and node.name in PROFILE_FIELDS}
    )


def asks_of_stays(node: Any) -> bool:
    """Whether a rule asks how long somebody is in another segment."""
    return isinstance(node, InSegment) and bool(node.since_at_least or node.entered_within)


def compares_customers(segment: Segment) -> bool:
    """Whether a rule asks for a place among all customers."""
    return any(isinstance(node, FieldValue) and node.name in RANKS for node in walk(segment.members))


def is_of_any_day(segment: Segment) -> bool:
    """Whether a rule looks at the calendar itself, or compares a field that time changes with something else
    than values.
    """
    nodes = list(walk(segment.members))
    compared = {id(node.measure) for node in nodes if isinstance(node, OF_A_FIELD) and is_plain(node)}
    return any(
        isinstance(node, rules.Anniversary)
        or (isinstance(node, FieldValue) and is_changed_by_time(node.name) and id(node) not in compared)
        for node in nodes
    )


def is_changed_by_time(field: str) -> bool:
    """Whether the field changes for a customer of whom nothing is new: with the days, or with others."""
    return field.startswith("days_since_") or field in ("overdue_percent", "spend_percentile")


def find_needed(asked: Sequence[Segment], by_id: dict[str, Segment]) -> list[Segment]:
    """Some segments and those whose rules they ask, by id."""
    waiting, found = [each.segment_id for each in asked], {}
    while waiting:
        segment = by_id[waiting.pop()]
        if segment.segment_id not in found:
            found[segment.segment_id] = segment
            waiting += [
                node.segment_id
                for node in walk(segment.members)
                if isinstance(node, InSegment) and not asks_of_stays(node)
            ]
    return [found[segment_id] for segment_id in sorted(found)]


def is_plain(rule: rules.Rule) -> bool:
    """Whether a rule is made of groups and of fields compared with values."""
    if isinstance(rule, rules.Group):
        return all(map(is_plain, rule.rules))
    if not isinstance(rule, OF_A_FIELD) or not isinstance(rule.measure, FieldValue):
        return False
    return not isinstance(rule, rules.Compare) or isinstance(rule.other, Constant)
