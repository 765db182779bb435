"""A trait: what is worked out of a customer's events under a name of its own, as a column of the profile."""

from dataclasses import dataclass

from segments.tree.events import EventSet
from segments.tree.measures import Measure


@dataclass(frozen=True, slots=True)
class UniqueList:
    """The different values of an attribute, those whose last event is the newest first; at most so many, and
    unknown of no events. Events of one moment follow their event ids.
    """

    attribute: str
    events: EventSet
    most: int


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait: its name as a column and a field, what people call it, and what it measures.

    Attributes:
        unit: of a number, where it has one.
    """

    trait: str
    name: str
    description: str
    value: Measure | UniqueList
    unit: str | None = None
