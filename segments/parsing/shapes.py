"""Shapes made of shapes: lists, pairs, mappings with known keys, and a choice by the word a mapping is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from segments.parsing.documents import Node
from segments.parsing.reading import BROKEN, Broken, Reader, Reading, show, suggest
from segments.parsing.scalars import Shape

Build = Callable[[Reading], Any]


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of some length, as a tuple."""

    noun: str
    item: Shape
    least: int = 1
    most: int = 1_000

    def read(self, node: Node, reader: Reader) -> tuple | Broken:
        if node.kind != "list" or not self.least <= len(node.value) <= self.most:
            found = f"has {len(node.value)}" if node.kind == "list" else f"is {show(node)}"
            length = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most:,}"
            return reader.refuse(node, f"{found}; needs a list of {length} {self.noun}")
        values = tuple(self.item.read(each, reader) for each in node.value)
        return BROKEN if BROKEN in values else values

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "array",
            "items": self.item.describe(defs),
            "minItems": self.least,
            "maxItems": self.most,
        }


@dataclass(frozen=True, slots=True)
class Pair:
    """A list of exactly two, each of its own shape."""

    noun: str
    first: Shape
    second: Shape

    def read(self, node: Node, reader: Reader) -> tuple | Broken:
        if node.kind != "list" or len(node.value) != 2:
            return reader.refuse(node, f"is {show(node)}; needs {self.noun}")
        values = self.first.read(node.value[0], reader), self.second.read(node.value[1], reader)
        return BROKEN if BROKEN in values else values

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        items = [self.first.describe(defs), self.second.describe(defs)]
        return {"type": "array", "prefixItems": items, "minItems": 2, "maxItems": 2}


@dataclass(frozen=True, slots=True)
class Either:
    """One shape for each kind of node."""

    noun: str
    shapes: Mapping[str, Shape]

    def read(self, node: Node, reader: Reader) -> Any:
        if node.kind not in self.shapes:
            is_unquoted = node.kind in ("number", "boolean") and "text" in self.shapes
            hint = " (text in quotes)" if is_unquoted else ""
            return reader.refuse(node, f"is {show(node)}{hint}; takes {self.noun}")
        return self.shapes[node.kind].read(node, reader)

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [shape.describe(defs) for shape in self.shapes.values()]}


