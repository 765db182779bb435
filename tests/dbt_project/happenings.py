"""What changes in the small shop beside trade."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.dbt_project.rows import (
    CONTRADICTION,
    FIRST,
    SERVED,
    consent,
    crawl,
    guest_sale,
    react,
    sale,
    served,
    vast_order,
)
from tests.dbt_project.shop import Shop

# an order brought over from an old till; its 10,000th day lies before the shop's first
OLDEST = date(1998, 1, 1)


def happenings(shop: Shop, n: int) -> None:
    """What changes beside trade. In the last night each thing reaches back to a day that nothing else
    touches.

    The first night ends with day 7, the second with day 15; late rows of the last night reach back to day 12.
    """
    for request_id, day, items in SERVED.get(n, ()):
        shop.served[request_id] = served(request_id, day, *items)
    if n == 0:
        shop.keep("line", guest_sale("till", "t1", OLDEST))
        for line in vast_order("web", FIRST):
            shop.keep("line", line)
    if n == 1:
        for number, kind in enumerate(("view", "view", "cart", "click", "uncart")):
            seen = {
                "event_id": f"click{number}",
                "source": "web",
                "event_type": kind,
                "item_id": "item2",
                "request_id": "list1",
            }
            seen |= {
                "occurred_at": datetime(2026, 1, 6, 8, number, tzinfo=UTC),
                "occurred_date": FIRST + timedelta(days=1),
            }
            shop.keep(
                "event",
                {
                    **seen,
                    "anonymous_identifier_id": "i_a9",
                    "country": ("FR", "be", "BE ", "be", "be")[number],
                },
            )
        shop.keep("event", react("undone", "cart", "list5", "item6", n))
    if n == 3:
        shop.crawled += [crawl(number) for number in range(60)]
    if n == 4:
        shop.consents += [consent(f"i_u{who}", n, "marketing", True) for who in (1, 3, 4)]
        shop.keep("line", sale("till", "vienna", 1, n, "i_u3") | {"country": "AT"})
    if n == 5:
        shop.merge("i_a3", "i_u2")
        shop.keep("line", sale("till", "parts", 2, n, "i_u5"))  # its first line comes in the last night
    if n == 6:
        bought = {
            "event_id": "k6",
            "source": "kiosk",
            "event_type": "purchase",
            "order_id": "k6",
            "item_id": "item1",
            "quantity": 1,
        }
        at = {"occurred_at": datetime(2026, 1, 11, 8, tzinfo=UTC), "occurred_date": FIRST + timedelta(days=n)}
        shop.keep("event", {**bought, **at, "unit_price": Decimal(3), "anonymous_identifier_id": "i_a1"})
    if n == 7:
        for line_no, user, more in CONTRADICTION:
            shop.keep("line", sale("till", "odd", line_no, n, user) | more)
    if n == 9:
        shop.keep("line", sale("till", "dollars", 1, n, "i_u2") | {"currency": "USD"})
    if n == 15:
        shop.keep("line", sale("till", "ahead", 1, n + 1, "i_new"))  # handed over a day before its date
    if n == 12:
        shop.consents.append(consent("i_u1", n, "marketing"))
        shop.keep("line", sale("till", "bern", 1, n, "i_u1") | {"country": "CH"})
    if n == 8:
        shop.has_feed = True  # web purchases of days 0 to 7 have no say any more
    if n == 13:
        shop.keep("line", guest_sale("kiosk", "k13", FIRST + timedelta(days=n)))  # k6 has no say any more
    if n == 17:
        del shop.lines["k13", 1]  # it was all of the kiosk's feed, so k6 has its say again: back to day 6
        shop.owner["i_a21"] = "c_i_a21"  # a split: back to day 8
        shop.merge("i_a20", "i_u20")  # back to day 9
        shop.items["rare"] |= {"category_path": ["tins"], "is_consumable": True}  # back to day 10
        for name in [
            name
            for name, event in shop.events.items()
            if event["occurred_date"] == FIRST + timedelta(days=11)
        ]:
            del shop.events[name]
        gone = next(
            key for key, line in shop.lines.items() if line["ordered_date"] == FIRST + timedelta(days=14)
        )
        del shop.lines[gone]
        shop.consents.append(consent("i_u2", n))
        shop.consents.append(consent("i_u4", 10, "marketing"))  # a word that comes late
        shop.consents.append(consent("i_u4", 19, "marketing", True))
        shop.consents.append(consent("i_u6", 30, "personalization", True))  # of a day to come
        shop.keep(
            "line", sale("till", "graz", 1, n, "i_u4") | {"country": "AT"}
        )  # another country, on all days
        del shop.events["undone"]  # of a list that is as it was
        del shop.served["gone"]
        shop.keep("event", react("reacted", "click", "list7", "item9", 2))  # late, of an old list
        first = sale("till", "parts", 1, 13, "i_u6") | {
            "line_type": "adjustment",
            "unit_price": Decimal(0),
            "amount": Decimal(0),
        }
        shop.keep("line", first)  # day 5's line is now this one's customer's
