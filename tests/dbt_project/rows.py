"""Rows of the small shop that something is planned with: sales, reactions, served lists, consents."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

FIRST = date(2026, 1, 5)


def crawl(number: int) -> dict:
    """An event of a crawler, in the browser of a known customer or in one of its own, on a served list."""
    at = datetime(2026, 1, 8, 8, number, tzinfo=UTC)
    event = {
        "event_id": f"bot{number}",
        "source": "live",
        "id_source": "web",
        "is_bot": True,
        "event_type": ("view", "click", "cart", "purchase")[number % 4],
        "item_id": "item3",
        "quantity": 1,
        "unit_price": Decimal(5),
        "order_id": f"crawled{number}",
        "request_id": "list2",
        "country": "XX",
    }
    somebody = {"user_identifier_id": "i_u2"} if number % 2 else {"anonymous_identifier_id": "i_crawler"}
    return {**event, **somebody, "occurred_at": at, "occurred_date": at.date()}


def react(event_id: str, kind: str, request_id: str, item_id: str, day: int) -> dict:
    """What a browser did with an item of a served list, by itself on a day."""
    at = datetime(2026, 1, 5, 9, tzinfo=UTC) + timedelta(days=day)
    event = {"event_id": event_id, "source": "web", "event_type": kind, "item_id": item_id}
    event |= {"request_id": request_id, "anonymous_identifier_id": "i_a9", "country": "be"}
    return event | {"occurred_at": at, "occurred_date": at.date()}


# By day traded, the lists that land with it: request, day served, items. The last night corrects one, serves
# one and has one come late.
SERVED = {
    0: (("list1", 0, ("item1", "item2")), ("list2", 0, ("item3",)), ("list3", 0, ())),
    2: (
        ("list4", 2, ("item4", "item5")),
        ("list5", 2, ("item6",)),
        ("list7", 2, ("item9",)),
        ("gone", 3, ("item1",)),
    ),
    17: (("list4", 2, ("item5", "item4")), ("late", 1, ("item7",)), ("list6", 17, ("item8",))),
}


def served(request_id: str, day: int, *items: str) -> dict:
    """A list served on a day."""
    of = [
        {"item_id": item, "rank": n, "score": 1 / n, "source": "personal"}
        for n, item in enumerate(items, start=1)
    ]
    date_of = FIRST + timedelta(days=day)
    at = {"served_at": datetime.combine(date_of, time(7), UTC), "served_date": date_of}
    return {"request_id": request_id, "placement": "home", "list_source": "personal", "items": of, **at}


# An order whose lines name two customers, two currencies, two countries and two channels, and a guest's that
# names nobody.
CONTRADICTION = (
    (1, None, {"country": None, "channel": None}),
    (2, "i_u2", {"country": "NL", "channel": "web"}),
    (
        3,
        "i_u1",
        {
            "country": "BE",
            "channel": "store",
            "currency": "USD",
            "amount": Decimal(29),
            "unit_price": Decimal(29),
        },
    ),
    (4, "i_u1", {"country": "NL", "channel": "web", "line_type": "charge"}),
)


def sale(source: str, order_id: str, line_no: int, n: int, user: str) -> dict:
    """A sale of the n-th day that names a user."""
    return guest_sale(source, order_id, FIRST + timedelta(days=n)) | {
        "line_no": line_no,
        "user_identifier_id": user,
    }


def vast_order(source: str, day: date) -> list[dict]:
    """Lines of one customer's, two sold and two sent back: each the most that its columns hold, their sums
    more than that.
    """
    # just below 10^14
    most = {
        "quantity": 2**31 - 1,
        "unit_price": Decimal("46566.1287"),
        "user_identifier_id": "i_u5",
    }
    line = {**guest_sale(source, "vast", day), **most, "amount": most["quantity"] * most["unit_price"]}
    back = {"line_type": "return", "quantity": -line["quantity"], "amount": -line["amount"]}
    return [line, {**line, "line_no": 2}, {**line, **back, "line_no": 3}, {**line, **back, "line_no": 4}]


def guest_sale(source: str, order_id: str, day: date) -> dict:
    """The only line of an order that is nobody's."""
    line = {
        "source": source,
        "order_id": order_id,
        "line_no": 1,
        "line_type": "sale",
        "item_id": "item1",
        "currency": "EUR",
    }
    at = {"ordered_at": datetime(day.year, day.month, day.day, 8, tzinfo=UTC), "ordered_date": day}
    return {**line, **at, "quantity": 1, "unit_price": Decimal(3), "amount": Decimal(3)}


def consent(identifier: str, n: int, purpose: str = "personalization", is_granted: bool = False) -> dict:
    """A word, as ingest reads it off an event of the sample shop (test_consent.py holds it to that)."""
    at = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=n)
    word = {
        "identifier_id": identifier,
        "purpose": purpose,
        "consented_at": at,
        "consented_date": at.date(),
    }
    return {**word, "source": "sample_shop", "feed": "events", "is_granted": is_granted}
