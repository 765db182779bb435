"""The reference, of measures: which events of a customer a set holds, and what is measured of them.

Slow and plain on purpose. It shares with the hosts the tree, `Event` and `ShopCalendar`, and nothing else.
"""

import math
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from segments.calendar import ShopCalendar
from segments.events import Event
from segments.tree import measures, rules
from segments.tree.events import EventSet, Filter, LocalTime, Near, Value

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Stay(NamedTuple):
    """A stay of a customer in a segment, `[entered_at, left_at)`; None: still in it."""

    segment_id: str
    entered_at: int
    left_at: int | None = None


@dataclass(frozen=True)
class Customer:
    """What is known of one customer. The history has no `empty_cart` events; they are derived."""

    customer_id: str
    history: tuple[Event, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    stays: tuple[Stay, ...] = ()
    lists: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Shop:
    """What all customers share: the calendar, uploaded lists of items, and the other segments' rules."""

    calendar: ShopCalendar
    list_items: Mapping[str, frozenset[str]] = field(default_factory=dict)
    definitions: Mapping[str, rules.Rule] = field(default_factory=dict)


@dataclass(frozen=True)
class Moment:
    """One decision: the events before `now`, in order, with `empty_cart` events."""

    now: int
    events: tuple[Event, ...]
    customer: Customer
    shop: Shop


def add_empty_carts(history: Iterable[Event]) -> list[Event]:
    """The history in order, with an `empty_cart` event behind each `uncart` that emptied the cart.

    A quantity that is not known is 1; an event without an item leaves the cart as it is.
    """
    quantities: dict[str, float] = {}
    events = []
    for event in sorted(history, key=lambda event: (event.at, event.event_id)):
        events.append(event)
        if event.item_id is None:
            continue
        had_some = any(quantity > 0 for quantity in quantities.values())
        moved = 1 if event.quantity is None else event.quantity
        before = quantities.get(event.item_id, 0)
        if event.type == "cart":
            quantities[event.item_id] = before + moved
        elif event.type == "uncart":
            quantities[event.item_id] = max(0, before - moved)
        elif event.type == "purchase":
            quantities[event.item_id] = 0
        has_some = any(quantity > 0 for quantity in quantities.values())
        if event.type == "uncart" and had_some and not has_some:
            events.append(event._replace(event_id=event.event_id + ":empty", type="empty_cart"))
    return sorted(events, key=lambda event: (event.at, event.event_id))


def measure(node: measures.Measure, moment: Moment) -> Value | None:
    """The measure's value; None where it is unknown."""
    match node:
        case measures.Constant(value):
            return value
        case measures.FieldValue(name):
            return moment.customer.fields.get(name)
        case measures.Count(events):
            return len(select(events, moment))
        case measures.CountDistinct(attribute, events):
            return len(set(list_values(attribute, events, moment)))
        case measures.Aggregate(function, attribute, events):
            return aggregate(function, list_values(attribute, events, moment))
        case measures.Selection(which, attribute, events):
            return choose(which, list_values(attribute, events, moment))
        case measures.DistanceTo(latitude, longitude, events):
            places = [e for e in select(events, moment) if has_place(e)]
            return find_distance(places[-1], latitude, longitude) if places else None
        case measures.Arithmetic(op, left, right):
            return calculate(op, measure(left, moment), measure(right, moment))
    raise TypeError(f"no measure: {node!r}")


def aggregate(function: str, values: list[float]) -> float | None:
    if function == "sum":
        return sum(values)
    if not values:
        return None
    return {"average": sum(values) / len(values), "min": min(values), "max": max(values)}[function]


def choose(which: str, values: list[Value]) -> Value | None:
    if not values:
        return None
    if which == "most_frequent":
        most = max(values.count(value) for value in values)
        return [value for value in values if values.count(value) == most][-1]
    return values[0 if which == "first" else -1]


def calculate(op: str, left: float | None, right: float | None) -> float | None:
    if left is None or right is None or (op == "/" and right == 0):
        return None
    return {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[op](left, right)


def select(events: EventSet, moment: Moment) -> list[Event]:
    """The events of the set, in order."""
    start, end = moment.shop.calendar.find_bounds(moment.now, events.window)
    return [
        e
        for e in moment.events
        if (start is None or start <= e.at) and e.at < end and matches(e, events, moment)
    ]


def list_values(attribute: str, events: EventSet, moment: Moment) -> list[Value]:
    values = (read(event, attribute, moment) for event in select(events, moment))
    return [value for value in values if value is not None]


def read(event: Event, attribute: str, moment: Moment) -> Value | None:
    return moment.shop.calendar.find_day(event.at) if attribute == "day" else getattr(event, attribute)


def matches(event: Event, events: EventSet, moment: Moment) -> bool:
    """Whether an event is of one of the types and satisfies all filters; the window is not looked at."""
    is_of_type = not events.types or event.type in events.types
    return is_of_type and all(satisfies(event, condition, moment) for condition in events.filters)


def satisfies(event: Event, condition: Filter | Near | LocalTime, moment: Moment) -> bool:
    match condition:
        case Near(km, latitude, longitude):
            return has_place(event) and find_distance(event, latitude, longitude) <= km
        case LocalTime(start, end):
            minute = event.local_minute
            if minute is None:
                return False
            return start <= minute < end if start < end else minute >= start or minute < end
        case Filter(attribute, op, values):
            value = read(event, attribute, moment)
            if op == "is_known":
                return (value is not None) == values[0]
            if value is None:
                return False
            if op in ("in_list", "not_in_list"):
                is_on = any(value in moment.shop.list_items.get(name, ()) for name in values)
                return is_on == (op == "in_list")
            if op in ("in", "not_in"):
                return (value in values) == (op == "in")
            if op == "between":
                return values[0] <= value <= values[1]
            if op == "under":
                return any(is_under(value, name) for name in values)
            return COMPARE[op](value, values[0])
    raise TypeError(f"no filter: {condition!r}")


def is_under(path: str, name: str) -> bool:
    return path == name or path.startswith(name + " > ") or name in path.split(" > ")


def has_place(event: Event) -> bool:
    return event.latitude is not None and event.longitude is not None


def find_distance(event: Event, latitude: float, longitude: float) -> float:
    """Kilometres by great circle (haversine, mean radius of the earth)."""
    north, south = math.radians(event.latitude), math.radians(latitude)
    between = math.radians(longitude - event.longitude)
    haversine = (
        math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(between / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(min(1.0, math.sqrt(haversine)))
