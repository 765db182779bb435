"""JSON as ingest and the service read it: each name once, numbers that a double can hold, of bounded depth.

What one of the two would take for a value and the other refuse would be acknowledged and then lost.
"""

import json
from collections.abc import Iterable

# levels; later readers recurse level by level, and Python allows some hundreds
MAX_JSON_DEPTH = 64


def parse_finite_number(number: str) -> float:
    """A JSON number that a double can hold."""
    value = float(number)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number that no double holds")
    return value


def refuse_constant(name: str) -> None:
    """NaN and Infinity are not JSON."""
    raise ValueError(f"{name} is not JSON")


def build_unique_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object whose names each stand once: of two values, which one was meant nobody can tell."""
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name stands twice")
    return names


JSON_DECODER = json.JSONDecoder(
    parse_float=parse_finite_number, parse_constant=refuse_constant, object_pairs_hook=build_unique_object
)


def is_nested_deeper(value: object, levels: int) -> bool:
    """Whether lists and objects lie more levels deep than that."""
    inner = [value]
    for _ in range(levels):
        inner = [each for outer in inner if isinstance(outer, list | dict) for each in list_members(outer)]
        if not any(isinstance(each, list | dict) for each in inner):
            return False
    return True


def list_members(outer: list | dict) -> Iterable[object]:
    """The values of a list or an object."""
    return outer.values() if isinstance(outer, dict) else outer
