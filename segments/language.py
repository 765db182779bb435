"""The language of segment definitions: one YAML file says who belongs to a segment at the end of a day.

A rule is one condition (`field`, `op`, `value`) or `all`, `any` or `not` of rules. A condition on a field
that is not known for a customer (how long ago someone bought who never did) is not met, and its `not` is:
nobody is in neither half by accident.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator

from expectations.contracts.yaml_files import FileModel, format_suggestion, read_yaml, validate
from segments.fields import FIELDS

COMPARISONS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
OPERATORS = (*COMPARISONS, "between", "in", "is_known")
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
    """Rules joined by `operator`: all, any or not (of exactly one)."""

    operator: str
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


def parse_text(value: Any) -> str:
    """Text on one line that a dbt model can hold: Jinja runs what braces hold, and a backslash escapes a
    quote on Snowflake.

    Raises:
        ValueError: it is no such text.
    """
    if not isinstance(value, str):
        raise ValueError(
            f"is {value!r}, {type(value).__name__}; wanted text, in quotes where YAML takes it for"
            " something else"
        )
    if not value.strip():
        raise ValueError("is empty; wanted text")
    marks = [mark for mark in FORBIDDEN if mark in value]
    if marks:
        raise ValueError(
            f"{value!r} contains {' and '.join(marks)}; allowed: any text without {' '.join(FORBIDDEN)}"
        )
    return " ".join(value.split())


def parse_segment_id(value: Any) -> str:
    """A segment's id, which is part of table rows and file names.

    Raises:
        ValueError: it is not made of small letters, digits and underscores.
    """
    text = parse_text(value)
    if not text.replace("_", "").isalnum() or text != text.lower():
        raise ValueError(f"is {text!r}; allowed: small letters, digits and underscores")
    return text


Text = Annotated[str, BeforeValidator(parse_text)]


class SegmentFile(FileModel):
    """A definition as it is written, its rule not yet parsed."""

    segment_id: Annotated[str, BeforeValidator(parse_segment_id)]
    name: Text
    kind: Literal["rfm", "rule"]
    description: Text
    members: Any


def load_segments(folder: Path) -> list[Segment]:
    """Every definition of a folder, by segment id.

    Raises:
        SegmentError: a file is not a definition, or is not called after its segment.
    """
    segments = []
    for file in sorted(folder.glob("*.yml")):
        document = read_yaml(file, SegmentError, hint="README.md in segments/ shows a definition")
        segment = parse_segment(document, file.name)
        if segment.segment_id != file.stem:
            raise SegmentError(
                f"{file.name}: segment_id is {segment.segment_id!r}; the file of that segment is"
                f" {segment.segment_id}.yml"
            )
        segments.append(segment)
    if not segments:
        raise SegmentError(f"no segment definitions (*.yml) in {folder.name}")
    return segments


def parse_segment(document: Any, where: str) -> Segment:
    """One definition from a YAML document; `where` names it in messages.

    Raises:
        SegmentError: see `load_segments`.
    """
    file = validate(SegmentFile, document, where, SegmentError)
    try:
        members = parse_rule(file.members, f"{where}: members")
    except RecursionError as error:
        raise SegmentError(
            f"{where}: members: rules nest too deep; an alias (*) may not stand inside what it names"
        ) from error
    return Segment(file.segment_id, file.name, file.kind, file.description, members)


def parse_rule(document: Any, where: str) -> Rule:
    """One rule, with the rules inside it."""
    if not isinstance(document, Mapping):
        raise SegmentError(
            f"{where}: is {type(document).__name__}; wanted a condition {{field, op, value}} or one of all,"
            " any, not"
        )
    groups = [operator for operator in ("all", "any", "not") if operator in document]
    if not groups:
        return parse_condition(document, where)
    operator = groups[0]
    if len(document) > 1:
        raise SegmentError(
            f"{where}: {', '.join(map(str, document))} stand side by side; {operator} stands alone, nest one"
            " in the other"
        )
    inside = [document[operator]] if operator == "not" else document[operator]
    if not isinstance(inside, list) or not inside:
        raise SegmentError(f"{where}.{operator}: needs a list of at least one rule")
    return Group(
        operator,
        tuple(parse_rule(each, f"{where}.{operator}[{n}]") for n, each in enumerate(inside, start=1)),
    )


def parse_condition(document: Mapping, where: str) -> Condition:
    """One condition, its value checked against its field."""
    allowed = ("field", "op", "value")
    unknown = [key for key in document if key not in allowed]
    if unknown:
        raise SegmentError(
            f"{where}: unknown key {unknown[0]!r}{format_suggestion(unknown[0], allowed)};"
            f" allowed: {', '.join(allowed)}"
        )
    name, op = document.get("field"), document.get("op")
    if not isinstance(name, str) or name not in FIELDS:
        raise SegmentError(
            f"{where}: unknown field {name!r}{format_suggestion(name, FIELDS)}; known: {', '.join(FIELDS)}"
        )
    if op not in OPERATORS:
        raise SegmentError(f"{where}: unknown op {op!r}; allowed: {', '.join(OPERATORS)}")
    kind, value = FIELDS[name].kind, document.get("value")
    if op == "is_known":
        is_valid, allowed_value = isinstance(value, bool), "true or false"
    elif op == "between":
        is_valid = (
            kind == "number"
            and isinstance(value, list)
            and len(value) == 2
            and all(is_number(each) for each in value)
        )
        is_valid, allowed_value = (
            is_valid and value[0] <= value[1],
            f"two numbers [low, high], both ends included, {FINITE}",
        )
    elif op == "in":
        is_valid = (
            kind == "number"
            and isinstance(value, list)
            and bool(value)
            and all(is_number(each) for each in value)
        )
        allowed_value = f"a list of numbers, {FINITE}"
    elif kind == "boolean":
        is_valid, allowed_value = op in ("=", "!=") and isinstance(value, bool), "true or false, with = or !="
    else:
        is_valid, allowed_value = is_number(value), f"a number, {FINITE}"
    if not is_valid:
        raise SegmentError(
            f"{where}: {name} {op} {value!r}; {name} is a {kind}, which here takes {allowed_value}"
        )
    return Condition(name, op, tuple(value) if isinstance(value, list) else value)


def is_number(value: Any) -> bool:
    """Whether it is one to SQL too: YAML's .nan and .inf are not (nan is within no bound)."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -BOUND < value < BOUND
