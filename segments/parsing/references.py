"""What definitions say of each other: segments that do not exist, circles of segments, and lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from segments.parsing.documents import Node
from segments.parsing.flaws import Flaw, SegmentError, build_error
from segments.parsing.reading import Reference, suggest
from segments.tree.rules import Segment

MAX_EXPANDED = 10_000  # nodes of a rule with the rules of the segments that it names in their place
MAX_CHAIN = 20  # segments that each rest on the next


@dataclass(frozen=True, slots=True)
class Definition:
    """A segment, the file it stands in, and the other segments and lists that it names."""

    segment: Segment
    file: str
    node: Node
    references: tuple[Reference, ...]


def check_references(
    definitions: Sequence[Definition],
    others: Sequence[Definition],
    lists: Mapping[str, str] | None,
) -> list[SegmentError]:
    """An error for each of the definitions that names what it may not; where all may, for each that becomes
    too large by it.
    """
    if errors := check_ids(definitions):
        return errors
    by_id = {each.segment.segment_id: each for each in [*others, *definitions]}
    for definition in definitions:
        flaws = [
            Flaw(reference.node.line, reference.node.column, message, is_structural=False)
            for reference in definition.references
            if (message := find_flaw(definition, reference, by_id, lists))
        ]
        if flaws:
            errors.append(build_error(definition.file, flaws))
    return errors or [
        build_error(each.file, [Flaw(each.node.line, each.node.column, message, is_structural=False)])
        for each in definitions
        if (message := find_size_flaw(each, by_id))
    ]


def check_ids(definitions: Iterable[Definition]) -> list[SegmentError]:
    """An error for each definition whose id another one before it has."""
    seen: set[str] = set()
    errors = []
    for each in definitions:
        if each.segment.segment_id in seen:
            message = f"another definition is called {each.segment.segment_id!r} too; allowed: each id once"
            flaw = Flaw(each.node.line, each.node.column, message, is_structural=False)
            errors.append(build_error(each.file, [flaw]))
        seen.add(each.segment.segment_id)
    return errors


def find_flaw(
    definition: Definition,
    reference: Reference,
    by_id: Mapping[str, Definition],
    lists: Mapping[str, str] | None,
) -> str:
    """Why a definition may not refer so; empty where it may."""
    name = reference.name
    if reference.kind != "segment":
        return find_list_flaw(reference, lists)
    if name not in by_id:
        return f"unknown segment {name!r}{suggest(name, by_id)}; known: {', '.join(sorted(by_id))}"
    path = find_path(by_id, name, definition.segment.segment_id)
    if path:
        circle = " → ".join([definition.segment.segment_id, *path])
        return f"segments name each other in a circle: {circle}; allowed: segments that rest on others"
    return ""


def find_list_flaw(reference: Reference, lists: Mapping[str, str] | None) -> str:
    """Why a list may not be named; empty where it may."""
    if lists is None:
        return ""
    wanted = reference.kind.removeprefix("list of ")
    known = sorted(name for name, kind in lists.items() if kind == wanted)
    if reference.name in known:
        return ""
    if reference.name in lists:
        return f"{reference.name!r} is a list of {lists[reference.name]}; here stands one of {wanted}"
    listed = ", ".join(known) or "none yet"
    return f"unknown {reference.kind} {reference.name!r}{suggest(reference.name, known)}; known: {listed}"


def find_path(by_id: Mapping[str, Definition], start: str, end: str) -> list[str]:
    """The segments from one to another, each named by the one before it; empty where none leads there."""
    came_from: dict[str, str | None] = {start: None}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name == end:
            path: list[str] = []
            step: str | None = name
            while step is not None:
                path.insert(0, step)
                step = came_from[step]
            return path
        for inner in list_segments(by_id.get(name)):
            if inner not in came_from:
                came_from[inner] = name
                waiting.append(inner)
    return []


def list_segments(definition: Definition | None) -> Iterator[str]:
    """The segments that a definition names, each as often as it does."""
    references: Iterable[Reference] = definition.references if definition else ()
    return (reference.name for reference in references if reference.kind == "segment")


def find_size_flaw(definition: Definition, by_id: Mapping[str, Definition]) -> str:
    """Why a rule is too large, with those that it names in their place; empty where it is not."""
    n_parts, n_chained = measure_expanded(definition, by_id)
    if n_parts <= MAX_EXPANDED and n_chained <= MAX_CHAIN:
        return ""
    return (
        f"with the segments it rests on it has {n_parts:,} parts or more, in a chain of {n_chained} or more;"
        f" allowed: {MAX_EXPANDED:,} parts, and a chain of {MAX_CHAIN}"
    )


def measure_expanded(definition: Definition, by_id: Mapping[str, Definition]) -> tuple[int, int]:
    """How many parts a rule has with those of the segments that it names in their place, and how many
    segments its longest chain has; chains are followed a little further than is allowed.
    """
    sizes: dict[str, tuple[int, int]] = {}

    def measure(name: str, level: int) -> tuple[int, int]:
        if level > MAX_CHAIN + 1 or name not in by_id:
            return 0, 0
        if name not in sizes:
            inner = [measure(each, level + 1) for each in list_segments(by_id[name])]
            n_parts = count_parts(by_id[name].segment.members) + sum(n for n, _ in inner)
            sizes[name] = n_parts, 1 + max((n for _, n in inner), default=0)
        return sizes[name]

    return measure(definition.segment.segment_id, 1)


def count_parts(part: Any) -> int:
    """How many nodes a tree has."""
    if isinstance(part, tuple):
        return sum(map(count_parts, part))
    if not is_dataclass(part):
        return 0
    return 1 + sum(count_parts(getattr(part, field.name)) for field in fields(part))
