"""Shapes of single values: words, text, numbers, booleans, and text of a pattern."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from expectations.contracts.text import normalise_text
from segments.parsing.documents import Node
from segments.parsing.reading import Broken, Reader, show, suggest
from segments.parsing.text import CONTROL, FORBIDDEN, MAX_LENGTH, find_text_flaw

BOUND = 10**18  # more than any field holds, and a number to every warehouse
FINITE = "finite and below 10^18"


class Shape(Protocol):
    """What may stand at a place of a definition."""

    def read(self, node: Node, reader: Reader) -> Any:
        """What the node means, or `Broken` after a flaw was noted."""

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        """The JSON schema of it; what it refers to by name is put into `defs`."""


class Words:
    """One of some words.

    Args:
        elsewhere: words that are right at another place, and why not here.
    """

    def __init__(self, noun: str, words: Iterable[str], elsewhere: Mapping[str, str] | None = None) -> None:
        self.noun, self.words, self.elsewhere = noun, tuple(words), elsewhere or {}

    def read(self, node: Node, reader: Reader) -> str | Broken:
        allowed = ", ".join(self.words)
        if node.kind != "text":
            return reader.refuse(node, f"{self.noun} is {show(node)}; allowed: {allowed}")
        if node.value in self.words:
            return node.value
        if node.value in self.elsewhere:
            return reader.refuse(node, f"{self.elsewhere[node.value]}; allowed: {allowed}")
        suggestion = suggest(node.value, self.words)
        return reader.refuse(node, f"unknown {self.noun} {show(node)}{suggestion}; allowed: {allowed}")

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return {"enum": [*self.words]}


class Text:
    """Text that SQL and dbt can hold, in the normal form in which ingest stores texts.

    Args:
        may_wrap: it may stand on several lines, which become one.
    """

    def __init__(self, noun: str, *, may_wrap: bool = False) -> None:
        self.noun, self.may_wrap = noun, may_wrap

    def read(self, node: Node, reader: Reader) -> str | Broken:
        if node.kind != "text":
            return reader.refuse(
                node, f"{self.noun}: is {show(node)}, not text; wanted text, in quotes where it is a number"
            )
        text = node.value.replace("\n", " ") if self.may_wrap else node.value
        if flaw := find_text_flaw(text):
            return reader.refuse(node, f"{self.noun}: {flaw}")
        stored = normalise_text(text)
        if not stored:
            return reader.refuse(node, f"{self.noun}: has nothing that is seen", is_structural=False)
        return " ".join(stored.split()) if self.may_wrap else stored

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        control = CONTROL.replace(r"\x00-\x1f", r"\x00-\x09\x0b-\x1f") if self.may_wrap else CONTROL
        refused = "|".join([*map(re.escape, FORBIDDEN), control])
        return {"type": "string", "pattern": r"\S", "maxLength": MAX_LENGTH, "not": {"pattern": refused}}


class Pattern:
    """Text of a pattern.

    Args:
        build: makes the value of the match; by default the text itself.
    """

    def __init__(
        self,
        noun: str,
        pattern: str,
        allowed: str,
        build: Callable[[re.Match, Node, Reader], Any] = lambda match, node, reader: match.group(),
    ) -> None:
        self.noun, self.pattern, self.allowed, self.build = noun, re.compile(pattern), allowed, build

    def read(self, node: Node, reader: Reader) -> Any:
        match = self.pattern.search(node.value) if node.kind == "text" else None
        if match is None:
            return reader.refuse(node, f"{self.noun} is {show(node)}; allowed: {self.allowed}")
        return self.build(match, node, reader)

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        # Groups are named for Python alone: editors read patterns as JavaScript does.
        return {"type": "string", "pattern": re.sub(r"\(\?P<\w+>", "(", self.pattern.pattern)}


class Number:
    """A number between two bounds, which every warehouse can hold."""

    def __init__(self, noun: str, least: float | None = None, most: float | None = None) -> None:
        self.noun, self.least, self.most = noun, least, most

    def read(self, node: Node, reader: Reader) -> int | float | Broken:
        allowed = (
            f"a number, {FINITE}" if self.least is None else f"a number from {self.least} to {self.most}"
        )
        if node.kind == "number" and self.holds(node.value):
            return node.value
        return reader.refuse(node, f"{self.noun} is {show(node)}; takes {allowed}")

    def holds(self, value: int | float) -> bool:
        """Whether a number lies between the bounds; what is not a number lies nowhere."""
        if self.least is None:
            return -BOUND < value < BOUND
        return self.least <= value <= self.most

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        if self.least is None:
            return {"type": "number", "exclusiveMinimum": -BOUND, "exclusiveMaximum": BOUND}
        return {"type": "number", "minimum": self.least, "maximum": self.most}


class Whole(Number):
    """A whole number between two bounds."""

    def read(self, node: Node, reader: Reader) -> int | Broken:
        if node.kind == "number" and self.holds(node.value) and node.value % 1 == 0:
            return int(node.value)
        return reader.refuse(
            node, f"{self.noun} is {show(node)}; takes a whole number from {self.least} to {self.most}"
        )

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


class Boolean:
    """True or false."""

    def __init__(self, noun: str) -> None:
        self.noun = noun

    def read(self, node: Node, reader: Reader) -> bool | Broken:
        if node.kind == "boolean":
            return node.value
        return reader.refuse(node, f"{self.noun} is {show(node)}; allowed: true or false")

    def describe(self, defs: dict[str, Any]) -> dict[str, Any]:
        return {"type": "boolean"}
