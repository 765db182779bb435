"""The fields that a filter expression may name: of the item, the customer and the request."""

import difflib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from expectations.contracts.snapshot import CustomerSlice, ItemFacts
from serving_app.filters.text_values import parse_time
from serving_app.filters.tree import FilterError, Kind, Name

Value = str | float | bool | tuple[str, ...] | None


class FilterContext(NamedTuple):
    """What a request says of itself beside its visitor.

    Attributes:
        now: the moment of the request.
        country: where the visitor is, as the request says.
        age: in years, as the request says.
    """

    now: datetime
    placement: str | None = None
    country: str | None = None
    age: int | None = None
    device: str | None = None
    language: str | None = None


class ItemField(NamedTuple):
    """A field of the item."""

    kind: Kind
    read: Callable[[str, ItemFacts], Value]


class CustomerField(NamedTuple):
    """A field of the customer; `for_stranger` is what a stranger has."""

    kind: Kind
    read: Callable[[CustomerSlice], Value]
    for_stranger: Value = None


class ContextField(NamedTuple):
    """A field of the request."""

    kind: Kind
    read: Callable[[FilterContext], Value]


Field = ItemField | CustomerField | ContextField


def _parse_iso(text: str | None) -> float | None:
    return parse_time(text) if text else None


FIELDS: Mapping[str, Field] = {
    "item_id": ItemField(Kind.TEXT, lambda item_id, item: item_id),
    "title": ItemField(Kind.TEXT, lambda item_id, item: item.title),
    "category": ItemField(Kind.TEXT, lambda item_id, item: item.category),
    # an empty path is an unknown one: a snapshot of layout 3 or older has none
    "category_path": ItemField(Kind.TEXTS, lambda item_id, item: item.category_path or None),
    "brand": ItemField(Kind.TEXT, lambda item_id, item: item.brand),
    "price": ItemField(Kind.NUMBER, lambda item_id, item: item.price),
    "currency": ItemField(Kind.TEXT, lambda item_id, item: item.currency),
    "is_in_stock": ItemField(Kind.BOOLEAN, lambda item_id, item: item.is_in_stock),
    "n_stock": ItemField(Kind.NUMBER, lambda item_id, item: item.n_stock),
    "is_consumable": ItemField(Kind.BOOLEAN, lambda item_id, item: item.is_consumable),
    "min_age": ItemField(Kind.NUMBER, lambda item_id, item: item.min_age),
    "first_seen_at": ItemField(Kind.TIME, lambda item_id, item: _parse_iso(item.first_seen_at)),
    "updated_at": ItemField(Kind.TIME, lambda item_id, item: _parse_iso(item.updated_at)),
    "customer.country": CustomerField(Kind.TEXT, lambda customer: customer.country),
    "customer.segments": CustomerField(Kind.TEXTS, lambda customer: customer.segment_ids, ()),
    "customer.rfm_segment": CustomerField(Kind.TEXT, lambda customer: customer.rfm_segment),
    "customer.n_orders": CustomerField(Kind.NUMBER, lambda customer: customer.n_orders),
    "customer.last_order_at": CustomerField(Kind.TIME, lambda customer: _parse_iso(customer.last_order_at)),
    "customer.is_known": CustomerField(Kind.BOOLEAN, lambda customer: customer.is_known, False),
    "context.placement": ContextField(Kind.TEXT, lambda context: context.placement),
    "context.country": ContextField(Kind.TEXT, lambda context: context.country),
    "context.age": ContextField(Kind.NUMBER, lambda context: context.age),
    "context.device": ContextField(Kind.TEXT, lambda context: context.device),
    "context.language": ContextField(Kind.TEXT, lambda context: context.language),
}
ATTRIBUTES, ITEM = "attributes", "item."
ALLOWED = (*FIELDS, "attributes.<name>")
RESERVED = {"and", "or", "not", "in", "contains", "starts", "with", "is", "null", "true", "false", "now"}


def find_field(name: Name) -> Field:
    """The field that a name stands for. `item.price` is `price`.

    Raises:
        FilterError: there is none; says which there are, and which was probably meant.
    """
    path = name.path.removeprefix(ITEM)
    if name.key is not None and path == ATTRIBUTES:
        return _make_attribute_field(name.key)
    if name.key is None and path.startswith(f"{ATTRIBUTES}."):
        return _make_attribute_field(path.removeprefix(f"{ATTRIBUTES}."))
    if name.key is None and path in FIELDS:
        return FIELDS[path]
    if path == ATTRIBUTES:
        raise FilterError('name an attribute: attributes.colour, or attributes["…"] for any name', name.at)
    if path.lower() == "null":
        raise FilterError('null is written "is null" or "is not null"', name.at)
    if path.lower() in RESERVED:
        raise FilterError("a field is expected, and this word has a meaning of its own", name.at)
    raise FilterError(f"no such field{_suggest(path)}; allowed: {', '.join(ALLOWED)}", name.at)


def _make_attribute_field(key: str) -> ItemField:
    return ItemField(Kind.ATTRIBUTE, lambda item_id, item: item.attributes.get(key))


def _suggest(path: str) -> str:
    close = difflib.get_close_matches(path.lower(), (*FIELDS, "attributes."), n=1)
    return f"; did you mean {close[0]}?" if close else ""
