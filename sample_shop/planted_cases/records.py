"""What a plant is: lines for the day's files, and what is right of them from that landing day on."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from sample_shop.crm import HEADER as PEOPLE_HEADER
from sample_shop.event_lines import iso_text
from sample_shop.orders import HEADER as ORDERS_HEADER
from sample_shop.random_streams import opaque
from sample_shop.shop_calendar import day_start_ms, utc_text

FEEDS = ("events", "orders", "people", "catalogue")
ABSENT = object()  # a key that is not written
HOUR_MS = 3_600_000


class Line(NamedTuple):
    """One planted record of a file. `reason`: the code a reader should refuse it with; empty: the record
    is good.
    """

    kind: str
    key: str
    content: bytes
    reason: str = ""


class Fact(NamedTuple):
    """What is right of the record `key` from the landing day on which the truth holds the row, until a
    later row.
    """

    kind: str
    key: str
    facts: dict[str, Any]


class ExtraFile(NamedTuple):
    """A second file in a feed's folder of that day; without a header where `header` is empty."""

    feed: str
    name: str
    header: bytes
    lines: list[Line]


@dataclass
class Day:
    """Everything planted in the files of one landing day."""

    lines: dict[str, list[Line]] = field(default_factory=lambda: {feed: [] for feed in FEEDS})
    files: list[ExtraFile] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


class Site(NamedTuple):
    """Where and when something is planted.

    Attributes:
        seed, day: of the shop, and the landing day's number.
        items: (item id, price) of what is on the shelf that day.
    """

    seed: int
    day: int
    items: list[tuple[str, float]]

    def at(self, hour: float) -> int:
        """That hour of the shop's day, in ms since 1970."""
        return day_start_ms(self.day) + int(hour * HOUR_MS)

    def user(self, name: str) -> str:
        """The user id of the planted customer of that name."""
        return f"u{opaque(self.seed, f'plant user {name}', 0, 10)}"

    def browser(self, name: str) -> str:
        """The anonymous id of the planted browser of that name, in the form of a UUID."""
        h = opaque(self.seed, f"plant browser {name}", 0, 32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def item(self, number: int) -> tuple[str, float]:
        """One of the items on the shelf."""
        return self.items[number % len(self.items)]


def event_line(
    site: Site,
    name: str,
    at_ms: int,
    *,
    browser: Any = ABSENT,
    user: Any = ABSENT,
    word: Any = True,
    event: str = "Product Viewed",
    timestamp: str = "",
    **properties: Any,
) -> bytes:
    """An event of a collector that gives its `timestamp`.

    Args:
        name: makes the message id; the same name is the same message.
        word: the consent to personalization it carries; `ABSENT` for none.
        timestamp: another one than `at_ms` says.
        properties: over `product_id`, `price` and `currency` of an item on the shelf.
    """
    message = opaque(site.seed, f"plant event {name}", site.day, 32)
    item_id, price = site.item(int(message[:6], 16))
    given = {"product_id": item_id, "price": price, "currency": "EUR", **properties}
    preferences = {"analytics": True, "personalization": word}
    record = {
        "type": "track",
        "messageId": message,
        "anonymousId": browser,
        "userId": user,
        "originalTimestamp": iso_text(at_ms),
        "sentAt": iso_text(at_ms + 1000),
        "receivedAt": iso_text(at_ms + 1000),
        "timestamp": timestamp or iso_text(at_ms),
        "context": {
            "sessionId": f"s{message[:16]}",
            "device": {"type": "desktop"},
            "page": {"path": "/p", "referrer": ""},
            "location": {"country": "FR"},
            "consent": {
                "categoryPreferences": {
                    key: value for key, value in preferences.items() if value is not ABSENT
                }
            },
        },
        "event": event,
        "properties": {key: value for key, value in given.items() if value is not ABSENT},
    }
    return orjson.dumps({key: value for key, value in record.items() if value is not ABSENT})


def csv_record(fields: list[str] | tuple[str, ...]) -> bytes:
    """One record of a CSV file without its end; a field with a line end, comma or quote is quoted."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue().encode()


def csv_rows(records: list[bytes]) -> list[list[str]]:
    """The fields of CSV records."""
    return [next(csv.reader(io.StringIO(record.decode(), newline=""))) for record in records]


def order_line(order_id: str, line_no: int, at_ms: int, item: tuple[str, float], **fields: str) -> bytes:
    """A line of the orders export; `fields` over those of one unit sold on the web in EUR."""
    plain = dict.fromkeys(ORDERS_HEADER, "")
    plain |= {
        "order_id": order_id,
        "line_no": str(line_no),
        "ordered_at": utc_text(at_ms),
        "item_id": item[0],
        "quantity": "1",
        "unit_price": f"{item[1]:.2f}",
        "currency": "EUR",
        "country": "FR",
        "channel": "web",
        "kind": "sale",
    }
    return csv_record(
        [(plain | fields)[name] for name in (*ORDERS_HEADER, *(name for name in fields if name not in plain))]
    )


def person_line(crm_id: str, created_ms: int, updated_ms: int, **fields: str) -> bytes:
    """A record of the customer file; `fields` over those of somebody who consents to everything."""
    plain = dict.fromkeys(PEOPLE_HEADER, "")
    plain |= {
        "crm_id": crm_id,
        "country": "FR",
        "created_at": utc_text(created_ms),
        "updated_at": utc_text(updated_ms),
        "marketing_consent": "true",
        "personalization_consent": "true",
    }
    return csv_record([(plain | fields)[name] for name in PEOPLE_HEADER])


def item_line(item_id: str, updated_ms: int, **fields: Any) -> bytes:
    """A line of the catalogue; `fields` over those of an active item in stock."""
    plain = {
        "item_id": item_id,
        "title": "Planted Olive Oil",
        "category_path": ["Food", "Pantry", "Oil"],
        "brand": "Planted",
        "price": 9.5,
        "currency": "EUR",
        "stock": 40,
        "attributes": {"origin": "GR"},
        "image_url": f"https://shop.example/images/{item_id}.jpg",
        "is_consumable": False,
        "status": "active",
        "updated_at": utc_text(updated_ms),
    }
    return orjson.dumps(plain | fields)


def due(day: int, first: int, every: int) -> bool:
    """Whether a plant that is set every so many days, from day number `first` on, is set on this one."""
    return day >= first and (day - first) % every == 0
