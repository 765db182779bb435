"""Which events belong to a set, as conditions on a row `e` of events and a row `m` of moments.

A condition that is null keeps its event out, as false does.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from segments.events import ATTRIBUTES
from segments.sql.literals import check_name, format_number, format_value, quote_text
from segments.sql.moments import MomentColumns
from segments.tree.events import EARTH_KM, EventSet, Filter, LocalTime, Near

COMPARISONS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
HAS_PLACE = "e.latitude between -90 and 90 and e.longitude between -180 and 180"  # false of NaN too


@dataclass
class EventConditions:
    """Conditions of event sets, and what they ask of the relations: points in time, lists of items.

    Attributes:
        item_lists: each list's name with the column of `item_flags` that says whether an item is on it.
        names: numbers that make a column's name the query's only one, so that rules need not say whose it is.
    """

    moments: MomentColumns
    item_lists: dict[str, str] = field(default_factory=dict)
    names: Iterator[int] = field(default_factory=lambda: count(1))

    def name_column(self, first: str) -> str:
        """A column's name that no other part of the query has, beginning with a letter."""
        return f"{first}{next(self.names)}"

    def format_set(self, events: EventSet, with_types: bool = True) -> str:
        """All that makes an event one of the set, but that it lies before `now`."""
        return join_conditions(
            [
                *([format_types(events.types)] if with_types and events.types else []),
                *self.list_bounds(events),
                *map(self.format_filter, events.filters),
            ]
        )

    def list_bounds(self, events: EventSet) -> Iterator[str]:
        """The window's two ends, where it has them."""
        start, end = self.moments.add_window(events.window)
        if start:
            yield f"e.at >= m.{start}"
        if end != "now":
            yield f"e.at < m.{end}"

    def format_filter(self, each: Filter | Near | LocalTime) -> str:
        """One filter."""
        if isinstance(each, Near):
            distance = format_distance("e.latitude", "e.longitude", each.latitude, each.longitude)
            return f"case when {HAS_PLACE} then {distance} <= {format_number(each.km)} end"
        if isinstance(each, LocalTime):
            joined = "and" if each.start < each.end else "or"
            return f"(e.local_minute >= {int(each.start)} {joined} e.local_minute < {int(each.end)})"
        name = f"e.{check_name(each.attribute)}"
        kind = ATTRIBUTES[each.attribute].kind
        if each.op == "is_known":
            return f"{name} is {'not ' if each.values[0] else ''}null"
        if each.op in ("in_list", "not_in_list"):
            flags = [f"l.{self.add_item_list(str(value))}" for value in each.values]
            is_listed = " or ".join(f"coalesce({flag}, 0) = 1" for flag in flags)
            return f"({is_listed})" if each.op == "in_list" else f"({name} is not null and not ({is_listed}))"
        if each.op == "under":
            return "(" + " or ".join(format_under(name, str(value)) for value in each.values) + ")"
        values = [format_value(value, kind) for value in each.values]
        if each.op == "between":
            return f"{name} between {values[0]} and {values[1]}"
        if each.op in ("in", "not_in"):
            return f"{name} {each.op.replace('_', ' ')} ({', '.join(values)})"
        return f"{name} {COMPARISONS[each.op]} {values[0]}"

    def format_source(self, where: list[str], with_lists: bool) -> str:
        """Events before each moment, those for which the conditions hold, from `from` on."""
        lists = " left join item_flags l on l.item_id = e.item_id" if with_lists else ""
        joined = self.moments.join("e.at < m.now", "e.customer_id")
        return f"from events e{joined}{lists} where {join_conditions(where)}"

    def add_item_list(self, name: str) -> str:
        """The column of `item_flags` of a list."""
        return self.item_lists.setdefault(name, f"is_listed_{len(self.item_lists) + 1}")

    def format_item_flags(self) -> str:
        """Each listed item with the lists it is on."""
        flags = ", ".join(
            f"max(case when list_name = {quote_text(name)} then 1 else 0 end) as {flag}"
            for name, flag in self.item_lists.items()
        )
        return f"select item_id, {flags} from list_items group by item_id"


def uses_lists(events: EventSet) -> bool:
    """Whether a filter asks for a list of items."""
    return any(isinstance(each, Filter) and each.op.endswith("in_list") for each in events.filters)


def join_conditions(conditions: list[str]) -> str:
    """All of them; true of none."""
    return " and ".join(conditions) or "true"


def format_types(types: tuple[str, ...]) -> str:
    """An event of one of these types."""
    if len(types) == 1:
        return f"e.event_type = {quote_text(types[0])}"
    return f"e.event_type in ({', '.join(map(quote_text, types))})"


def format_under(path: str, wanted: str) -> str:
    """A path of categories that is the wanted name or path, lies below it, or has a part of that name."""
    below = f"{path} = {quote_text(wanted)} or starts_with({path}, {quote_text(wanted + ' > ')})"
    if " > " in wanted:
        return f"({below})"
    return f"({below} or contains(' > ' || {path} || ' > ', {quote_text(f' > {wanted} > ')}))"


def format_distance(latitude: str, longitude: str, to_latitude: float, to_longitude: float) -> str:
    """Kilometres by great circle (haversine) from a place to a point."""
    north, east = format_number(to_latitude), format_number(to_longitude)
    half = (
        f"power(sin(radians({latitude} - {north}) / 2), 2)"
        f" + cos(radians({north})) * cos(radians({latitude}))"
        f" * power(sin(radians({longitude} - {east}) / 2), 2)"
    )
    return f"{2 * EARTH_KM!r} * asin(sqrt(case when {half} > 1 then 1 else {half} end))"
