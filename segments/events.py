"""What an event of a customer's history holds, as the language and all its hosts know it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

# "any" in a definition is all of them. `empty_cart`: an `uncart` after which the cart holds nothing.
TYPES = (
    "view",
    "cart",
    "uncart",
    "empty_cart",
    "click",
    "purchase",
    "return",
    "search",
    "page",
    "screen",
    "identify",
)


@dataclass(frozen=True)
class Attribute:
    """What an attribute holds: number, text or day, and what it means."""

    kind: Literal["number", "text", "day"]
    about: str


ATTRIBUTES = {
    "item_id": Attribute("text", "the item, as the catalogue names it"),
    "category": Attribute("text", "the item's path of categories, joined by ' > '"),
    "brand": Attribute("text", "the item's brand"),
    "price": Attribute("number", "price of one piece"),
    "quantity": Attribute("number", "pieces; of a return positive too"),
    "amount": Attribute("number", "price × quantity of a purchase or return, positive"),
    "order_id": Attribute("text", "the order of a purchase or return"),
    "session_id": Attribute("text", "the visit, as the web app names it"),
    "device": Attribute("text", "the kind of device: desktop, mobile, tablet …"),
    "campaign": Attribute("text", "the campaign of the visit's link"),
    "country": Attribute("text", "where the visit came from, two letters"),
    "day": Attribute("day", "the shop's day; for counting different ones"),
}


class Event(NamedTuple):
    """One event of a customer's history; what is not known is None. Its day is the shop's day of `at`.

    Attributes:
        at: microseconds since 1970, UTC. Events of one moment are in the order of their ids.
        event_id: each once; an event that comes again is the same event.
        local_minute: minute of the day on the visitor's own clock, on the shop's where theirs is not known.
    """

    at: int
    event_id: str
    type: str
    item_id: str | None = None
    category: str | None = None
    brand: str | None = None
    price: float | None = None
    quantity: float | None = None
    amount: float | None = None
    order_id: str | None = None
    session_id: str | None = None
    device: str | None = None
    campaign: str | None = None
    country: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    local_minute: int | None = None
