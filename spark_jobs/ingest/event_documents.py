"""Reads the JSON of plain events: what stands where `segment_format` declares it, in the kind it declares.

Every function raises `OddValueError` for a value of another form; the event goes to the transform.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from expectations.contracts.consent import EVENT_PURPOSES
from expectations.contracts.event_format import ITEM_EVENT_TYPES, PURCHASE
from expectations.contracts.places import MOST_DEGREES, find_zone, parse_place
from spark_jobs.ingest.formats import parse_plain_object
from spark_jobs.ingest.parse_values import CURRENCY_CODE
from spark_jobs.ingest.plain_values import PLAIN_MONEY, PLAIN_QUANTITY, OddValueError, trim_plain_text

IS_CURRENCY = re.compile(CURRENCY_CODE).fullmatch
NO_DOCUMENT: dict[str, object] = {}


class Product(NamedTuple):
    """One product of an event; `quantity` and `price` as text."""

    item_id: str | None
    quantity: str | None
    price: str | None


NO_PRODUCT = Product(None, None, None)


def parse_plain_document(text: str | None) -> dict[str, object]:
    """The object of a column of JSON; an empty one where there is none."""
    if text is None:
        return NO_DOCUMENT
    document = parse_plain_object(text.encode())
    if document is None:
        raise OddValueError
    return document


def get_object(document: dict[str, object], name: str) -> dict[str, object]:
    """The object under a name; an empty one where there is none."""
    inner = document.get(name)
    if inner is None:
        return NO_DOCUMENT
    if not isinstance(inner, dict):
        raise OddValueError
    return inner


def read_surroundings(sent: dict[str, object]) -> Iterator[str | None]:
    """Device, page, referrer, campaign and country of an event's context."""
    page = get_object(sent, "page")
    yield trim_plain_text(get_object(sent, "device").get("type"))
    yield trim_plain_text(page.get("path"))
    yield trim_plain_text(page.get("referrer"))
    yield trim_plain_text(get_object(sent, "campaign").get("name"))
    yield trim_plain_text(get_object(sent, "location").get("country"))


def read_place(sent: dict[str, object]) -> tuple[float | None, float | None]:
    """Latitude and longitude of an event's context."""
    location, texts = get_object(sent, "location"), []
    for name in MOST_DEGREES:
        value = location.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float | None):
            raise OddValueError
        texts.append(trim_plain_text(value if value is None or isinstance(value, str) else repr(value)))
    return parse_place(*texts)


def read_time_zone(sent: dict[str, object]) -> str | None:
    """The time zone of an event's context; None where nobody knows it."""
    zone = trim_plain_text(sent.get("timezone"))
    return zone if zone and find_zone(zone) else None


def read_currency(said: dict[str, object]) -> str | None:
    """The currency of an event's properties."""
    currency = trim_plain_text(said.get("currency"))
    if currency is not None and not IS_CURRENCY(currency):
        raise OddValueError
    return currency


def read_consents(sent: dict[str, object]) -> tuple[bool | None, ...]:
    """What an event says of each of `EVENT_PURPOSES`."""
    said = get_object(get_object(sent, "consent"), "categoryPreferences")
    for name, word in said.items():
        if not (isinstance(word, bool) and (name in EVENT_PURPOSES or name.isascii())):
            raise OddValueError
        if name not in EVENT_PURPOSES and name.lower() in EVENT_PURPOSES:
            raise OddValueError
    return tuple([said.get(purpose) for purpose in EVENT_PURPOSES])


def list_products(event_type: str, said: dict[str, object]) -> list[Product]:
    """The products of an event, of one that names none a single empty one."""
    one, several = read_product(said), said.get("products")
    if several is not None:
        if not isinstance(several, list) or not all(isinstance(each, dict) for each in several):
            raise OddValueError
        several = [read_product(each) for each in several]
    if event_type not in ITEM_EVENT_TYPES:
        return [NO_PRODUCT]
    products = several if event_type == PURCHASE and several else [one]
    if any(each.item_id is None for each in products):
        raise OddValueError
    return products


def read_product(said: dict[str, object]) -> Product:
    """What an object says of a product."""
    texts = []
    for name, pattern in (("quantity", PLAIN_QUANTITY), ("price", PLAIN_MONEY)):
        value = said.get(name)
        if value is None:
            texts.append(None)
            continue
        text = value if isinstance(value, str) else repr(value)  # of a boolean a word, which no number is
        if not pattern.fullmatch(text):
            raise OddValueError
        texts.append(text)
    return Product(trim_plain_text(said.get("product_id")), *texts)
