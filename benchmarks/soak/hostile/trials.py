"""Records of every feed, each healthy but for one field, which holds one extreme value."""

import copy
import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from benchmarks.soak.hostile.extremes import NUMBERS, TEXTS, VALUES


@dataclass(frozen=True)
class Trial:
    """One extreme value in one field of one record."""

    feed: str  # <source>/<entity>
    field: str
    value: str  # its name
    record: dict[str, Any]


def make_event(n: int, day: date, item: str) -> dict:
    """A cart event of one of fifty browsers, with all that an event may say."""
    return {
        "type": "track",
        "event": "Product Added",
        "messageId": f"h-{n}",
        "userId": None,
        "anonymousId": f"h-browser-{n % 50}",
        "timestamp": f"{day}T15:00:00Z",
        "originalTimestamp": f"{day}T15:00:00Z",
        "sentAt": f"{day}T15:00:01Z",
        "receivedAt": f"{day}T15:00:02Z",
        "traits": {},
        "context": {
            "sessionId": f"h-session-{n % 50}",
            "device": {"type": "phone"},
            "page": {"path": "/p", "referrer": "https://a.example/"},
            "campaign": {"name": "spring"},
            "location": {"country": "NL"},
            "consent": {"categoryPreferences": {"analytics": True, "personalization": True}},
        },
        "properties": {
            "product_id": item,
            "quantity": 1,
            "price": 2.5,
            "currency": "EUR",
            "order_id": None,
            "request_id": f"h-{n}",
        },
    }


def make_purchase(n: int, day: date, item: str) -> dict:
    """An order's event with two products."""
    event = make_event(n, day, item)
    product = {"product_id": item, "quantity": 1, "price": 2.5}
    properties = {"order_id": f"h-{n}", "currency": "EUR", "products": [product, dict(product)]}
    return {**event, "event": "Order Completed", "properties": properties}


def make_order_line(n: int, day: date, item: str) -> dict:
    return {
        "order_id": f"h-{n}",
        "line_no": "1",
        "ordered_at": f"{day}T15:00:00Z",
        "user_id": f"h-user-{n % 50}",
        "email": f"h{n % 50}@shop.example",
        "item_id": item,
        "quantity": "2",
        "unit_price": "2.50",
        "currency": "EUR",
        "country": "NL",
        "channel": "web",
        "kind": "sale",
        "returned_order_id": "",
    }


def make_person(n: int, day: date, item: str) -> dict:
    return {
        "crm_id": f"h-{n}",
        "user_id": f"h-login-{n}",
        "email": f"h-{n}@people.example",
        "phone": "",
        "first_name": f"Ada {n}",
        "last_name": f"Hostile {n}",
        "address_line": f"{n} Long Street",
        "city": "Delft",
        "postcode": f"{n}",
        "country": "NL",
        "birth_date": "1980-02-29",
        "created_at": f"{day}T09:00:00Z",
        "updated_at": f"{day}T10:00:00Z",
        "marketing_consent": "true",
        "personalization_consent": "true",
    }


def make_item(n: int, day: date, item: str) -> dict:
    return {
        "item_id": f"h-{n}",
        "title": f"Hostile thing {n}",
        "category_path": ["Hostile", "Things"],
        "brand": "Acme",
        "price": 2.5,
        "currency": "EUR",
        "stock": 5,
        "attributes": {"origin": "GR"},
        "image_url": "https://img.example/1.png",
        "is_consumable": False,
        "status": "active",
        "updated_at": f"{day}T10:00:00Z",
    }


def make_impression(n: int, day: date, item: str) -> dict:
    return {
        "request_id": f"h-{n}",
        "served_at": f"{day}T15:00:00Z",
        "placement": "home",
        "customer_id": None,
        "list_source": "popular",
        "items": [{"item_id": item, "rank": 1, "score": 0.5, "source": "popular"}],
        "model_version": "1",
        "snapshot": "s",
        "applied_overrides": ["pin"],
        "policy": None,
        "propensity": None,
        "experiment": None,
        "variant": None,
    }


