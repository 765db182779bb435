"""Which events a set holds, as one function of an event, and what is read of an event."""

import math
from collections.abc import Callable, Mapping
from operator import attrgetter

from segments.calendar import ShopCalendar
from segments.events import TYPES, Event
from segments.tree.events import COMPARE, EARTH_KM, EventSet, Filter, LocalTime, Near, Value

Predicate = Callable[[Event], bool]
Lists = Mapping[str, frozenset[str]]


class EventReader:
    """Makes functions of events: predicates of sets, getters of attributes."""

    def __init__(self, calendar: ShopCalendar, list_items: Lists) -> None:
        self.calendar, self.list_items = calendar, list_items

    def make_getter(self, attribute: str) -> Callable[[Event], Value | None]:
        """What reads an attribute; `day` is the shop's, `place` latitude and longitude."""
        if attribute == "day":
            find_day = self.calendar.find_day
            return lambda event: find_day(event.at)
        return read_place if attribute == "place" else attrgetter(attribute)

    def make_predicate(self, events: EventSet) -> Predicate | None:
        """Whether an event of one of the set's types satisfies its filters; None: every one does."""
        conditions = tuple(self._make_condition(condition) for condition in events.filters)
        if len(conditions) < 2:
            return conditions[0] if conditions else None
        return lambda event: all(condition(event) for condition in conditions)

    def _make_condition(self, condition: Filter | Near | LocalTime) -> Predicate:
        if isinstance(condition, Near):
            return lambda event: is_near(event, condition)
        if isinstance(condition, LocalTime):
            return lambda event: is_at_time(event, condition)
        read, op, values = self.make_getter(condition.attribute), condition.op, condition.values
        if op == "is_known":
            return lambda event: (read(event) is not None) == values[0]
        accepts = self._make_test(op, values)
        return lambda event: (value := read(event)) is not None and accepts(value)

    def _make_test(self, op: str, values: tuple[Value, ...]) -> Callable[[Value], bool]:
        """Whether a known value passes."""
        if op in COMPARE:
            compare, wanted = COMPARE[op], values[0]
            return lambda value: compare(value, wanted)
        if op == "between":
            low, high = values
            return lambda value: low <= value <= high
        if op == "under":
            return lambda value: any(is_under(value, name) for name in values)
        allowed = frozenset(values)
        if op in ("in_list", "not_in_list"):
            allowed = frozenset().union(*(self.list_items.get(name, ()) for name in values))
        return allowed.__contains__ if op in ("in", "in_list") else lambda value: value not in allowed


def list_types(events: EventSet) -> tuple[str, ...]:
    """The types of a set; every type where it names none."""
    return events.types or TYPES


def is_under(path: str, name: str) -> bool:
    """Whether a category's path is this one or below it, or has a part of this name."""
    return path == name or path.startswith(name + " > ") or name in path.split(" > ")


def is_at_time(event: Event, time: LocalTime) -> bool:
    """Whether an event lies between two times of the visitor's day."""
    minute = event.local_minute
    if minute is None:
        return False
    if time.start < time.end:
        return time.start <= minute < time.end
    return minute >= time.start or minute < time.end


def read_place(event: Event) -> tuple[float, float] | None:
    """Latitude and longitude, where both are known."""
    if event.latitude is None or event.longitude is None:
        return None
    return event.latitude, event.longitude


def is_near(event: Event, near: Near) -> bool:
    """Whether an event has a place within the circle."""
    place = read_place(event)
    return place is not None and find_distance(place, (near.latitude, near.longitude)) <= near.km


def find_distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres by great circle between two places (haversine)."""
    north, south = math.radians(one[0]), math.radians(other[0])
    east = math.radians(other[1] - one[1])
    half = math.sin((south - north) / 2) ** 2 + math.cos(north) * math.cos(south) * math.sin(east / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
