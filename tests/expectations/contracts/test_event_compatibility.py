"""A new version of an event may add an optional field, and nothing that a client or a column cannot take."""

import copy

import pytest

from expectations.contracts.event_compatibility import find_breaches
from expectations.contracts.event_format import (
    NEWEST_SCHEMAS,
    TRACKED_EVENTS,
    EventSchema,
    read_event_schemas,
)
from expectations.contracts.lake import CORE_EVENTS

OLD = {
    "title": "Product Viewed",
    "x-event-type": "view",
    "x-columns": {"product_id": "item_id", "products.price": "unit_price"},
    "type": "object",
    "required": ["product_id"],
    "properties": {
        "product_id": {"type": ["string", "integer"]},
        "page": {"type": "object", "properties": {"path": {"type": "string", "maxLength": 9}}},
        "products": {
            "type": "array",
            "items": {"type": "object", "properties": {"price": {"type": "number"}}},
        },
    },
}


def schema(document, version=1):
    return EventSchema("e", version, document["title"], document.get("x-event-type"), document)


def breaches(change):
    new = copy.deepcopy(OLD)
    change(new)
    return [tuple(one) for one in find_breaches(schema(OLD), schema(new, 2))]


def put(document, path, value):
    for name in path[:-1]:
        document = document[name]
    if value is ...:
        del document[path[-1]]
    else:
        document[path[-1]] = value


ALLOWED = {
    "nothing": lambda new: None,
    "an optional field": lambda new: put(new, ("properties", "colour"), {"type": "string"}),
    "an optional field inside": lambda new: put(new, ("properties", "page", "properties", "title"), {}),
    "null besides": lambda new: put(new, ("properties", "product_id", "type"), ["string", "integer", "null"]),
    "words": lambda new: put(new, ("properties", "product_id", "description"), "which item"),
    "no longer required": lambda new: put(new, ("required",), []),
    "a column of a new field": lambda new: put(new, ("x-columns", "colour"), "campaign"),
}


@pytest.mark.parametrize("change", ALLOWED.values(), ids=ALLOWED)
def test_what_a_version_may_change(change):
    assert breaches(change) == []


def rename(new):
    new["properties"]["path"] = new["properties"].pop("page")


REFUSED = {
    "removed": (lambda new: put(new, ("properties", "products"), ...), "products", "is gone"),
    "renamed": (rename, "page", "is gone; renamed to path?"),
    "another type": (
        lambda new: put(new, ("properties", "product_id", "type"), "integer"),
        "product_id",
        "had the type integer or string and has integer",
    ),
    "more types": (
        lambda new: put(new, ("properties", "page", "properties", "path", "type"), ["string", "number"]),
        "page.path",
        "had the type string and has number or string",
    ),
    "another type in a list": (
        lambda new: put(new, ("properties", "products", "items", "properties", "price", "type"), "string"),
        "products.price",
        "had the type number and has string",
    ),
    "required": (
        lambda new: put(new, ("required",), ["product_id", "page"]),
        "page",
        "was optional and is required",
    ),
    "new and required": (
        lambda new: new.update(required=["product_id", "x"], properties={**new["properties"], "x": {}}),
        "x",
        "is new and required: clients that were there before do not send it",
    ),
    "a limit": (
        lambda new: put(new, ("properties", "product_id", "pattern"), "^[0-9]*$"),
        "product_id",
        "has another pattern",
    ),
    "a shorter limit": (
        lambda new: put(new, ("properties", "page", "properties", "path", "maxLength"), 8),
        "page.path",
        "has another maxLength",
    ),
    "no other fields": (
        lambda new: new.update(additionalProperties=False),
        "",
        "has another additionalProperties",
    ),
    "the event's name": (
        lambda new: new.update(title="Viewed"),
        "",
        "has another name: clients send the one before",
    ),
    "what it counts as": (
        lambda new: new.update({"x-event-type": "click"}),
        "",
        "has another x-event-type: what it counted as before, it no longer does",
    ),
    "another column": (
        lambda new: put(new, ("x-columns", "product_id"), "order_id"),
        "product_id",
        "no longer becomes the column item_id",
    ),
}


@pytest.mark.parametrize(("change", "field", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_a_version_may_not_change(change, field, sentence):
    assert (field, sentence) in breaches(change)


def test_columns_and_types_of_the_declared_events():
    for declared in NEWEST_SCHEMAS.values():
        assert set(declared.columns.values()) <= set(CORE_EVENTS.columns), declared.slug
    assert len(TRACKED_EVENTS) == len(NEWEST_SCHEMAS) - 2, "a name that two folders have"


def test_versions_of_an_event_are_read_in_order(tmp_path):
    (tmp_path / "e").mkdir()
    for version in (10, 2, 1):
        (tmp_path / "e" / f"{version}.json").write_text(f'{{"title": "{version}"}}')
    assert [one.name for one in read_event_schemas(tmp_path)["e"]] == ["1", "2", "10"]
