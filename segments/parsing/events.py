"""The grammar of event sets: types and filters of attributes, beside a window."""

import re
from functools import partial
from typing import Any

from segments.events import ATTRIBUTES, TYPES
from segments.parsing.documents import Node
from segments.parsing.durations import WINDOW_KEYS, WINDOW_NAMES, build_window
from segments.parsing.reading import BROKEN, Broken, Reader, Reading
from segments.parsing.scalars import Boolean, Number, Pattern, Shape, Text, Words
from segments.parsing.shapes import Either, Key, ListOf, Named, Pair, Record
from segments.parsing.text import NAME
from segments.tree.events import EventSet, Filter, LocalTime, Near

TEXTS = tuple(name for name, attribute in ATTRIBUTES.items() if attribute.kind == "text")
NUMBERS = tuple(name for name, attribute in ATTRIBUTES.items() if attribute.kind == "number")
LIST_NAME = Pattern("a list's name", NAME, "small letters, digits and underscores")
POINT = Pair(
    "a point [latitude, longitude]",
    Number("latitude", -90, 90),
    Number("longitude", -180, 180),
)
OPERATORS = {
    "=": "Equal to the value.",
    "!=": "Known, and not equal to the value.",
    "<": "Less than the number.",
    "<=": "At most the number.",
    ">": "More than the number.",
    ">=": "At least the number.",
    "between": "Between two numbers [low, high], both ends included.",
    "in": "Equal to one of the values.",
    "not_in": "Known, and equal to none of the values.",
    "under": "One of these categories or below it, by its name or its path 'a > b'.",
    "in_list": "On an uploaded list of items.",
    "not_in_list": "Known, and not on an uploaded list of items.",
    "is_known": "Whether the event has the attribute.",
}
EVENT_TYPES = Named(
    "event_types",
    Either(
        "an event type, a list of them, or any",
        {
            "text": Words("event type", ("any", *TYPES)),
            "list": ListOf(
                "event types", Words("event type", TYPES, {"any": "any stands alone"}), most=len(TYPES)
            ),
        },
    ),
)


def build_types(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """Event types in their order, each once; of `any` none."""
    chosen = (value,) if isinstance(value, str) else value
    return tuple(name for name in TYPES if name in chosen)


def build_filters(attribute: str, reading: Reading) -> tuple[Filter, ...] | Broken:
    """The filters of an attribute, of a mapping of operators and values."""
    filters = []
    for op, value in reading.values.items():
        if op == "between" and value[0] > value[1]:
            return reading.refuse(op, f"{value[0]} is above {value[1]}; takes two numbers [low, high]")
        if op in ("in_list", "not_in_list"):
            reading.refer("list of items", op)
        filters.append(build_filter(attribute, op, value))
    return tuple(filters)


def build_filter(attribute: str, op: str, value: Any) -> Filter:
    """One filter; of lists each value once and in order, so that equal filters are equal."""
    if op in ("in", "not_in", "under") and isinstance(value, tuple):
        return Filter(attribute, op, tuple(sorted(set(value))))
    return Filter(attribute, op, value if isinstance(value, tuple) else (value,))


class AttributeFilter:
    """A value, a list of values, or a mapping of operators and values, for one attribute."""

    def __init__(self, attribute: str) -> None:
        kind = ATTRIBUTES[attribute].kind
        scalar = Number(attribute) if kind == "number" else Text(attribute)
        values = ListOf(f"{kind}s", scalar)
        self.attribute = attribute
        ops: dict[str, Shape] = {"=": scalar, "!=": scalar, "in": values, "not_in": values}
        if kind == "number":
            ops |= dict.fromkeys(("<", "<=", ">", ">="), scalar)
            ops["between"] = Pair("two numbers [low, high], both ends included", scalar, scalar)
        if attribute == "category":
            ops["under"] = Either("a text or a list of them", {"text": scalar, "list": values})
        if attribute == "item_id":
            ops |= {"in_list": LIST_NAME, "not_in_list": LIST_NAME}
        ops["is_known"] = Boolean("is_known")
        keys = tuple(Key(op, shape, OPERATORS[op]) for op, shape in ops.items())
        record = Record(attribute, keys, partial(build_filters, attribute), least=1)
        what = f"a {kind}, a list of them, or a mapping of operators ({', '.join(ops)})"
        self.shape = Either(
            f"{what}; {attribute} is a {kind}", {kind: scalar, "list": values, "mapping": record}
        )

    def read(self, node: Node, reader: Reader) -> tuple[Filter, ...] | Broken:
        value = self.shape.read(node, reader)
        if value is BROKEN or node.kind == "mapping":
            return value
        return (build_filter(self.attribute, "in" if node.kind == "list" else "=", value),)

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return self.shape.describe(defs)


def build_near(reading: Reading) -> Near:
    """Events near a point."""
    return Near(reading.values["km"], *reading.values["of"])


def build_minute(match: re.Match, node: Node, reader: Reader) -> int:
    """The minute of the day of a time of day."""
    return int(match["hour"]) * 60 + int(match["minute"])


class TimesOfDay:
    """Two times of day, as minutes."""

    time = Pattern(
        "a time of day",
        r"^(?:(?P<hour>[01][0-9]|2[0-3]):(?P<minute>[0-5][0-9])|24:00)$",
        'from "00:00" to "24:00"',
        lambda match, node, reader: 1440 if match["hour"] is None else build_minute(match, node, reader),
    )
    shape = Pair('two times of day, as ["20:00", "24:00"]', time, time)

    def read(self, node: Node, reader: Reader) -> LocalTime | Broken:
        value = self.shape.read(node, reader)
        if value is BROKEN:
            return value
        if value[0] == value[1] or value[0] == 1440:
            message = "is no span of the day; allowed: a start before 24:00, and an end that is another time"
            return reader.refuse(node, message, is_structural=False)
        return LocalTime(*value)

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return self.shape.describe(defs)


def build_where(reading: Reading) -> tuple[Filter | Near | LocalTime, ...]:
    """All filters of a mapping, in an order of their own, so that equal sets of events are equal."""
    filters: list[Filter | Near | LocalTime] = []
    for value in reading.values.values():
        filters += value if isinstance(value, tuple) else [value]
    return tuple(sorted(filters, key=repr))


WHERE = Named(
    "where",
    lambda: Record(
        "where",
        (
            *(
                Key(name, AttributeFilter(name), f"{attribute.about[0].upper()}{attribute.about[1:]}.")
                for name, attribute in ATTRIBUTES.items()
                if attribute.kind != "day"
            ),
            Key("near", NEAR, "Only events with a place near a point."),
            Key("local_time", TimesOfDay(), "Only events of a time of day on the visitor's own clock."),
        ),
        build_where,
        least=1,
    ),
)
NEAR = Record(
    "near",
    (
        Key("km", Number("km", 0, 20_040), "Kilometres by great circle.", is_required=True),
        Key("of", POINT, "Latitude and longitude.", is_required=True),
    ),
    build_near,
)
WHERE_KEY = Key("where", WHERE, "Only events whose attributes are so.")
SET_KEYS = (WHERE_KEY, *WINDOW_KEYS)
SET_EXCLUSIVE = WINDOW_NAMES
OF_KEY = Key("of", EVENT_TYPES, "Of which events: a type, a list of types, or any.", is_required=True)


def build_events(reading: Reading, types_key: str) -> EventSet | Broken:
    """The set of events that a mapping names, the types by one of its keys."""
    window = build_window(reading)
    if window is BROKEN:
        return BROKEN
    return EventSet(build_types(reading.values[types_key]), reading.get("where", ()), window)
