"""Events as the collector stores them: one JSON object a line, in the Segment HTTP tracking format."""

from dataclasses import dataclass

import numpy as np
import orjson

from sample_shop.assortment import CAMPAIGNS, CATEGORIES
from sample_shop.columns import Columns
from sample_shop.visit_events import (
    ADD,
    IDENTIFY,
    LISTING,
    ORDER,
    PAGE,
    SEARCH,
    VIEW,
)

REFERRERS = ("", "https://search.example/", "https://mail.example/", "https://social.example/")
TRACKED = {
    SEARCH: "Products Searched",
    VIEW: "Product Viewed",
    ADD: "Product Added",
    ORDER: "Order Completed",
}


@dataclass
class VisitDetails:
    """What all events of one visit have in common."""

    session_id: str
    anonymous_id: str
    user_id: str
    email: str
    device_type: str
    country: str
    campaign: int
    referrer: int
    consent: dict[str, bool]
    order_id: str
    products: list[dict]
    shipping: float


def format_iso_times(ms: np.ndarray) -> list[str]:
    """Moments as `2026-01-05T08:15:30.250Z`."""
    return np.char.add(np.datetime_as_string(ms.astype("datetime64[ms]"), "ms"), "Z").tolist()


def format_iso_time(ms: int) -> str:
    """One moment as `format_iso_times` writes it."""
    return format_iso_times(np.array([ms]))[0]


def _page(what: int, visit: VisitDetails, category: str) -> dict[str, str]:
    path = {
        PAGE: "/",
        LISTING: f"/c/{category}",
        SEARCH: "/search",
        VIEW: "/p",
        ADD: "/p",
        ORDER: "/checkout",
    }.get(what, "/account")
    return {"path": path, "referrer": REFERRERS[visit.referrer] if what == PAGE else ""}


def format_event_lines(
    sent: Columns,
    visits: dict[int, VisitDetails],
    item_ids: list[str],
    prices: np.ndarray,
    categories: np.ndarray,
) -> list[bytes]:
    """One line per row of `sent`.

    Args:
        sent: as `event_transport.send_events` returns it.
        visits: text of every visit that `sent` names.
        item_ids, prices, categories: of each item today.
    """
    original, sent_at, received = (
        format_iso_times(sent.original_ms),
        format_iso_times(sent.sent_ms),
        format_iso_times(sent.received_ms),
    )
    corrected = format_iso_times(sent.received_ms - (sent.sent_ms - sent.original_ms))
    leaves = [c.path[2].lower().replace(" ", "-") for c in CATEGORIES]
    price, category = prices.tolist(), categories.tolist()
    whats, items, positions = sent.what.tolist(), sent.item.tolist(), sent.position.tolist()
    has_user, has_timestamp = sent.has_user.tolist(), sent.has_timestamp.tolist()
    found = []
    for k, (message_id, number) in enumerate(zip(sent.message_id.tolist(), sent.visit.tolist(), strict=True)):
        visit, what, item = visits[number], whats[k], items[k]
        leaf = leaves[category[item]] if item >= 0 else ""
        context = {
            "sessionId": visit.session_id,
            "device": {"type": visit.device_type},
            "page": _page(what, visit, leaf),
            "location": {"country": visit.country},
            "consent": {"categoryPreferences": visit.consent},
        }
        if visit.campaign >= 0:
            context["campaign"] = {"name": CAMPAIGNS[visit.campaign]}
        record = {
            "type": "page" if what in (PAGE, LISTING) else "identify" if what == IDENTIFY else "track",
            "messageId": message_id.decode(),
            "anonymousId": visit.anonymous_id,
            "originalTimestamp": original[k],
            "sentAt": sent_at[k],
            "receivedAt": received[k],
            "context": context,
        }
        if has_timestamp[k]:
            record["timestamp"] = corrected[k]
        if has_user[k]:
            record["userId"] = visit.user_id
        if what in TRACKED:
            record["event"] = TRACKED[what]
        if what == IDENTIFY:
            record["traits"] = {"email": visit.email}
        elif what in (VIEW, ADD):
            record["properties"] = {"product_id": item_ids[item], "price": price[item], "currency": "EUR"}
            if what == ADD:
                record["properties"]["quantity"] = 1
            if positions[k] >= 0:
                record["properties"]["position"] = positions[k] + 1
        elif what == SEARCH:
            record["properties"] = {"query": leaf.replace("-", " ")}
        elif what == ORDER:
            total = round(sum(p["price"] * p["quantity"] for p in visit.products) + visit.shipping, 2)
            paid = {"order_id": visit.order_id, "currency": "EUR", "total": total, "shipping": visit.shipping}
            record["properties"] = {**paid, "products": visit.products}
        found.append(orjson.dumps(record))
    return found