@dataclass(frozen=True, slots=True)
class Named:
    """A shape under a name of the schema; one that holds itself is given as what makes it."""

    name: str
    shape: Shape | Callable[[], Shape]

    def get_shape(self) -> Shape:
        """The shape itself."""
        return self.shape() if callable(self.shape) else self.shape

    def read(self, node: Node, reader: Reader) -> Any:
        return self.get_shape().read(node, reader)

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        if self.name not in defs:
            defs[self.name] = {}
            defs[self.name] = self.get_shape().describe(defs)
        return {"$ref": f"#/$defs/{self.name}"}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a mapping, with the sentence that editors show."""

    name: str
    shape: Shape
    about: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys.

    Attributes:
        build: makes the value of what is read; by default the mapping itself.
        exclusive: keys of which at most one stands.
        least, most: how many keys stand, where none is required.
        head: the required key that says what the mapping is.
        marker: a second such key, where other mappings have the same head.
    """

    noun: str
    keys: tuple[Key, ...]
    build: Build = lambda reading: dict(reading.values)
    exclusive: tuple[str, ...] = ()
    least: int = 0
    most: int | None = None
    head: str = ""
    marker: str = ""

    def read(self, node: Node, reader: Reader) -> Any:
        known = {key.name: key.shape for key in self.keys}
        allowed = ", ".join(known)
        if node.kind != "mapping":
            return reader.refuse(node, f"is {show(node)}; wanted a mapping with {allowed}")
        values, nodes = {}, {}
        is_whole = True
        for key, inside in node.value:
            if key.value not in known:
                is_whole = False
                message = f"unknown key {show(key)}{suggest(key.value, known)}; allowed: {allowed}"
                reader.refuse(key, message if not self.noun else f"{self.noun}: {message}")
                continue
            nodes[key.value] = inside
            values[key.value] = known[key.value].read(inside, reader)
        is_whole &= self.check_keys(node, nodes, reader)
        if not is_whole or BROKEN in values.values():
            return BROKEN
        return self.build(Reading(node, self.head, nodes, values, reader))

    def check_keys(self, node: Node, nodes: Mapping[str, Node], reader: Reader) -> bool:
        """Whether all keys stand that must, and none that may not."""
        needed = [key.name for key in self.keys if key.is_required]
        missing = [name for name in needed if name not in nodes]
        if missing and len(nodes) == len(node.value):  # an unknown key may be one of them, misspelt
            reader.refuse(node, f"{', '.join(missing)} missing; needed are {', '.join(needed)}")
        beside = [name for name in self.exclusive if name in nodes]
        if len(beside) > 1:
            reader.refuse(
                nodes[beside[1]], f"{' and '.join(beside)} stand side by side; allowed: one of them"
            )
        names = ", ".join(key.name for key in self.keys)
        is_short, is_long = len(nodes) < self.least, self.most is not None and len(nodes) > self.most
        if is_short and len(nodes) == len(node.value):
            reader.refuse(node, f"{self.noun} is empty; allowed: {names}")
        if is_long:
            reader.refuse(node, f"{self.noun} has {len(nodes)} keys; allowed: one of {names}")
        return not (missing or len(beside) > 1 or is_short or is_long)

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {
                key.name: {"description": key.about, **key.shape.describe(defs)} for key in self.keys
            },
            "additionalProperties": False,
        }
        if required := [key.name for key in self.keys if key.is_required]:
            schema["required"] = required
        if self.exclusive:
            pairs = [[a, b] for n, a in enumerate(self.exclusive) for b in self.exclusive[n + 1 :]]
            schema["not"] = {"anyOf": [{"required": pair} for pair in pairs]}
        if self.least:
            schema["minProperties"] = self.least
        if self.most is not None:
            schema["maxProperties"] = self.most
        return schema


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several mappings, told apart by their heads.

    Attributes:
        forms: of two with the same head, the one with a marker comes first.
        elsewhere: heads of what may stand at other places, and why not here.
    """

    noun: str
    forms: tuple[Record, ...]
    elsewhere: Mapping[str, str] = field(default_factory=dict)

    @property
    def heads(self) -> tuple[str, ...]:
        """The words of which one must stand."""
        return tuple(dict.fromkeys(form.head for form in self.forms))

    def read(self, node: Node, reader: Reader) -> Any:
        allowed = ", ".join(self.heads)
        if node.kind != "mapping":
            return reader.refuse(
                node, f"is {show(node)}; wanted {self.noun}, a mapping with one of {allowed}"
            )
        names = [key.value for key, _ in node.value]
        heads = [name for name in names if name in self.heads]
        if len(heads) > 1:
            return reader.refuse(
                node, f"{', '.join(heads)} stand side by side; each stands alone, nest one in the other"
            )
        if not heads:
            return self.refuse_headless(node, names, reader)
        return self.find_form(heads[0], names).read(node, reader)

    def find_form(self, head: str, names: Iterable[str]) -> Record:
        """The form of a mapping with these keys."""
        forms = [form for form in self.forms if form.head == head]
        return next((form for form in forms if form.marker in names), forms[-1])

    def refuse_headless(self, node: Node, names: list[str], reader: Reader) -> Broken:
        """Say which word is missing."""
        for key, _ in node.value:
            if key.value in self.elsewhere:
                return reader.refuse(key, f"{self.elsewhere[key.value]}; allowed: {', '.join(self.heads)}")
        known = {key.name for form in self.forms for key in form.keys}
        others = [key for key, _ in node.value if key.value not in known]
        near = [(key, hint) for key in others if (hint := suggest(key.value, self.heads))]
        at, hint = near[0] if near else (node, "")
        what = f"unknown key {show(at)}{hint}" if near else f"has none of the words that make it {self.noun}"
        return reader.refuse(at, f"{what}; allowed: one of {', '.join(self.heads)}")

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return {"anyOf": [form.describe(defs) for form in self.forms]}
