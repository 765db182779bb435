"""The nodes of a tree, one after the other."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any


def walk(node: Any) -> Iterator[Any]:
    """A node of a rule and all nodes in it."""
    yield node
    for each in fields(node):
        value = getattr(node, each.name)
        for part in value if isinstance(value, tuple) else (value,):
            if is_dataclass(part):
                yield from walk(part)
