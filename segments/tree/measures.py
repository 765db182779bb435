"""What a rule measures of a customer at a moment: a number, a text, or unknown."""

from dataclasses import dataclass
from typing import Literal

from segments.tree.events import EventSet, Value


@dataclass(frozen=True, slots=True)
class Constant:
    """A value that stands in the definition."""

    value: Value


@dataclass(frozen=True, slots=True)
class FieldValue:
    """What the night knows of the customer under this name."""

    name: str


@dataclass(frozen=True, slots=True)
class Count:
    """How many events."""

    events: EventSet


@dataclass(frozen=True, slots=True)
class CountDistinct:
    """How many different values of an attribute; events without one are left out. `day` is the shop's day."""

    attribute: str
    events: EventSet


@dataclass(frozen=True, slots=True)
class Aggregate:
    """The sum, average, least or greatest of a numeric attribute; unknown of no events, a sum is then 0."""

    function: Literal["sum", "average", "min", "max"]
    attribute: str
    events: EventSet


@dataclass(frozen=True, slots=True)
class Selection:
    """An attribute of the first or last event that has it, or its commonest value (of ties, the one that
    occurs last); unknown of no events. Events of one moment follow their event ids.
    """

    which: Literal["first", "last", "most_frequent"]
    attribute: str
    events: EventSet


@dataclass(frozen=True, slots=True)
class DistanceTo:
    """Kilometres by great circle from a point to the last place among the events; unknown without one."""

    latitude: float
    longitude: float
    events: EventSet


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two measures joined; unknown where one is, and where the divisor is 0."""

    operator: Literal["+", "-", "*", "/"]
    left: "Measure"
    right: "Measure"


Measure = Constant | FieldValue | Count | CountDistinct | Aggregate | Selection | DistanceTo | Arithmetic
