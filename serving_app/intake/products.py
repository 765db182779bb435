"""The items of an event, with the rules by which ingest reads its products."""

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from expectations.contracts.ids import parse_id
from expectations.contracts.lake import CORE_EVENTS
from expectations.contracts.text import normalise_text
from serving_app.intake.flaws import Refused
from serving_app.live.events import CART, CLICK, PURCHASE, UNCART, VIEW, EventItem

OF_ONE_ITEM = (VIEW, CART, UNCART, CLICK)
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.0+)?")
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
MAX_DIGITS = 40  # of a number that is looked at
LEAST_QUANTITY, MOST_QUANTITY = CORE_EVENTS.ranges["quantity"]
HIGHEST_PRICE = Decimal("99999999.9999")  # what the column's decimal(12,4) holds
PRICE_PLACES = 4  # as the column has them
CURRENCY = re.compile("[A-Z]{3}")


def read_items(
    event_type: str, properties: dict[str, Any], normalise_item_id: Callable[[str], str]
) -> tuple[EventItem, ...]:
    """The items of an event, in the catalogue's normal form; none of an event that is about no item.

    Raises:
        Refused: a product has no id, or a number is none.
    """
    check_ids(properties)
    read_currency(properties)
    products = properties.get("products")
    if event_type == PURCHASE and products:
        return tuple(read_item(product, normalise_item_id) for product in products)
    if event_type == PURCHASE or event_type in OF_ONE_ITEM:
        return (read_item(properties, normalise_item_id),)
    return ()


def read_currency(properties: dict[str, Any]) -> str | None:
    """The currency of an event's prices.

    Raises:
        Refused: it is none.
    """
    currency = properties.get("currency")
    text = normalise_text(as_text(currency)) if currency is not None else ""
    if text and not CURRENCY.fullmatch(text):
        raise Refused("bad_value", "currency")
    return text or None


def check_ids(properties: dict[str, Any]) -> None:
    """
    Raises:
        Refused: an item's or order's id is none, whatever the event: a record of an unknown thing.
    """
    for name, kind, holder in list_ids(properties):
        if flaw := parse_id(holder.get(name), kind).flaw:
            raise Refused("bad_id", f"{name} {flaw}")


def list_ids(properties: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each id without which an event is not understood: its name, its kind and what holds it."""
    yield "order_id", "order_id", properties
    yield "product_id", "item_id", properties
    for product in properties.get("products") or ():
        yield "product_id", "item_id", product


def read_item(product: dict[str, Any], normalise_item_id: Callable[[str], str]) -> EventItem:
    """One product.

    Raises:
        Refused: it has no id, or a number is none.
    """
    item_id = parse_id(product.get("product_id"), "item_id").value
    if item_id is None:
        raise Refused("missing_field", "product_id")
    price = read_price(product.get("price"))
    return EventItem(normalise_item_id(item_id), read_quantity(product.get("quantity")), price)


def read_quantity(value: object) -> int:
    """A quantity; 1 where none is sent.

    Raises:
        Refused: it is no whole number, or one that the column does not hold.
    """
    text = normalise_text(as_text(value))
    if not text:
        return 1
    if len(text) > MAX_DIGITS or not WHOLE_NUMBER.fullmatch(text):
        raise Refused("bad_number", "quantity")
    quantity = int(Decimal(text))
    if not LEAST_QUANTITY <= quantity <= MOST_QUANTITY:
        raise Refused("bad_number", "quantity")
    return quantity


def read_price(value: object) -> float | None:
    """A price as the column holds it; None where none is sent.

    Raises:
        Refused: it is no number, or one that the column does not hold.
    """
    text = normalise_text(as_text(value))
    if not text:
        return None
    is_number = len(text) <= MAX_DIGITS and NUMBER.fullmatch(text)
    if not is_number or not 0 <= Decimal(text) <= HIGHEST_PRICE:
        raise Refused("bad_number", "price")
    return float(round(Decimal(text), PRICE_PLACES))


def as_text(value: object) -> str:
    """A JSON value as the text that ingest reads: a string as it is."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value)
