"""Counts, totals and ends of event sets: one pass over the events of some types serves all."""

from dataclasses import dataclass, field

from segments.sql.filters import EventConditions, format_types, uses_lists
from segments.tree.events import EventSet


@dataclass(frozen=True)
class Grain:
    """What measures are of: a customer at a moment, or one value of an attribute in their events besides."""

    name: str
    attribute: str | None = None

    @property
    def keys(self) -> list[str]:
        """The columns that name a row."""
        return ["customer_id", "now", *(["of_value"] if self.attribute else [])]

    def select_keys(self, events: str = "e", moments: str = "m") -> list[str]:
        """The same, taken from events and moments."""
        value = [f"{events}.{self.attribute}"] if self.attribute else []
        return [f"{events}.customer_id", f"{moments}.now", *value]

    def format_keys(self) -> str:
        """The keys in a select list."""
        named = zip(self.select_keys(), self.keys, strict=True)
        return ", ".join(f"{expression} as {key}" for expression, key in named)

    def join(self, left: str, right: str) -> str:
        """The condition under which two relations speak of the same row."""
        return " and ".join(f"{right}.{key} = {left}.{key}" for key in self.keys)


@dataclass
class Scan:
    """One pass over the events of some types, grouped by a grain.

    Attributes:
        types: of a scan that all share, those that were asked for so far; empty: any.
        columns: each aggregate with its name.
        starts: columns of `moments` before which no event counts; None: some count however old they are.
    """

    name: str
    grain: Grain
    conditions: EventConditions
    types: set[str] = field(default_factory=set)
    columns: dict[str, str] = field(default_factory=dict)
    starts: set[str] | None = field(default_factory=set)
    has_any_type: bool = False
    has_lists: bool = False

    def add_aggregate(self, function: str, events: EventSet) -> str:
        """The column of an aggregate over a set, like `sum(e.amount)`."""
        with_types = self.grain.attribute is not None
        condition = self.conditions.format_set(events, with_types)
        filtered = f" filter (where {condition})" if condition != "true" else ""
        self.widen(events)
        if function + filtered not in self.columns:
            self.columns[function + filtered] = self.conditions.name_column("c")
        return self.columns[function + filtered]

    def widen(self, events: EventSet) -> None:
        """Let the scan reach the events of a set."""
        start, _ = self.conditions.moments.add_window(events.window)
        if start is None:
            self.starts = None
        elif self.starts is not None:
            self.starts.add(start)
        self.types |= set(events.types)
        self.has_any_type |= not events.types
        self.has_lists |= uses_lists(events)

    def format(self) -> str:
        """The pass as a query."""
        where = [f"e.{self.grain.attribute} is not null"] if self.grain.attribute else []
        columns = "".join(f", {aggregate} as {name}" for aggregate, name in self.columns.items())
        return (
            f"select {self.grain.format_keys()}{columns} {self.format_source(where)}"
            f" group by {', '.join(self.grain.select_keys())}"
        )

    def format_source(self, where: list[str]) -> str:
        """The events that the scan reaches, from `from` to `where`."""
        if not self.has_any_type:
            where = [format_types(tuple(sorted(self.types))), *where]
        if self.starts:
            bounds = [f"e.at >= m.{start}" for start in sorted(self.starts)]
            where = [*where, "(" + " or ".join(bounds) + ")"]
        return self.conditions.format_source(where, self.has_lists)
