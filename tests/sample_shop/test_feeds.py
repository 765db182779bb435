"""The four feeds fit each other: orders in both places, returns, snapshots, stock, times."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from sample_shop.orders import ORDERS_HEADER as ORDERS_HEADER
from tests.sample_shop.conftest import shop_day


def orders_of(traded) -> dict[str, list[dict[str, str]]]:
    """Lines by order, each delivered line once."""
    lines = {(row["order_id"], row["line_no"]): row for row in traded.all_rows("orders")}
    orders = defaultdict(list)
    for (order_id, _), row in sorted(lines.items()):
        orders[order_id].append(row)
    return orders


def test_orders_say_the_same_in_both_feeds(shop):
    orders, seen = orders_of(shop), {}
    for _, event in shop.events():
        if event.get("event") == "Order Completed":
            seen[event["properties"]["order_id"]] = event
    assert len(seen) > 500
    for order_id, event in seen.items():
        lines, told = orders[order_id], event["properties"]
        goods = Counter({row["item_id"]: int(row["quantity"]) for row in lines if row["kind"] == "sale"})
        assert goods == {p["product_id"]: p["quantity"] for p in told["products"]}
        total = sum(int(row["quantity"]) * Decimal(row["unit_price"]) for row in lines)
        assert total == Decimal(str(told["total"])) and {row["channel"] for row in lines} <= {"web", "app"}
        assert lines[0]["user_id"] == event.get("userId", "")
    elsewhere = {
        lines[0]["channel"]
        for order_id, lines in orders.items()
        if order_id not in seen and order_id.startswith("O")
    }
    assert "store" in elsewhere


def test_lines_postage_and_returns(shop):
    orders, sold = orders_of(shop), {}
    assert tuple(shop.all_rows("orders")[0]) == ORDERS_HEADER
    for order_id, lines in orders.items():
        kinds = {row["kind"] for row in lines}
        assert [int(row["line_no"]) for row in lines] == list(range(1, len(lines) + 1))
        assert kinds in ({"sale"}, {"sale", "charge"}, {"return"})
        assert all((int(row["quantity"]) < 0) == (row["kind"] == "return") for row in lines)
        goods = sum(
            int(row["quantity"]) * Decimal(row["unit_price"]) for row in lines if row["kind"] == "sale"
        )
        assert ("charge" in kinds) == (
            "return" not in kinds and lines[0]["channel"] != "store" and goods < 40
        )
        sold.update({(order_id, row["item_id"]): row for row in lines if row["kind"] == "sale"})
    returns = [row for lines in orders.values() for row in lines if row["kind"] == "return"]
    assert len(returns) > 20
    for row in returns:
        bought = sold[row["returned_order_id"], row["item_id"]]
        assert (
            0 < -int(row["quantity"]) <= int(bought["quantity"]) and row["unit_price"] == bought["unit_price"]
        )
        waited = datetime.fromisoformat(row["ordered_at"]) - datetime.fromisoformat(bought["ordered_at"])
        assert timedelta(days=2) < waited < timedelta(days=15)
        assert (row["user_id"], row["email"]) == (bought["user_id"], bought["email"])
    assert all(not row["returned_order_id"] for row in sold.values())


def test_who_orders(shop):
    lines = [row for row in shop.all_rows("orders") if row["kind"] == "sale"]
    with_user = [row for row in lines if row["user_id"]]
    assert all(row["email"] for row in with_user if row["channel"] != "store")
    assert sum(not row["user_id"] and bool(row["email"]) for row in lines) > 100  # guests who leave an e-mail
    assert sum(not row["user_id"] and not row["email"] for row in lines) > 50  # and those who leave nothing


def test_evenings_land_on_the_day_they_began_and_are_the_next_one_in_utc(shop):
    """Truth: `purchases/<day>` names the shop's day of each order. One visit in five begins after 20:00."""
    days = {row["order_id"]: day for day, row in shop.true_by_day("purchases")}
    orders = {row["order_id"]: row["ordered_at"] for row in shop.all_rows("orders") if row["kind"] == "sale"}
    assert all(shop_day(at) == days[order_id] for order_id, at in orders.items())
    evening = [order_id for order_id, at in orders.items() if at[:10] > days[order_id]]
    assert 0.15 < len(evening) / len(orders) < 0.35 and all(
        at[:10] >= days[order_id] for order_id, at in orders.items()
    )


