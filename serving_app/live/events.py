"""An event in normal form: what intake hands to the live state."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

VIEW, CART, UNCART, PURCHASE, CLICK = "view", "cart", "uncart", "purchase", "click"
IDENTIFY, PAGE, SEARCH = "identify", "page", "search"
REFUSED = "refused"  # of nobody and about nothing: its id alone is remembered


class EventItem(NamedTuple):
    """An item of an event; a purchase has several."""

    item_id: str
    quantity: int = 1
    price: float | None = None


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """One accepted event.

    Attributes:
        message_id: the client's id of it; two events of one id are one.
        event_type: what it is, in the words of `core_events.event_type`; besides them `uncart` (an item left
            the cart) and `click` (on a served list).
        occurred_at: corrected for the client's clock.
        source: whose ids `user_id` and `anonymous_id` are.
        user_id: None where the visitor is not known, or the claim to be somebody lacks the proof it needs.
        items: in the normal form of the shop's catalogue.
        request_id: of the served list that it answers.
        has_personalization_consent: False: a no, or a word that is not understood; None: it says nothing.
        is_bot: it is logged and flagged, and changes no live state.
        device, campaign, country: of the visit.
        latitude, longitude: where it was, both or neither.
        time_zone: of the visitor's own clock; None: not known.
        is_alias: it says that two ids are one visitor's, and is no behaviour.
        currency: of its prices, three capitals; None: it says none.
        calendar_lag: by how much the shop's own calendar lagged the clock when it was received.
    """

    message_id: str
    event_type: str
    occurred_at: datetime
    received_at: datetime
    source: str
    user_id: str | None = None
    anonymous_id: str | None = None
    items: tuple[EventItem, ...] = ()
    session_id: str | None = None
    request_id: str | None = None
    order_id: str | None = None
    has_personalization_consent: bool | None = None
    has_analytics_consent: bool | None = None
    is_bot: bool = False
    device: str | None = None
    campaign: str | None = None
    country: str | None = None
    is_alias: bool = False
    calendar_lag: timedelta = timedelta(0)
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str | None = None
    currency: str | None = None
