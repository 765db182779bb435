"""A day of events over HTTP, a night, and the next answer: each event is found once on the whole way.

It takes some 30 s, most of them dbt's: every step of the night is run, since what is asked is whether they
fit together. Its parts have tests of their own.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from segment.analytics.client import Client

from clients.python.concierge_client import Concierge
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.lake import CORE_EVENTS, QUARANTINE
from serving_app.live.state import VisitorKeys
from tests.night.live_shop import (
    BEFORE,
    KEY,
    N_CUSTOMERS,
    N_DAYS,
    OPENED,
    SOURCE,
    TODAY,
    Clock,
    LiveShop,
    make_order,
)

NOON = datetime(2026, 2, 20, 15, tzinfo=UTC)  # 11:00 in the shop
LAST_MINUTE = datetime(2026, 2, 21, 3, 59, tzinfo=UTC)  # of the shop's day
NEXT_DAY = datetime(2026, 2, 21, 4, 1, tzinfo=UTC)
CRAWLER = {"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"}
NO = {"consent": {"categoryPreferences": {"personalization": False}}}


def track(message_id: str, name: str, item: int, at: datetime = NOON, **more: object) -> dict:
    event = {"type": "track", "event": name, "messageId": message_id, "timestamp": at.isoformat()}
    return {**event, "properties": {"product_id": f"item-{item:02}"}, **more}


def view(message_id: str, item: int, **more: object) -> dict:
    return track(message_id, "Product Viewed", item, **more)


KNOWN, VISITOR = {"anonymousId": "tablet", "userId": "u1"}, {"anonymousId": "new"}
PURCHASE = {"order_id": "o-web", "currency": "EUR", "products": [{"product_id": "item-05", "quantity": 1}]}
MORNING = [
    {"type": "identify", "messageId": "login", "timestamp": NOON.isoformat(), **KNOWN},
    view("v1", 3, anonymousId="tablet"),
    view("v1", 3, anonymousId="tablet"),  # in one request twice
    track("cart", "Product Added", 5, **KNOWN),
    track("buy", "Order Completed", 5, **KNOWN) | {"properties": PURCHASE},
    *[view(f"n{n}", n, **VISITOR) for n in range(5)],
    track("n-cart", "Product Added", 4, **VISITOR),
    view("both", 6, **KNOWN),  # which the shop's own file brings, too
    {"type": "page", "messageId": "no", "userId": "u2", "timestamp": NOON.isoformat(), "context": NO},
    *[view(f"bot{n}", 7, anonymousId="crawler", context=CRAWLER) for n in range(3)],
    view("bot-u1", 7, context=CRAWLER, **KNOWN),
    track("bad1", "Product Viewed", 1, **VISITOR) | {"properties": {}},
    track("bad2", "Lottery Ticket Scratched", 1, **VISITOR),
]
FOUND = [
    "login",
    "v1",
    "cart",
    "buy#1",
    *[f"n{n}" for n in range(5)],
    "n-cart",
    "both",
    "no",
    "late",
    "again",
]
N_LISTS, N_ORPHANS = 60, 2
CLICKS = [f"click{n}" for n in range(N_LISTS + N_ORPHANS)]
CRAWLED = ["bot0", "bot1", "bot2", "bot-u1"]


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory) -> LiveShop:
    """The shop after the day and the night; what the service said during the day is in `answers`."""
    shop = LiveShop(tmp_path_factory.mktemp("loop") / "home", spark, Clock(NOON))
    for n in range(N_DAYS):
        shop.hand_over(OPENED + timedelta(days=n), [], [])
    shop.publish_first_snapshot()
    shop.start_service()
    answers = shop.answers = {"known before": shop.ask(user_id="u1"), "no before": shop.ask(user_id="u2")}
    answers["clicked"] = click_on_lists(shop)
    answers["sent"] = shop.send(*MORNING, at=NOON)
    answers["known"], answers["no"] = shop.ask(user_id="u1"), shop.ask(user_id="u2")
    answers["tablet"] = shop.ask(anonymous_id="tablet")
    shop.finish_log(NOON + timedelta(hours=1))
    answers["again"] = shop.send(*MORNING, view("again", 8, **VISITOR), at=NOON + timedelta(hours=2))
    shop.send(view("late", 9, at=LAST_MINUTE, **VISITOR), at=LAST_MINUTE)
    shop.send(view("tomorrow", 10, at=NEXT_DAY, **VISITOR), at=NEXT_DAY)
    shop.finish_log(NEXT_DAY + timedelta(minutes=2))
    in_file = {**view("both", 6, **KNOWN), "receivedAt": NOON.isoformat()}
    shop.hand_over(TODAY, [in_file], [make_order("o-web", NOON, "u1", 5)])
    shop.run_night()
    shop.start_service()
    return shop


def click_on_lists(shop) -> list[tuple[str, str]]:
    """Ask for lists over HTTP and click on an item of each, by the Python client and by Segment's in turn; a
    few clicks more name lists that nobody served. The lists and items that were clicked.
    """
    clicked, errors = [], []
    with shop.serve() as url:
        ours, segments = Concierge(url), Client("", host=url, on_error=lambda error, _: errors.append(error))
        for n, message_id in enumerate(CLICKS):
            user_id = f"u{4 + n % 2}"
            shown = ours.recommend(user_id=user_id, n=10, placement=("home", "product")[n % 2])
            list_id = shown.request_id if n < N_LISTS else f"nobody-served-{n}"
            properties = {"product_id": shown.items[n % 10].item_id, "request_id": list_id}
            if n % 3:
                segments.track(user_id, "Product Clicked", properties, message_id=message_id)
            else:
                ours.track("Product Clicked", properties, user_id=user_id, message_id=message_id)
            clicked.append((list_id, properties["product_id"]))
        segments.shutdown()
        ours.close()
    assert errors == []
    return clicked


def read_live(shop, absorbed, **ids):
    names = tuple(hash_identifier(KEY, kind, SOURCE, value) for kind, value in ids.items())
    return [
        (event.event_type, event.item_id)
        for event in shop.stores.live.read(VisitorKeys(names), absorbed).events
    ]


def test_the_day_answers_at_once(shop):
    outcomes = Counter(event["outcome"] for event in shop.answers["sent"]["events"])
    assert outcomes == {"accepted": len(MORNING) - 3, "duplicate": 1, "quarantined": 2}
    assert shop.answers["again"]["n_accepted"] == 1, "sent again after an hour, all but the new one are known"
    assert "item-05" in list_items(shop.answers["known before"])
    assert shop.answers["known"]["source"] == "personal"
    for name in ("known", "tablet"):
        assert "item-05" not in list_items(shop.answers[name]), "just bought, by whom the browser is since"
    assert shop.answers["no"]["source"] == "popular"
    in_hand = read_live(shop, BEFORE, anonymous_id="new")
    assert Counter(kind for kind, _ in in_hand) == {"view": 8, "cart": 1}, (
        "the control of what the night absorbs"
    )


def list_items(answer: dict, source: str | None = None) -> list[str]:
    return [item["item_id"] for item in answer["items"] if source in (None, item["source"])]


def test_each_event_is_one_row(shop):
    rows = shop.lake.read_arrow(CORE_EVENTS).to_pylist()
    assert sorted(row["event_id"] for row in rows) == sorted([*FOUND, *CLICKS, *CRAWLED])
    assert {row["event_id"] for row in rows if row["is_bot"]} == set(CRAWLED)
    refused = shop.lake.read_arrow(QUARANTINE).to_pylist()
    assert sorted((row["source"], row["reason"]) for row in refused) == [
        ("live", "missing_field"),
        ("live", "unknown_type"),
    ]
    received = {
        each.detail["source"]: each for each in shop.reports["ingest"] if each.table_name == "core_events"
    }
    live = received["live"]
    # "both" is counted where it came second; what the service knew already is not in its log
    assert (live.n_received, live.n_quarantined) == (len(FOUND) + len(CLICKS) + len(CRAWLED) + 2, 2)
    assert received["sample_shop"].n_received == 1
    assert sum(each.n_inserted for each in received.values()) == len(FOUND) + len(CLICKS) + len(CRAWLED)


def test_every_click_finds_the_item_of_the_list_that_was_clicked(shop):
    clicked = "select request_id, item_id from {} where {} order by all"
    joined = shop.query(clicked.format("fct_impressions", "n_clicks = 1"))
    assert joined == sorted(shop.answers["clicked"][:N_LISTS]), "each of them, once"
    assert shop.query("select sum(n_clicks) from fct_impressions") == [(N_LISTS,)]
    served = "select request_id, item_id from fct_impressions"
    unserved = f"request_id is not null and (request_id, item_id) not in ({served})"
    orphans = shop.query(clicked.format("fct_interactions", unserved))
    assert orphans == sorted(shop.answers["clicked"][N_LISTS:]), "of lists that nobody served: kept apart"


def test_profiles_count_each_once(shop):
    tablet, new = shop.find_customer("anonymous_id", "tablet"), shop.find_customer("anonymous_id", "new")
    assert tablet == shop.find_customer("user_id", "u1") != new
    assert shop.find_customer("anonymous_id", "crawler") is None
    profiles = "select is_known, n_views, n_carts, n_orders from dim_customers where customer_id = "
    assert shop.query(f"{profiles}'{tablet}'") == [(True, 2, 1, N_DAYS + 2)], (
        "v1 and both; five daily orders and one more"
    )
    assert shop.query(f"{profiles}'{new}'") == [(False, 7, 1, 0)]
    assert shop.query("select count(*) from dim_customers") == [(N_CUSTOMERS + 1,)]
    bought = "select interaction_type from fct_interactions where order_id = 'o-web'"
    assert shop.query(bought) == [("purchase",)], "by HTTP and in the orders feed"
    entered = (
        "select segment_id, cast(entered_at as date) from fct_customer_segments where left_at is null and"
        f" customer_id = '{new}'"
    )
    assert ("window_shoppers", TODAY) in shop.query(entered)


def test_the_next_answer_knows_the_day_from_the_night_alone(shop):
    assert read_live(shop, TODAY, user_id="u1", anonymous_id="tablet") == []
    assert read_live(shop, TODAY, anonymous_id="new") == [("view", "item-10")], "received after midnight"
    known, tablet = shop.ask(user_id="u1"), shop.ask(anonymous_id="tablet")
    assert known["source"] == tablet["source"] == "personal"
    assert known["snapshot"] == "tonight"
    assert list_items(known) == list_items(tablet)
    assert "item-05" not in list_items(known, "personal"), "the night knows that it was bought"
    assert "item-05" not in list_items(known), "and no fallback brings it back"
    assert "item-05" in list_items(shop.ask(user_id="u3"), "personal"), "the control"
    assert "item-05" in list_items(shop.ask(user_id="u2")), "the control of the fallbacks"
    assert shop.ask(user_id="u2")["source"] == "popular"
    assert shop.ask(anonymous_id="crawler")["source"] == "popular"
