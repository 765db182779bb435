"""Whether a new version of an event's declaration still takes every event that the version before took, and
gives the columns the same values. Pure: two declarations in, what is wrong out.

A client cannot be updated with the service: events of an app that was installed a year ago come for another
year. So a version may add an optional field, or take null besides; nothing else.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from expectations.contracts.event_format import EventSchema

# Keywords of a field that are looked at by themselves, or say nothing about values.
STRUCTURE = ("type", "properties", "required", "items")
ABOUT = ("title", "description", "$schema", "$comment", "examples", "deprecated", "x-event-type", "x-columns")


class Breach(NamedTuple):
    """One change that a version may not make.

    Attributes:
        field: its path with dots; empty for the event itself.
        change: what became of it, as the end of a sentence.
    """

    field: str
    change: str


class Field(NamedTuple):
    """A field of a declaration."""

    types: frozenset[str]
    is_required: bool
    limits: dict[str, Any]


def find_breaches(old: EventSchema, new: EventSchema) -> list[Breach]:
    """Every change of a version that its clients or its columns cannot take."""
    breaches = []
    if old.name != new.name:
        breaches.append(Breach("", "has another name: clients send the one before"))
    if old.event_type != new.event_type:
        breaches.append(Breach("", "has another x-event-type: what it counted as before, it no longer does"))
    before, after = dict(list_fields(old.document)), dict(list_fields(new.document))
    added = [name for name in after if name not in before]
    for path, field in before.items():
        if path not in after:
            breaches.append(Breach(path, describe_removal(field, {name: after[name] for name in added})))
            continue
        breaches += [Breach(path, change) for change in list_changes(field, after[path])]
        if path in old.columns and new.columns.get(path) != old.columns[path]:
            breaches.append(Breach(path, f"no longer becomes the column {old.columns[path]}"))
    breaches += [
        Breach(path, "is new and required: clients that were there before do not send it")
        for path in added
        if after[path].is_required
    ]
    return breaches


def describe_removal(field: Field, added: dict[str, Field]) -> str:
    """A removed field; with the new ones of its types, of which one may be its new name."""
    alike = [path for path, other in added.items() if other.types == field.types]
    return f"is gone; renamed to {' or '.join(alike)}?" if alike else "is gone"


def list_changes(old: Field, new: Field) -> Iterator[str]:
    """What a field may not become."""
    if new.types - {"null"} != old.types - {"null"} or "null" in old.types - new.types:
        yield f"had the type {describe_types(old)} and has {describe_types(new)}"
    if new.is_required and not old.is_required:
        yield "was optional and is required"
    changed = [name for name in {**old.limits, **new.limits} if old.limits.get(name) != new.limits.get(name)]
    if changed:
        yield f"has another {', '.join(sorted(changed))}"


def describe_types(field: Field) -> str:
    """A field's types in words."""
    return " or ".join(sorted(field.types)) or "any"


def list_fields(document: dict[str, Any], path: str = "") -> Iterator[tuple[str, Field]]:
    """Every field of a declaration with its path; an item of a list has its list's, and `""` is the event."""
    if not path:
        yield "", build_field(document, False)
    required = document.get("required", ())
    for name, inner in document.get("properties", {}).items():
        inner_path = f"{path}.{name}" if path else name
        yield inner_path, build_field(inner, name in required)
        yield from list_fields(inner, inner_path)
        if "items" in inner:
            yield f"{inner_path}[]", build_field(inner["items"], False)
            yield from list_fields(inner["items"], inner_path)


def build_field(declared: dict[str, Any], is_required: bool) -> Field:
    """What a field's declaration says."""
    types = declared.get("type", [])
    limits = {name: value for name, value in declared.items() if name not in STRUCTURE + ABOUT}
    return Field(frozenset([types] if isinstance(types, str) else types), is_required, limits)
