"""The grammar of measures: what stands before `op`, in arithmetic, and as what a measure is compared with.

A form is a mapping with a head. Measures are declared for two places: everywhere, and inside `any_value`,
where only the events of one value are looked at.
"""

from collections.abc import Mapping

from segments.events import ATTRIBUTES
from segments.fields import Field
from segments.parsing.events import (
    EVENT_TYPES,
    NUMBERS,
    OF_KEY,
    POINT,
    SET_EXCLUSIVE,
    SET_KEYS,
    TEXTS,
    build_events,
)
from segments.parsing.reading import BROKEN, Broken, Reading, suggest
from segments.parsing.scalars import Number, Pattern, Shape, Words
from segments.parsing.shapes import Build, Either, Key, ListOf, Named, Record
from segments.parsing.text import NAME
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

ARITHMETIC = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
AGGREGATES = ("sum", "average", "min", "max")
SELECTIONS = ("most_frequent", "first", "last")
ELSEWHERE = {
    name: f"{name} is a {ATTRIBUTES[name].kind}" for name in ATTRIBUTES if ATTRIBUTES[name].kind != "number"
}


def build_field(reading: Reading) -> Measure | Broken:
    """A field that the customer's side of the definition knows; of a declared trait its measure, so that
    every host works it out as of the moment that is asked about.
    """
    name, known = reading.values["field"], reading.reader.fields
    if name not in known:
        if why := reading.reader.absent_fields.get(name):
            return reading.refuse("field", f"{name} {why}; known: {', '.join(known)}")
        return reading.refuse(
            "field", f"unknown field {name!r}{suggest(name, known)}; known: {', '.join(known)}"
        )
    return known[name].measure or FieldValue(name)


def build_count(reading: Reading) -> Count | Broken:
    """How many events."""
    events = build_events(reading, "count")
    return BROKEN if events is BROKEN else Count(events)


def build_distinct(reading: Reading) -> CountDistinct | Broken:
    """How many different values."""
    events = build_events(reading, "of")
    return BROKEN if events is BROKEN else CountDistinct(reading.values["distinct"], events)


def build_aggregate(reading: Reading) -> Aggregate | Broken:
    """A total of a numeric attribute."""
    events = build_events(reading, "of")
    return BROKEN if events is BROKEN else Aggregate(reading.head, reading.values[reading.head], events)


def build_selection(reading: Reading) -> Selection | Broken:
    """The value of one event, or the commonest."""
    events = build_events(reading, "of")
    return BROKEN if events is BROKEN else Selection(reading.head, reading.values[reading.head], events)


def build_distance(reading: Reading) -> DistanceTo | Broken:
    """How far a point is from the last place."""
    events = build_events(reading, "of")
    return BROKEN if events is BROKEN else DistanceTo(*reading.values["distance_to"], events)


def build_arithmetic(reading: Reading) -> Measure | Broken:
    """Measures joined, from left to right."""
    operands = [
        each if isinstance(each, MEASURES) else Constant(each) for each in reading.values[reading.head]
    ]
    for n, each in enumerate(operands, start=1):
        kind = find_kind(each, reading.reader.fields)
        if kind != "number":
            return reading.refuse(reading.head, f"its part {n} is a {kind}; {reading.head} takes numbers")
    joined = operands[0]
    for each in operands[1:]:
        joined = Arithmetic(ARITHMETIC[reading.head], joined, each)
    return joined


MEASURES = (FieldValue, Count, CountDistinct, Aggregate, Selection, DistanceTo, Arithmetic)


def find_kind(measure: Measure, fields: Mapping[str, Field]) -> str:
    """What a measure is: number, text or boolean."""
    if isinstance(measure, FieldValue):
        return fields[measure.name].kind
    if isinstance(measure, Selection):
        return ATTRIBUTES[measure.attribute].kind
    return "number"


def declare_form(head: str, shape: Shape, about: str, build: Build, *more: Key) -> Record:
    """A form of a measure: the head with its shape, and what stands beside it."""
    keys = (Key(head, shape, about, is_required=True), *more)
    has_window = any(key.name in SET_EXCLUSIVE for key in more)
    return Record(f"a rule of {head}", keys, build, SET_EXCLUSIVE if has_window else (), head=head)


def declare_counting_forms(measure: Named) -> list[Record]:
    """The measures that stand everywhere: counts, totals and arithmetic."""
    of_events = (OF_KEY, *SET_KEYS)
    forms = [
        declare_form(
            "count",
            EVENT_TYPES,
            "How many events of a type, of a list of types, or any.",
            build_count,
            *SET_KEYS,
        ),
        declare_form(
            "distinct",
            Words("attribute", ATTRIBUTES),
            "How many different values of an attribute.",
            build_distinct,
            *of_events,
        ),
    ]
    numbers = Words("attribute", NUMBERS, ELSEWHERE)
    for name in AGGREGATES:
        forms.append(
            declare_form(name, numbers, f"The {name} of a numeric attribute.", build_aggregate, *of_events)
        )
    operand = Either("a number or a measure", {"number": Number("a number"), "mapping": measure})
    for name in ARITHMETIC:
        most = 8 if name in ("add", "multiply") else 2
        forms.append(
            declare_form(
                name,
                ListOf("numbers or measures", operand, 2, most),
                f"To {name} numbers and measures.",
                build_arithmetic,
            )
        )
    return forms


def declare_other_forms() -> list[Record]:
    """The measures that do not stand inside `any_value`."""
    of_events = (OF_KEY, *SET_KEYS)
    field = Pattern("a field", NAME, "the name of a field: small letters, digits and underscores")
    selected = Words("attribute", (*TEXTS, *NUMBERS), {"day": "day is for counting different ones"})
    about = {
        "first": "An attribute of the first event that has it.",
        "last": "An attribute of the last event that has it.",
        "most_frequent": "The commonest value of an attribute; of ties the one that occurs last.",
    }
    return [
        declare_form("field", field, "What the night knows of the customer under this name.", build_field),
        *(declare_form(name, selected, about[name], build_selection, *of_events) for name in SELECTIONS),
        declare_form(
            "distance_to",
            POINT,
            "Kilometres from a point to the last event with a place.",
            build_distance,
            *of_events,
        ),
    ]
