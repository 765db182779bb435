"""The language of segment definitions: one YAML file says who belongs to a segment at the end of a day.

A rule is one condition (`field`, `op`, `value`) or `all`, `any` or `not` of rules. A condition on a field
that is not known for a customer (how long ago someone bought who never did) is not met, and its `not` is:
nobody is in neither half by accident.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from segments.fields import FIELDS

KINDS = ("rfm", "rule")
COMPARISONS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
OPERATORS = (*COMPARISONS, "between", "in", "is_known")
KEYS = ("segment_id", "name", "kind", "description", "members")
FORBIDDEN = ("{{", "{%", "{#", "\\")
BOUND = 10**18  # more than any field holds, and a number to every warehouse
FINITE = "finite and below 10^18"


class SegmentError(ValueError):
    """A definition cannot be understood. The message says where, what is wrong, and what is allowed."""


@dataclass(frozen=True)
class Condition:
    """A field compared with a value: a number or truth value; for `between` the two ends, for
    `in` the list.
    """

    field: str
    op: str
    value: Any


@dataclass(frozen=True)
class Group:
    """Rules joined: `how` is all, any or not (of exactly one)."""

    how: str
    rules: tuple["Rule", ...]


Rule = Condition | Group


@dataclass(frozen=True)
class Segment:
    """One segment: who is in it, under which name."""

    segment_id: str
    name: str
    kind: str
    description: str
    members: Rule


def load(folder: Path) -> list[Segment]:
    """Every definition of a folder, by segment id.

    Raises:
        SegmentError: a file is not a definition, or is not called after its segment.
    """
    found = []
    for file in sorted(folder.glob("*.yml")):
        segment = parse(read(file), file.name)
        if segment.segment_id != file.stem:
            raise SegmentError(
                f"{file.name}: segment_id is {segment.segment_id!r}; the file of that segment is"
                f" {segment.segment_id}.yml"
            )
        found.append(segment)
    if not found:
        raise SegmentError(f"no segment definitions (*.yml) in {folder.name}")
    return found


def read(file: Path) -> Any:
    """What YAML makes of a file. Its own errors are of many kinds: of a date that is none, it raises a
    ValueError.
    """
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())
        raise SegmentError(
            f"{file.name}: cannot be read as YAML: {said}; README.md in segments/ shows a definition"
        ) from error


def parse(document: Any, where: str) -> Segment:
    """One definition from what YAML gave; `where` names it in messages.

    Raises:
        SegmentError: see `load`.
    """
    said = mapping(document, where, f"a mapping with {', '.join(KEYS)}")
    known_keys(said, KEYS, where)
    missing = [key for key in KEYS if said.get(key) in (None, "")]
    if missing:
        raise SegmentError(f"{where}: {', '.join(missing)} missing; a segment needs {', '.join(KEYS)}")
    if said["kind"] not in KINDS:
        raise SegmentError(f"{where}: kind is {said['kind']!r}; allowed: {', '.join(KINDS)}")
    if (
        not str(said["segment_id"]).replace("_", "").isalnum()
        or str(said["segment_id"]) != str(said["segment_id"]).lower()
    ):
        raise SegmentError(
            f"{where}: segment_id is {said['segment_id']!r}; allowed: small letters, digits and underscores"
        )
    words = {key: text(said[key], f"{where}: {key}") for key in KEYS[:4]}
    try:
        return Segment(**words, members=rule(said["members"], f"{where}: members"))
    except RecursionError as error:
        raise SegmentError(
            f"{where}: members: rules nest too deep; an alias (*) may not stand inside what it names"
        ) from error


def text(value: Any, where: str) -> str:
    """A text on one line that a dbt model can hold: Jinja runs what braces hold, and a backslash escapes a
    quote on Snowflake.
    """
    if not isinstance(value, str):
        raise SegmentError(
            f"{where}: is {value!r}, {type(value).__name__}; wanted text, in quotes where YAML takes it for"
            " something else"
        )
    found = [mark for mark in FORBIDDEN if mark in value]
    if found:
        raise SegmentError(
            f"{where}: {value!r} contains {' and '.join(found)}; allowed: any text without"
            f" {' '.join(FORBIDDEN)}"
        )
    return " ".join(value.split())


def rule(document: Any, where: str) -> Rule:
    """One rule, with the rules inside it."""
    said = mapping(document, where, "a condition {field, op, value} or one of all, any, not")
    groups = [how for how in ("all", "any", "not") if how in said]
    if not groups:
        return condition(said, where)
    how = groups[0]
    if len(said) > 1:
        raise SegmentError(
            f"{where}: {', '.join(map(str, said))} stand side by side; {how} stands alone, nest one in the"
            " other"
        )
    inside = [said[how]] if how == "not" else said[how]
    if not isinstance(inside, list) or not inside:
        raise SegmentError(f"{where}.{how}: needs a list of at least one rule")
    return Group(how, tuple(rule(one, f"{where}.{how}[{n}]") for n, one in enumerate(inside, start=1)))


def condition(said: Mapping, where: str) -> Condition:
    """One condition, its value checked against its field."""
    known_keys(said, ("field", "op", "value"), where)
    name, op = said.get("field"), said.get("op")
    if not isinstance(name, str) or name not in FIELDS:
        raise SegmentError(f"{where}: unknown field {name!r}{near(name, FIELDS)}; known: {', '.join(FIELDS)}")
    if op not in OPERATORS:
        raise SegmentError(f"{where}: unknown op {op!r}; allowed: {', '.join(OPERATORS)}")
    kind, value = FIELDS[name].kind, said.get("value")
    if op == "is_known":
        good, wanted = isinstance(value, bool), "true or false"
    elif op == "between":
        good = (
            kind == "number"
            and isinstance(value, list)
            and len(value) == 2
            and all(is_number(one) for one in value)
        )
        good, wanted = good and value[0] <= value[1], f"two numbers [low, high], both ends included, {FINITE}"
    elif op == "in":
        good = (
            kind == "number"
            and isinstance(value, list)
            and bool(value)
            and all(is_number(one) for one in value)
        )
        wanted = f"a list of numbers, {FINITE}"
    elif kind == "boolean":
        good, wanted = op in ("=", "!=") and isinstance(value, bool), "true or false, with = or !="
    else:
        good, wanted = is_number(value), f"a number, {FINITE}"
    if not good:
        raise SegmentError(f"{where}: {name} {op} {value!r}; {name} is a {kind}, which here takes {wanted}")
    return Condition(name, op, tuple(value) if isinstance(value, list) else value)


def is_number(value: Any) -> bool:
    """Whether it is one to SQL too: YAML's .nan and .inf are not (nan is within no bound)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -BOUND < value < BOUND


def mapping(document: Any, where: str, wanted: str) -> Mapping:
    if not isinstance(document, Mapping):
        raise SegmentError(f"{where}: is {type(document).__name__}; wanted {wanted}")
    return document


def known_keys(said: Mapping, allowed: tuple[str, ...], where: str) -> None:
    unknown = [key for key in said if key not in allowed]
    if unknown:
        raise SegmentError(
            f"{where}: unknown key {unknown[0]!r}{near(unknown[0], allowed)}; allowed: {', '.join(allowed)}"
        )


def near(name: Any, known: Any) -> str:
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""
