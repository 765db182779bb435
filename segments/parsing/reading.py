"""What a shape reads with: the fields that exist, the flaws so far, and how a node is shown in them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from expectations.contracts.yaml_files import format_suggestion
from segments.fields import Field
from segments.parsing.documents import Node
from segments.parsing.flaws import Flaw

MOST_SHOWN = 60


class Broken:
    """Stands for what could not be read; what is made of it is broken too, without another flaw."""


BROKEN = Broken()


@dataclass(frozen=True, slots=True)
class Reference:
    """Another segment or a list that a definition names, and where."""

    kind: Literal["segment", "list of customers", "list of items"]
    name: str
    node: Node


@dataclass(slots=True)
class Reader:
    """Collects what is wrong with one definition, and what it refers to.

    Attributes:
        absent_fields: fields that are known and cannot be used here, with the end of the sentence on why.
    """

    fields: Mapping[str, Field]
    absent_fields: Mapping[str, str] = field(default_factory=dict)
    flaws: list[Flaw] = field(default_factory=list)
    references: list[Reference] = field(default_factory=list)

    def refuse(self, node: Node, message: str, *, is_structural: bool = True) -> Broken:
        """Note a flaw at a node; what stands for its value."""
        self.flaws.append(Flaw(node.line, node.column, message, is_structural))
        return BROKEN


@dataclass(frozen=True, slots=True)
class Reading:
    """A mapping whose keys are read: what a builder makes a node of the tree of.

    Attributes:
        head: the word that says what it is (`count`); empty where nothing does.
    """

    node: Node
    head: str
    nodes: Mapping[str, Node]
    values: Mapping[str, Any]
    reader: Reader

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key that may be left out."""
        return self.values.get(key, default)

    def refer(self, kind: str, key: str) -> None:
        """Note that the value of a key names a segment or a list."""
        self.reader.references.append(Reference(kind, self.values[key], self.nodes[key]))

    def refuse(self, key: str, message: str) -> Broken:
        """Note that the value of a key is shaped well and means nothing."""
        return self.reader.refuse(self.nodes.get(key, self.node), message, is_structural=False)


def show(node: Node) -> str:
    """A node in a sentence."""
    if node.kind in ("list", "mapping"):
        return f"a {node.kind}"
    if node.kind == "null":
        return "empty"
    if node.kind == "boolean":
        return str(node.value).lower()
    text = repr(node.value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"


def suggest(name: Any, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)`, or nothing; of a long text nothing, which takes long to compare."""
    return format_suggestion(name, known) if isinstance(name, str) and len(name) <= MOST_SHOWN else ""