def make_retail_line(n: int, day: date, item: str) -> dict:
    return {
        "InvoiceNo": f"9{n:06}",
        "StockCode": item,
        "Description": "HOSTILE THING",
        "Quantity": "2",
        "InvoiceDate": f"{day} 12:00:00",
        "UnitPrice": "2.50",
        "CustomerID": f"{19000 + n % 50}.0",
        "Country": "United Kingdom",
    }


EVENT_FIELDS = (
    "type",
    "event",
    "messageId",
    "userId",
    "anonymousId",
    "timestamp",
    "originalTimestamp",
    "sentAt",
    "receivedAt",
    "context",
    "properties",
    "traits",
    "context.sessionId",
    "context.device",
    "context.device.type",
    "context.page",
    "context.page.path",
    "context.page.referrer",
    "context.campaign",
    "context.campaign.name",
    "context.location",
    "context.location.country",
    "context.consent",
    "context.consent.categoryPreferences",
    "context.consent.categoryPreferences.personalization",
    "properties.product_id",
    "properties.quantity",
    "properties.price",
    "properties.currency",
    "properties.order_id",
    "properties.request_id",
)
PURCHASE_FIELDS = (
    "properties.order_id",
    "properties.products",
    "properties.products.1",
    "properties.products.1.product_id",
    "properties.products.1.quantity",
    "properties.products.1.price",
)
IMPRESSION_FIELDS = (
    *make_impression(0, date.min, ""),
    "items.0",
    "items.0.item_id",
    "items.0.rank",
    "items.0.score",
    "items.0.source",
)
Plan = tuple[Callable[[int, date, str], dict], tuple[str, ...], Mapping[str, Any]]
PLANS: dict[str, list[Plan]] = {
    "sample_shop/events": [(make_event, EVENT_FIELDS, VALUES), (make_purchase, PURCHASE_FIELDS, VALUES)],
    "sample_shop/orders": [(make_order_line, tuple(make_order_line(0, date.min, "")), TEXTS | NUMBERS)],
    "sample_shop/people": [(make_person, tuple(make_person(0, date.min, "")), TEXTS | NUMBERS)],
    "sample_shop/catalogue": [(make_item, tuple(make_item(0, date.min, "")), VALUES)],
    "serving/impressions": [(make_impression, IMPRESSION_FIELDS, VALUES)],
    "online_retail/lines": [(make_retail_line, tuple(make_retail_line(0, date.min, "")), TEXTS | NUMBERS)],
}


def list_trials(feed: str, day: date, items: list[str]) -> Iterator[Trial]:
    """Every extreme value in every field of a feed.

    Args:
        feed: a name of `PLANS`.
        day: the landing day; records are of that day.
        items: ids of items that exist.
    """
    n = 0
    for make, fields, values in PLANS[feed]:
        for field in fields:
            for name, value in values.items():
                record = make(n, day, items[n % len(items)])
                yield Trial(feed, field, name, set_value(record, field, value))
                n += 1


def set_value(record: dict, path: str, value: Any) -> dict:
    """A copy of a record that holds the value at a path of keys and places."""
    changed = copy.deepcopy(record)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = changed
    for step in parents:
        inner = inner[step]
    inner[last] = value
    return changed


def write_json_lines(some: list[Trial]) -> bytes:
    """One JSON object a line; what Python alone would take (NaN, lone surrogates) stands there as programs
    write it.
    """
    return b"".join(json.dumps(one.record).encode() + b"\n" for one in some)


def write_csv_rows(some: list[Trial], columns: list[str]) -> bytes:
    """Rows without a header; a lone surrogate becomes bytes that are no UTF-8."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writerows(one.record for one in some)
    return text.getvalue().encode("utf-8", "surrogatepass")


def compress_content(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)
