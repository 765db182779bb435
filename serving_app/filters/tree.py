"""The tree of a filter expression: what a text says, without what the names in it mean.

`at` is where a node stands in the text, for errors; two nodes that say the same are equal wherever they
stand.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from enum import StrEnum


class Kind(StrEnum):
    """What a value is, in the words of an error."""

    TEXT = "a text"
    NUMBER = "a number"
    BOOLEAN = "true or false"
    TIME = "a date"
    TEXTS = "a list of texts"
    ATTRIBUTE = "an attribute"  # a text that is read as what it is compared with


class FilterError(ValueError):
    """An expression that is not understood or not allowed. The message quotes nothing of it.

    Attributes:
        at: position in the text; None where it is about no place in it.
    """

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.message, self.at = message, at


@dataclass(frozen=True, slots=True)
class Node:
    """A part of an expression."""

    at: int = field(default=0, compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A constant. A time is seconds since 1970, UTC."""

    kind: Kind
    value: str | float | bool


@dataclass(frozen=True, slots=True)
class Now(Node):
    """The moment of the request, and so many seconds after it."""

    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A field by its path, `price` or `customer.country`; the key is what stands in brackets behind it."""

    path: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A value that the request binds."""

    name: str


Operand = Literal | Now | Name | Parameter


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`left operator right`, the operator one of = != < <= > >=."""

    left: Operand
    operator: str
    right: Operand
    kind: Kind | None = None  # of both sides, once checked


@dataclass(frozen=True, slots=True)
class In(Node):
    """Whether the operand is one of the options: literals and parameters, or one parameter that is a list."""

    operand: Operand
    options: tuple[Operand, ...] | Parameter
    kind: Kind | None = None  # of the operand and each option, once checked


@dataclass(frozen=True, slots=True)
class Contains(Node):
    """Whether a text or a list of texts contains a text."""

    operand: Operand
    part: Operand


@dataclass(frozen=True, slots=True)
class StartsWith(Node):
    """Whether a text begins with another."""

    operand: Operand
    prefix: Operand


@dataclass(frozen=True, slots=True)
class IsNull(Node):
    """Whether nothing is known of the operand."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class IsTrue(Node):
    """A boolean that stands alone."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The contrary."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class And(Node):
    """All of them."""

    conditions: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """Any of them."""

    conditions: tuple["Condition", ...]


Condition = Compare | In | Contains | StartsWith | IsNull | IsTrue | Not | And | Or


def iterate_children(node: Node) -> Iterator[Node]:
    """The nodes right below one."""
    for each in fields(node):
        value = getattr(node, each.name)
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from value


def measure_tree(root: Node) -> tuple[int, int]:
    """How many nodes a tree has, options of lists aside, and how deep it is. Not recursive: a text may nest
    deeper than Python allows.
    """
    n_nodes, depth, waiting = 0, 0, [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        n_nodes, depth = n_nodes + 1, max(depth, level)
        below = [node.operand] if isinstance(node, In) else iterate_children(node)
        waiting.extend((child, level + 1) for child in below)
    return n_nodes, depth