def test_customer_file_is_a_full_snapshot_that_changes(shop):
    before, moved, withdrew, grown = {}, 0, 0, []
    for day in shop.days("people"):
        today = {row["crm_id"]: row for row in shop.rows("people", day)}
        assert set(before) <= set(today)
        for crm_id, row in before.items():
            if row != today[crm_id]:
                assert (
                    today[crm_id]["updated_at"] > row["updated_at"]
                    and today[crm_id]["created_at"] == row["created_at"]
                )
                moved += row["address_line"] != today[crm_id]["address_line"]
                withdrew += (
                    row["personalization_consent"] == "true"
                    and today[crm_id]["personalization_consent"] == "false"
                )
        assert all(shop_day(row["updated_at"]) <= day for row in today.values())
        before = today
        grown.append(len(today))
    assert moved > 5 and withdrew > 2 and grown[-1] > grown[0]
    users = [row["user_id"] for row in before.values() if row["user_id"]]
    assert len(users) == len(set(users)) and len(users) < len(before)  # store cards have none
    assert any("," in row["address_line"] for row in before.values())  # the export has to quote


def test_catalogue_lives(shop):
    days = shop.days("catalogue")
    snapshots = [{item["item_id"]: item for item in shop.catalogue(day)} for day in days]
    broken_off = [after for before, after in pairwise(snapshots) if len(after) < 0.7 * len(before)]
    assert len(broken_off) == 2
    snapshots = [snapshot for snapshot in snapshots if snapshot not in broken_off]
    assert (
        400 <= len(snapshots[0]) <= 600
        and len({item["category_path"][2] for item in snapshots[0].values()}) == 22
    )
    for before, after in pairwise(snapshots):
        assert set(before) <= set(after)
        for item_id, item in before.items():
            if item != after[item_id]:
                assert after[item_id]["updated_at"] > item["updated_at"], (item, after[item_id])
    last = snapshots[-1].values()
    assert len(last) > len(snapshots[0]) + 10
    ended = [item for item in last if item["status"] == "discontinued"]
    assert ended and all(item["stock"] == 0 for item in ended)
    empty = {
        item_id
        for day in snapshots
        for item_id, item in day.items()
        if item["stock"] == 0 and item["status"] == "active"
    }
    assert len(empty) > 10 and any(snapshots[-1][item_id]["stock"] > 0 for item_id in empty)
    assert any(first["price"] != snapshots[-1][item_id]["price"] for item_id, first in snapshots[0].items())


def test_nobody_buys_what_was_sold_out_in_the_evening_before(shop):
    closing = {day: {item["item_id"]: item for item in shop.catalogue(day)} for day in shop.days("catalogue")}
    for row in shop.all_rows("orders"):
        before = closing.get(shop_day(datetime.fromisoformat(row["ordered_at"]) - timedelta(days=1)), {})
        if row["kind"] == "sale" and row["item_id"] in before:
            assert before[row["item_id"]]["stock"] > 0 and before[row["item_id"]]["status"] == "active"


def test_events_read_like_visits(shop):
    kinds, by_session = Counter(), defaultdict(list)
    for _, event in shop.events():
        kinds[event["type"], event.get("event")] += 1
        by_session[event["context"]["sessionId"]].append(event)
        assert set(event["context"]["consent"]["categoryPreferences"]) == {"analytics", "personalization"}
    assert (
        kinds["track", "Product Viewed"]
        > kinds["track", "Product Added"]
        > kinds["track", "Order Completed"]
        > 500
    )
    assert kinds["identify", None] > 500 and kinds["track", "Products Searched"] > 500
    for events in list(by_session.values())[:2000]:
        assert (
            len({event["anonymousId"] for event in events}) == 1
            and len({event.get("userId") for event in events} - {None}) <= 1
        )
    weekdays = Counter()
    for day in shop.days("events")[:35]:
        weekdays[datetime.fromisoformat(day).weekday()] += len(shop.rows("orders", day))
    assert weekdays[5] > weekdays[1]  # Saturdays are busier than Tuesdays
