"""A planted case: lines for the day's files, and the expected result from that landing day on."""

import csv
import io
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson

from sample_shop.crm import PEOPLE_HEADER as PEOPLE_HEADER
from sample_shop.event_lines import format_iso_time
from sample_shop.orders import ORDERS_HEADER as ORDERS_HEADER
from sample_shop.random_streams import make_opaque_id
from sample_shop.shop_calendar import format_utc, get_day_start_ms

FEEDS = ("events", "orders", "people", "catalogue")
ABSENT = object()  # a key that is not written
HOUR_MS = 3_600_000


class PlantedLine(NamedTuple):
    """One planted record of a file. `reason`: the code a reader should refuse it with; empty: the record
    is good.
    """

    kind: str
    key: str
    content: bytes
    reason: str = ""


class ExpectedFact(NamedTuple):
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
    lines: list[PlantedLine]


class EventVisitor(NamedTuple):
    """Who sends an event: anonymous id, user id, and the consent to personalization that it carries."""

    browser: Any = ABSENT
    user: Any = ABSENT
    consent: Any = True


@dataclass
class PlantedDay:
    """Everything planted in the files of one landing day."""

    lines: dict[str, list[PlantedLine]] = field(default_factory=lambda: {feed: [] for feed in FEEDS})
    files: list[ExtraFile] = field(default_factory=list)
    facts: list[ExpectedFact] = field(default_factory=list)


class PlantingSite(NamedTuple):
    """Where and when something is planted.

    Attributes:
        seed, day: of the shop, and the landing day's number.
        items: (item id, price) of what is on the shelf that day.
    """

    seed: int
    day: int
    items: list[tuple[str, float]]

    def moment_ms(self, hour: float) -> int:
        """That hour of the shop's day, in ms since 1970."""
        return get_day_start_ms(self.day) + int(hour * HOUR_MS)

    def make_user_id(self, name: str) -> str:
        """The user id of the planted customer of that name."""
        return f"u{make_opaque_id(self.seed, f'plant user {name}', 0, 10)}"

    def make_anonymous_id(self, name: str) -> str:
        """The anonymous id of the planted browser of that name, in the form of a UUID."""
        h = make_opaque_id(self.seed, f"plant browser {name}", 0, 32)
        return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"

    def pick_item(self, number: int) -> tuple[str, float]:
        """One of the items on the shelf."""
        return self.items[number % len(self.items)]


def format_event(
    site: PlantingSite,
    name: str,
    at_ms: int,
    visitor: EventVisitor,
    *,
    event: str = "Product Viewed",
    timestamp: str = "",
    **properties: Any,
) -> bytes:
    """An event line of a collector that gives its `timestamp`.

    Args:
        name: makes the message id; the same name is the same message.
        timestamp: another one than `at_ms` says.
        properties: over `product_id`, `price` and `currency` of an item on the shelf.
    """
    message = make_opaque_id(site.seed, f"plant event {name}", site.day, 32)
    item_id, price = site.pick_item(int(message[:6], 16))
    item_properties = {"product_id": item_id, "price": price, "currency": "EUR", **properties}
    preferences = {"analytics": True, "personalization": visitor.consent}
    record = {
        "type": "track",
        "messageId": message,
        "anonymousId": visitor.browser,
        "userId": visitor.user,
        "originalTimestamp": format_iso_time(at_ms),
        "sentAt": format_iso_time(at_ms + 1000),
        "receivedAt": format_iso_time(at_ms + 1000),
        "timestamp": timestamp or format_iso_time(at_ms),
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
        "properties": {key: value for key, value in item_properties.items() if value is not ABSENT},
    }
    return orjson.dumps({key: value for key, value in record.items() if value is not ABSENT})


def format_csv_record(fields: list[str] | tuple[str, ...]) -> bytes:
    """One record of a CSV file without its end; a field with a line end, comma or quote is quoted."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue().encode()


def parse_csv_records(records: list[bytes]) -> list[list[str]]:
    """The fields of CSV records."""
    return [next(csv.reader(io.StringIO(record.decode(), newline=""))) for record in records]


def format_order_line(
    order_id: str, line_no: int, at_ms: int, item: tuple[str, float], **fields: str
) -> bytes:
    """A line of the orders export; `fields` over those of one unit sold on the web in EUR."""
    plain = dict.fromkeys(ORDERS_HEADER, "")
    plain |= {
        "order_id": order_id,
        "line_no": str(line_no),
        "ordered_at": format_utc(at_ms),
        "item_id": item[0],
        "quantity": "1",
        "unit_price": f"{item[1]:.2f}",
        "currency": "EUR",
        "country": "FR",
        "channel": "web",
        "kind": "sale",
    }
    return format_csv_record(
        [(plain | fields)[name] for name in (*ORDERS_HEADER, *(name for name in fields if name not in plain))]
    )


def format_person_record(crm_id: str, created_ms: int, updated_ms: int, **fields: str) -> bytes:
    """A record of the customer file; `fields` over those of somebody who consents to everything."""
    plain = dict.fromkeys(PEOPLE_HEADER, "")
    plain |= {
        "crm_id": crm_id,
        "country": "FR",
        "created_at": format_utc(created_ms),
        "updated_at": format_utc(updated_ms),
        "marketing_consent": "true",
        "personalization_consent": "true",
    }
    return format_csv_record([(plain | fields)[name] for name in PEOPLE_HEADER])


def format_catalogue_item(item_id: str, updated_ms: int, **fields: Any) -> bytes:
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
        "updated_at": format_utc(updated_ms),
    }
    return orjson.dumps(plain | fields)


def is_due(day: int, first: int, every: int) -> bool:
    """Whether a plant that is set every so many days, from day number `first` on, is set on this one."""
    return day >= first and (day - first) % every == 0
