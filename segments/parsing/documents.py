"""YAML text as nodes with line and column, in bounds.

The text is read event by event, so that a document which nests or repeats itself without end is refused
before it takes memory: aliases, anchors and tags are not part of the language. Scalars follow YAML 1.2, as
editors do: `no` and `20:00` are text (to YAML 1.1 they are false and 1200), and what two readers of YAML
would take for different things is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import yaml

from segments.parsing.flaws import Flaw, SegmentError, build_error

MAX_BYTES = 64 * 1024
MAX_NODES = 5_000
MAX_DEPTH = 40
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

NUMBER = re.compile(r"[-+]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
NOT_FINITE = {".nan": "nan", ".inf": "inf", "+.inf": "inf", "-.inf": "-inf"}
DOUBTFUL = re.compile(r"[-+]?(?:0[xob][0-9A-Fa-f_]+|0[0-9]+(?:\.[0-9]*)?|[0-9]+(?:_[0-9]+)+)")
BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Node:
    """A scalar, a list or a mapping of a document, and where it begins.

    Attributes:
        value: of a list its nodes; of a mapping pairs of a key's node and its value's.
    """

    kind: Literal["text", "number", "boolean", "null", "list", "mapping"]
    value: Any
    line: int
    column: int


def read_text(file: Path) -> str:
    """The text of a file in UTF-8.

    Raises:
        SegmentError: it is larger than a definition may be, or not UTF-8.
    """
    with file.open("rb") as opened:
        content = opened.read(MAX_BYTES + 1)  # never a whole file that was dropped there by mistake
    if len(content) > MAX_BYTES:
        n_bytes = max(len(content), file.stat().st_size)
        raise build_error(file.name, [Flaw(1, 1, describe_size(n_bytes))])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        before = content[: cause.start]
        column = cause.start - (before.rfind(b"\n") + 1) + 1
        flaw = Flaw(before.count(b"\n") + 1, column, "cannot be read as YAML: is not UTF-8")
        raise build_error(file.name, [flaw]) from cause


def describe_size(n_bytes: int) -> str:
    """The sentence on a text that is too long."""
    return f"has {n_bytes:,} bytes; allowed: {MAX_BYTES:,}"


def compose_document(text: str, file: str) -> Node:
    """The one document of a text; `file` names it in messages.

    Raises:
        SegmentError: it is not YAML, or not within the bounds.
    """
    n_bytes = len(text.encode("utf-8", "surrogatepass"))
    if n_bytes > MAX_BYTES:
        raise build_error(file, [Flaw(1, 1, describe_size(n_bytes))])
    try:
        return Composer(file, yaml.parse(text, Loader=Loader)).compose()
    except SegmentError:
        raise
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark or cause.context_mark
        place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        message = " ".join(part for part in (cause.context, cause.problem) if part)
    except (yaml.YAMLError, ValueError) as cause:
        place, message = (1, 1), " ".join(str(cause).split())
    raise build_error(file, [Flaw(*place, f"cannot be read as YAML: {message}")])


class Composer:
    """Makes nodes of YAML's events, counting them."""

    def __init__(self, file: str, events: Iterator[yaml.Event]) -> None:
        self.file = file
        self.events = events
        self.n_nodes = 0

    def compose(self) -> Node:
        """The node of the one document."""
        next(self.events)  # the stream's start
        first = next(self.events)
        if isinstance(first, yaml.StreamEndEvent):
            self.refuse(first, "is empty; wanted a definition")
        root = self.compose_node(next(self.events), depth=1)
        next(self.events)  # the document's end
        second = next(self.events)
        if not isinstance(second, yaml.StreamEndEvent):
            self.refuse(second, "a second document begins here; allowed: one definition a file")
        return root

    def compose_node(self, event: yaml.Event, depth: int) -> Node:
        """The node that begins with an event, with what is in it."""
        self.n_nodes += 1
        if self.n_nodes > MAX_NODES:
            self.refuse(event, f"has more than {MAX_NODES:,} values; put long lists into an uploaded list")
        if depth > MAX_DEPTH:
            self.refuse(event, f"nests too deep; allowed: {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            self.refuse(event, "an alias (*) or anchor (&) is not allowed; write out what it stands for")
        if event.tag:
            self.refuse(event, f"the tag {event.tag[:60]!r} is not allowed; wanted plain YAML")
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.ScalarEvent):
            return Node(*self.resolve(event), line, column)
        if isinstance(event, yaml.SequenceStartEvent):
            nodes = tuple(
                self.compose_node(each, depth + 1) for each in self.take_until(yaml.SequenceEndEvent)
            )
            return Node("list", nodes, line, column)
        pairs, names = [], set()
        for each in self.take_until(yaml.MappingEndEvent):
            key = self.compose_node(each, depth + 1)
            if key.kind in ("list", "mapping"):
                self.refuse(each, f"a {key.kind} stands as a key; allowed: a word")
            if each.value in names:
                self.refuse(each, f"{each.value[:60]!r} stands here twice")
            names.add(each.value)
            name = Node("text", each.value, key.line, key.column)
            pairs.append((name, self.compose_node(next(self.events), depth + 1)))
        return Node("mapping", tuple(pairs), line, column)

    def take_until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        """The events that begin what a list or mapping holds."""
        while not isinstance(event := next(self.events), end):
            yield event

    def resolve(self, event: yaml.ScalarEvent) -> tuple[str, Any]:
        """The kind and value of a scalar; what is in quotes or a block is text."""
        text = event.value
        if not event.implicit[0]:
            return "text", text
        if text in NULLS:
            return "null", None
        if text in BOOLEANS:
            return "boolean", BOOLEANS[text]
        if text.lower() in NOT_FINITE:
            return "number", float(NOT_FINITE[text.lower()])
        if NUMBER.fullmatch(text):
            is_whole = text.lstrip("+-").isdecimal() and len(text) < 30
            return "number", int(text) if is_whole else float(text)
        if DOUBTFUL.fullmatch(text):
            self.refuse(
                event,
                f"{text[:60]} is a number to some readers of YAML and another or text to others; write it in"
                " quotes, or as a decimal number without leading zeros and underscores",
            )
        return "text", text

    def refuse(self, event: yaml.Event, message: str) -> NoReturn:
        """End with what is wrong at an event."""
        mark = event.start_mark
        raise build_error(self.file, [Flaw(mark.line + 1, mark.column + 1, message)])
