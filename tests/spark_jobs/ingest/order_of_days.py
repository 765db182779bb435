"""Files of three landing days of the sample shop, small and with what comes twice, late or changed."""

from datetime import datetime, timedelta

from spark_jobs.ingest.sources.sample_shop import PEOPLE_COLUMNS

MONDAY, TUESDAY, THURSDAY = "2026-01-05", "2026-01-06", "2026-01-08"
NOON = datetime(2026, 1, 5, 12)


def z(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def event(
    message_id,
    at=NOON,
    waited=timedelta(0),
    skew=timedelta(0),
    kind="Product Viewed",
    user=None,
    browser="b1",
    allows=False,
    **properties,
):
    """An event as an old collector stores it: no `timestamp`, the client's clock off by `skew`."""
    name = {"event": kind} if kind not in ("page", "identify") else {}
    return {
        "type": "track" if name else kind,
        "messageId": message_id,
        "anonymousId": browser,
        **({"userId": user} if user else {}),
        **name,
        "originalTimestamp": z(at + skew),
        "sentAt": z(at + skew + waited),
        "receivedAt": z(at + waited),
        "context": {
            "sessionId": "s1",
            "consent": {"categoryPreferences": {"analytics": True, "personalization": allows}},
        },
        "properties": {"product_id": "i1", "price": 9.99, "currency": "EUR", **properties},
    }


def bought(*item_ids: str) -> dict:
    return {
        "order_id": "o1",
        "products": [{"product_id": each, "quantity": 1, "price": 2.5} for each in item_ids],
    }


def order(order_id="o1", line_no=1, **more) -> dict:
    plain = {
        "order_id": order_id,
        "line_no": line_no,
        "ordered_at": z(NOON),
        "user_id": "u1",
        "email": "Ann@Example.org",
        "item_id": "i1",
        "quantity": 2,
        "unit_price": "2.50",
        "currency": "EUR",
        "country": "Ireland",
        "channel": "web",
        "kind": "sale",
    }
    return {**plain, "returned_order_id": "", **more}


def person(crm_id: str, email: str, updated: datetime = NOON, consent: str = "true") -> dict:
    return {
        **dict.fromkeys(PEOPLE_COLUMNS, ""),
        "crm_id": crm_id,
        "email": email,
        "created_at": z(NOON - timedelta(days=9)),
        "updated_at": z(updated),
        "marketing_consent": consent,
        "personalization_consent": "",
    }


def item(
    item_id: str, price: float, stock: int = 5, updated: datetime = NOON, status: str = "active"
) -> dict:
    return {
        "item_id": item_id,
        "title": item_id.upper(),
        "category_path": ["all", "some"],
        "price": price,
        "currency": "EUR",
        "stock": stock,
        "attributes": {"b": "2", "a": "1"},
        "status": status,
        "updated_at": z(updated),
    }


DAY = timedelta(days=1)
EVENTS = {
    MONDAY: [
        event("view"),
        event("skewed", waited=timedelta(hours=2), skew=timedelta(days=-1)),
        event("login", kind="identify", user="u1"),
        event("buy", kind="Order Completed", user="u1", **bought("i1", "i2")),
        event("view"),
        event("twice"),
    ],
    TUESDAY: [
        event("view", waited=timedelta(hours=25)),  # the same again, 25 hours later
        event("fresh", NOON + DAY, user="u1", allows="granted"),
        {**event("spoiled", allows="denied"), "event": "Lottery Ticket Scratched"},
        # and says more
        event(
            "buy", waited=timedelta(hours=25), kind="Order Completed", user="u1", **bought("i1", "i2", "i3")
        ),
        # a view's message id, and no view
        event("twice", NOON + DAY, kind="Order Completed", user="u1", **bought("i1")),
    ],
    THURSDAY: [
        event("late", waited=3 * DAY, allows="opt-out"),
        event("view", waited=3 * DAY),
        event("buy#1", waited=3 * DAY),
    ],
}
OTHERS = {
    MONDAY: {
        "orders": [order(), order(line_no=2, item_id="i2"), order("oops", quantity="two")],
        "people": [
            person(f"c{n}", f"{name}@example.org") for n, name in enumerate(("ann", "bob", "cat", "dan"), 1)
        ],
        "catalogue": [item("i1", 10), item("i2", 20), *[item(f"i{n}", 9) for n in (4, 5, 6)]],
    },
    TUESDAY: {
        "orders": [
            order(quantity=99),
            order("r1", quantity=-1, kind="return", returned_order_id="o1", ordered_at=z(NOON + DAY)),
        ],
        "people": [  # without c4
            person("c1", "ann@new.example.org", NOON + DAY, "false"),
            person("c2", "bob@example.org"),
            person("c3", "cat@example.org"),
        ],
        "catalogue": [  # without i6
            item("i1", 12, 0, NOON + DAY),
            item("i2", 20),
            item("i3", 5, updated=NOON + DAY),
            item("i4", 9),
            item("i5", 9),
        ],
    },
    THURSDAY: {
        # Two of three: too few to be believed that c3 has left.
        "people": [person("c1", "ann@new.example.org", NOON + DAY, "false"), person("c2", "bob@example.org")],
        # Without i3; i6 is back as it was, and what is said of i5 cannot be read.
        "catalogue": [
            item("i1", 12, 0, NOON + DAY),
            item("i2", 20),
            item("i4", 9),
            item("i5", -9),
            item("i6", 9),
        ],
    },
}
