"""What rules measure, as expressions: each is worked out once, however many definitions ask for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from segments.events import ATTRIBUTES
from segments.fields import Field
from segments.sql.aggregates import Grain, Scan
from segments.sql.distinct import DistinctScan
from segments.sql.filters import EventConditions, format_distance
from segments.sql.literals import (
    SegmentQueryError,
    check_name,
    find_kind,
    format_value,
    keep_finite,
)
from segments.sql.selections import PLACE, Pick, format_commonest, format_end, format_leading
from segments.tree.events import EventSet
from segments.tree.measures import (
    Aggregate,
    Arithmetic,
    Constant,
    Count,
    CountDistinct,
    DistanceTo,
    FieldValue,
    Measure,
    Selection,
)

FUNCTIONS = {"sum": "sum", "average": "avg", "min": "min", "max": "max"}


@dataclass
class Measures:
    """The measures of one grain, and the queries that work them out.

    Attributes:
        known_fields: the fields that may be asked for; none of a value.
        scans: of customers one a set of types; of values one for all, which is also where values come from.
        parts: the queries of selections by name.
        selected: each selection with its query's name and columns.
    """

    grain: Grain
    conditions: EventConditions
    known_fields: Mapping[str, Field]
    scans: dict[tuple[str, ...], Scan] = field(default_factory=dict)
    distinct: dict[tuple[str, ...], DistinctScan] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    selected: dict[tuple, tuple[str, tuple[str, ...]]] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)

    def find_scan(self, types: tuple[str, ...]) -> Scan:
        """The pass that a set of these types is measured in."""
        key = () if self.grain.attribute else tuple(sorted(types))
        if key not in self.scans:
            self.scans[key] = Scan(
                f"{self.grain.name}_scan_{len(self.scans) + 1}", self.grain, self.conditions
            )
        return self.scans[key]

    def add(self, function: str, events: EventSet) -> str:
        """The column of an aggregate over a set of events."""
        return self.find_scan(events.types).add_aggregate(function, events)

    def format(self, measure: Measure) -> tuple[str, str]:
        """A measure as an expression that is null where unknown, and its kind: number, text or boolean."""
        match measure:
            case Constant(value):
                return format_value(value, find_kind(value)), find_kind(value)
            case FieldValue(name):
                return self.format_field(name)
            case Count(events):
                return f"cast(coalesce({self.add('count(*)', events)}, 0) as double)", "number"
            case CountDistinct(attribute, events):
                return f"cast(coalesce({self.count_distinct(attribute, events)}, 0) as double)", "number"
            case Aggregate(function, attribute, events):
                return self.format_aggregate(function, attribute, events), "number"
            case Selection(which, attribute, events):
                kind = ATTRIBUTES[attribute].kind
                (column,) = self.select(which, check_name(attribute), events)
                return (f"cast({column} as double)" if kind == "number" else column), kind
            case DistanceTo(latitude, longitude, events):
                place = self.select("last", "place", events)
                return format_distance(place[0], place[1], latitude, longitude), "number"
            case Arithmetic(operator, left, right):
                return keep_finite(self.format_arithmetic(operator, left, right)), "number"
        raise SegmentQueryError(f"{measure!r} is no measure")

    def format_field(self, name: str) -> tuple[str, str]:
        """A field of the customer."""
        if name not in self.known_fields:
            raise SegmentQueryError(f"{name!r} is no field that can be asked for here")
        self.fields.add(name)
        column, kind = f"field_{check_name(name)}", self.known_fields[name].kind
        return (keep_finite(f"cast({column} as double)"), kind) if kind == "number" else (column, kind)

    def format_aggregate(self, function: str, attribute: str, events: EventSet) -> str:
        """A total; sums of decimals are exact, and become 64 bits when they are complete."""
        name = f"e.{check_name(attribute)}"
        if function == "average":
            total = self.add(f"sum({name})", events)
            return (
                f"cast({total} as double) / cast(nullif({self.add(f'count({name})', events)}, 0) as double)"
            )
        column = self.add(f"{FUNCTIONS[function]}({name})", events)
        return f"cast(coalesce({column}, 0) as double)" if function == "sum" else f"cast({column} as double)"

    def count_distinct(self, attribute: str, events: EventSet) -> str:
        """The column that counts an attribute's different values."""
        key = (check_name(attribute), *sorted(events.types))
        if key not in self.distinct:
            name = f"{self.grain.name}_distinct_{len(self.distinct) + 1}"
            self.distinct[key] = DistinctScan(Scan(name, self.grain, self.conditions), attribute)
        if self.grain.attribute:
            self.find_scan(events.types).widen(events)
        # The types stand in the condition too where the grain is of values; there sets of others share.
        return self.distinct[key].add_set(events)

    def select(self, which: str, attribute: str, events: EventSet) -> tuple[str, ...]:
        """The columns of what is selected."""
        key = (which, attribute, events)
        if key not in self.selected:
            columns = [self.conditions.name_column("c") for _ in (PLACE if attribute == "place" else "v")]
            pick = Pick(attribute, events, self.grain, self.conditions, tuple(columns))
            name = f"{self.grain.name}_pick_{len(self.selected) + 1}"
            scan = self.find_scan(events.types)
            if which == "most_frequent":
                if self.grain.attribute:
                    scan.widen(events)
                self.parts[f"{name}_leading"] = format_leading(pick)
                self.parts[name] = format_commonest(pick, f"{name}_leading")
            else:
                end = "max" if which == "last" else "min"
                moment = self.add(f"{end}(case when {pick.format_has_attribute()} then e.at end)", events)
                self.parts[name] = format_end(pick, scan.name, moment, which == "last")
            self.selected[key] = (name, pick.columns)
        return self.selected[key][1]

    def format_arithmetic(self, operator: str, left: Measure, right: Measure) -> str:
        """Two numbers joined, which may not be finite."""
        one, other = self.format_number(left), self.format_number(right)
        return f"({one} {operator} {f'nullif({other}, 0)' if operator == '/' else other})"

    def format_number(self, measure: Measure) -> str:
        """A measure that must be a number, as a part of arithmetic.

        What is not finite becomes unknown once, in what is compared: in every part, the text would double
        with each level.
        """
        if isinstance(measure, Arithmetic):
            return self.format_arithmetic(measure.operator, measure.left, measure.right)
        expression, kind = self.format(measure)
        if kind != "number":
            raise SegmentQueryError(f"{measure!r} is a {kind}; a number is wanted")
        return f"({expression})"

    def list_parts(self) -> Iterator[tuple[str, str]]:
        """The queries that work the measures out, each after those that it reads, with their names."""
        for scan in self.scans.values():
            yield scan.name, scan.format()
        for distinct in self.distinct.values():
            yield distinct.scan.name, distinct.format()
        yield from self.parts.items()

    def list_columns(self) -> Iterator[tuple[str, list[str]]]:
        """The queries whose columns rules read, with these; each has at most one row of a key."""
        for scan in (*self.scans.values(), *(each.scan for each in self.distinct.values())):
            yield scan.name, list(scan.columns.values())
        for name, columns in self.selected.values():
            yield name, list(columns)
