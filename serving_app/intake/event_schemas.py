"""Checks an event's context and properties against the declarations in `contracts/events/`."""

from functools import cache
from typing import Any

import jsonschema_rs

from expectations.contracts.event_format import ANY_CONTEXT, ANY_PROPERTIES, NEWEST_SCHEMAS, TRACK
from serving_app.intake.flaws import Flaw

# A flaw's reason code by the keyword that an event breaks; of any other keyword the value is a bad one.
REASONS = {"type": "wrong_kind", "required": "missing_field"}
BY_NAME = {schema.name: schema for schema in NEWEST_SCHEMAS.values() if schema.event_type}


def find_schema_flaw(call: str, name: object, event: dict[str, Any]) -> Flaw | None:
    """The first flaw of an event's context and properties; None where they are as declared.

    Args:
        name: of a tracked event that is declared; of other calls whatever was sent.
    """
    checked = {"context": event.get("context"), "properties": event.get("properties")}
    validator = get_validator(name if call == TRACK else None)
    if validator.is_valid(checked):
        return None
    error = next(validator.iter_errors(checked))
    keyword = str(error.schema_path[-1])
    path = format_path(error.instance_path)
    if keyword == "required":
        path = f"{path}.{error.kind.property}"
    return Flaw(REASONS.get(keyword, "bad_value"), path)


@cache
def get_validator(name: str | None) -> jsonschema_rs.Draft202012Validator:
    """The validator of a tracked event, or of calls without declared properties of their own."""
    properties = [NEWEST_SCHEMAS[ANY_PROPERTIES].document]
    if name is not None:
        properties.append(BY_NAME[name].document)
    return jsonschema_rs.Draft202012Validator(
        {"properties": {"context": NEWEST_SCHEMAS[ANY_CONTEXT].document, "properties": {"allOf": properties}}}
    )


def format_path(path: list[str | int]) -> str:
    """`properties.products[].price`: names that a declaration has, and no value."""
    text = ""
    for part in path:
        text += "[]" if isinstance(part, int) else f".{part}" if text else part
    return text
