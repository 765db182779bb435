"""The forty groups that a marketer asks for, as definitions."""

from functools import cache
from pathlib import Path

from segments.parsing.definitions import ALL_FIELDS, load_definitions
from segments.parsing.references import Definition
from segments.to_sql import DEFINITIONS
from segments.tree.rules import Segment

GOLDEN = Path(__file__).resolve().parent / "golden"
LISTS = {"vip": "customers", "list_a": "items", "list_b": "items", "list_c": "items"}


@cache
def load_golden() -> tuple[Segment, ...]:
    """The forty, in the order of their numbers."""
    return tuple(
        each.segment for each in load_definitions(GOLDEN.glob("*.yml"), ALL_FIELDS, load_shipped(), LISTS)
    )


@cache
def load_shipped() -> tuple[Definition, ...]:
    """The definitions that the night evaluates, which some of the forty name."""
    return tuple(load_definitions(DEFINITIONS.glob("*.yml")))
