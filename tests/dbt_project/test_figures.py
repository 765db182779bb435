"""The marts of the small shop against the same figures worked out in plain Python from its rows."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest

OPENED = date(2026, 1, 5)


@pytest.fixture(scope="module")
def ask(built):
    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        yield lambda query: warehouse.execute(query).fetchall()


def lines_of(shop, line) -> list[dict]:
    """The lines of a line's order, by number."""
    order = line["source"], line["order_id"]
    return sorted(
        (one for one in shop.lines.values() if (one["source"], one["order_id"]) == order),
        key=lambda one: one["line_no"],
    )


def currency_of(shop, line) -> str:
    """That of the first sold line of a line's order; of a return, of its first returned line."""
    return next(one["currency"] for one in lines_of(shop, line) if kind_of(one) == kind_of(line))


def kind_of(line) -> str | None:
    return "sale" if is_sold(line) else "return" if line["line_type"] == "return" else None


def customer_of(shop, row) -> str | None:
    """Whose a row is; of a line, whom the first line of its order names that names anybody."""
    if "line_no" in row:
        named = (one["user_identifier_id"] for one in lines_of(shop, row) if one.get("user_identifier_id"))
        return shop.owner.get(next(named, None))
    user = row.get("user_identifier_id")
    other = row.get("anonymous_identifier_id") or row.get("email_identifier_id")
    return shop.owner.get(user or other)


def is_sold(line) -> bool:
    return line["line_type"] in ("sale", "charge") and line["quantity"] > 0 and line["unit_price"] > 0


def test_orders(built, ask):
    expected = defaultdict(lambda: [0, 0, Decimal(0)])
    for line in built.shop.lines.values():
        if is_sold(line) or line["line_type"] == "return":
            totals = expected[line["order_id"], line["line_type"] == "return"]
            totals[0] += 1
            totals[1] += abs(line["quantity"])
            totals[2] += line["amount"] if line["currency"] == currency_of(built.shop, line) else 0
    found = {
        (order, is_return): [n, units, amount]
        for order, is_return, n, units, amount in ask(
            "select order_id, is_return, n_lines, n_units, amount from fct_orders"
        )
    }
    assert found == dict(expected)
    assert any(customer_of(built.shop, line) is None for line in built.shop.lines.values()), (
        "no guest in this shop"
    )
    assert ask("select count(*) from fct_orders where customer_id is null")[0][0] > 0


def test_customers(built, ask):
    orders, returned, spent, back = Counter(), Counter(), Counter(), Counter()
    seen = set()
    for (order_id, _), line in built.shop.lines.items():
        who = customer_of(built.shop, line)
        is_added = line["currency"] == "EUR" and kind_of(line) and currency_of(built.shop, line) == "EUR"
        kind = "sale" if is_sold(line) else line["line_type"]
        if who and (who, order_id, kind) not in seen and kind in ("sale", "return"):
            seen.add((who, order_id, kind))
            (orders if kind == "sale" else returned)[who] += 1
        if who and is_sold(line) and is_added:
            spent[who] += line["amount"]
        if who and line["line_type"] == "return" and is_added:
            back[who] -= line["amount"]
    never = "select count(*), count(recency_days) from dim_customers where n_orders = 0"
    assert ask(never)[0][0] > ask(never)[0][1] == 0, "who never bought did not buy today"
    rows = ask(
        "select customer_id, n_orders, n_returns, amount_spent, amount_returned, amount_net, is_known from"
        " dim_customers"
    )
    assert {row[0] for row in rows} == set(built.shop.owner.values())
    for who, n_orders, n_returns, amount_spent, amount_returned, amount_net, is_known in rows:
        assert (n_orders, n_returns) == (orders[who], returned[who])
        assert (amount_spent, amount_returned, amount_net) == (spent[who], back[who], spent[who] - back[who])
        assert is_known == any(i.startswith("i_u") for i, c in built.shop.owner.items() if c == who)


def test_web_purchases_are_not_counted_beside_the_feed(built, ask):
    assert any(event["event_type"] == "purchase" for event in built.shop.events.values())
    counted = ask(
        "select interaction_id from fct_interactions where interaction_id like 'event:%' and interaction_type"
        " = 'purchase'"
    )
    assert counted == [("event:k6",)], "the kiosk alone has no orders feed"
    joined = ask("select count(*) from fct_orders where session_id is not null and not is_return")[0][0]
    assert joined > 0, "no order met its web event"


def test_nothing_is_counted_of_crawlers(built, ask):
    assert len(built.shop.crawled) == 60
    assert ask("select count(*) from main_staging.stg_core__events where is_bot") == [(60,)], "they are kept"
    for model in ("main_intermediate.int_events", "fct_interactions"):
        n_rows = ask(f"select count(*) from {model} where item_id = 'item3' and request_id = 'list2'")
        assert n_rows == [(0,)], model
    assert ask("select count(*) from fct_customer_segments where customer_id = 'c_i_crawler'") == [(0,)]


def test_clicks_and_what_left_the_cart_are_interactions_of_their_own(ask):
    found = ask(
        "select interaction_type, count(*) from fct_interactions where request_id = 'list1' group by 1"
    )
    assert sorted(found) == [("cart", 1), ("click", 1), ("uncart", 1), ("view", 2)]


def test_the_calendar_reaches_from_the_oldest_row_to_today(built, ask):
    """28 years with 7 leap days are 10,227 days, and 28 of January."""
    first, last, n_days = ask("select min(calendar_date), max(calendar_date), count(*) from dim_dates")[0]
    assert (first, last, n_days) == (date(1998, 1, 1), date(2026, 1, 28), 10_255)
    assert ask(
        "select n_orders, amount_sold from rpt_daily_sales where ordered_date = date '1998-01-01'"
    ) == [(1, 3)]
    assert ask("select max(ordered_date) from rpt_daily_sales") == [(built.last,)]


def days_of(built) -> dict[str, dict[date, list]]:
    """What each customer did, by day: `(kind, order, amount, is_consumable, category, time)`."""
    did = defaultdict(lambda: defaultdict(list))
    for line in built.shop.lines.values():
        who, item = customer_of(built.shop, line), built.shop.items[line["item_id"]]
        kind = "sale" if is_sold(line) else "return" if line["line_type"] == "return" else None
        if who and kind:
            path = item["category_path"]
            amount = line["amount"] if line["currency"] == currency_of(built.shop, line) == "EUR" else 0
            fact = (
                kind,
                line["order_id"],
                amount,
                item["is_consumable"],
                path[0] if path else None,
                line["ordered_at"],
            )
            did[who][line["ordered_date"]].append(fact)
    for event in built.shop.events.values():
        if who := customer_of(built.shop, event):
            fact = (event["event_type"], None, Decimal(0), False, None, event["occurred_at"])
            did[who][event["occurred_date"]].append(fact)
    return did


def state(did: dict[date, list], today: date) -> dict:
    """A customer's state at the end of a day; the fields that the rules of this test name."""
    facts = [(day, fact) for day, facts in did.items() if day <= today for fact in facts]
    sales = [(day, fact) for day, fact in facts if fact[0] == "sale"]
    order_days = sorted({day for day, _ in sales})
    carts = [fact[5] for _, fact in facts if fact[0] == "cart"]
    cart_days = [day for day, fact in facts if fact[0] == "cart"]
    categories = Counter(fact[4] for _, fact in sales if fact[4])
    spent = sum((fact[2] for _, fact in sales), Decimal(0))
    returned = -sum((fact[2] for _, fact in facts if fact[0] == "return"), Decimal(0))
    return {
        "n_orders": len({fact[1] for _, fact in sales}),
        "spent": spent,
        "since_order": (today - order_days[-1]).days if order_days else None,
        "since_first_order": (today - order_days[0]).days if order_days else None,
        "orders_90d": len({fact[1] for day, fact in sales if (today - day).days < 90}),
        "n_returns": len({fact[1] for _, fact in facts if fact[0] == "return"}),
        "returned_percent": int(100 * returned / spent) if spent else None,
        "views_30d": sum(1 for day, fact in facts if fact[0] == "view" and (today - day).days < 30),
        "open_cart": bool(carts) and (not sales or max(carts) > max(fact[5] for _, fact in sales)),
        "since_cart": (today - max(cart_days)).days if cart_days else None,
        "category_lines": sum(categories.values()),
        "favourite_percent": 100 * max(categories.values()) // sum(categories.values()) if categories else 0,
    }


RULES = {
    "new_customers": lambda s: s["since_first_order"] is not None and s["since_first_order"] < 30,
    "one_time_buyers": lambda s: s["n_orders"] == 1 and s["since_order"] >= 30,
    "frequent_buyers": lambda s: s["orders_90d"] >= 3,
    "frequent_returners": lambda s: (
        s["n_returns"] >= 2 and s["returned_percent"] is not None and s["returned_percent"] >= 20
    ),
    "window_shoppers": lambda s: s["views_30d"] >= 5 and s["n_orders"] == 0,
    "cart_abandoners": lambda s: s["open_cart"] and 1 <= s["since_cart"] <= 14,
    "category_fans": lambda s: s["category_lines"] >= 5 and s["favourite_percent"] >= 60,
}


def test_segments_by_the_day(built, ask):
    did, expected, buyers = days_of(built), set(), defaultdict(dict)
    for who, days in did.items():
        for n in range((built.last - min(days)).days + 1):
            today = min(days) + timedelta(days=n)
            now = state(days, today)
            expected |= {(who, segment, today) for segment, rule in RULES.items() if rule(now)}
            if now["n_orders"]:
                buyers[today][who] = now["spent"]
    for today, spent in buyers.items():  # more than 90 of 100 spent less
        less = {who: sum(1 for other in spent.values() if other < mine) for who, mine in spent.items()}
        expected |= {(who, "big_spenders", today) for who in spent if 100 * less[who] // len(spent) >= 90}
    named = ", ".join(f"'{segment}'" for segment in [*RULES, "big_spenders"])
    rows = ask(
        "select customer_id, segment_id, membership_date from fct_customer_segments_daily where segment_id"
        f" in ({named})"
    )
    assert len(rows) == len(set(rows))
    assert set(rows) == expected
    assert len({segment for _, segment, _ in expected}) >= 6, "too few segments have anyone in this shop"


def test_each_buyer_is_in_one_rfm_segment_on_each_day_since_scores_can_differ(built, ask):
    expected = set()
    sold = {
        who: [day for day, facts in days.items() if any(fact[0] == "sale" for fact in facts)]
        for who, days in days_of(built).items()
    }
    for n in range((built.last - OPENED).days + 1):
        today = OPENED + timedelta(days=n)
        last = {
            who: max(day for day in days if day <= today)
            for who, days in sold.items()
            if days and min(days) <= today
        }
        expected |= {(who, today) for who in last if len(set(last.values())) > 1}
    assert min(today for _, today in expected) > min(min(days) for days in sold.values() if days), (
        "the first day names nobody"
    )
    rows = ask(
        "select customer_id, membership_date from fct_customer_segments_daily"
        " where segment_id in (select segment_id from dim_segments where kind = 'rfm')"
    )
    assert len(rows) == len(set(rows))
    assert set(rows) == expected


def test_a_shops_own_ids_lead_to_its_customers(built, ask):
    found = {
        row[:3]: row[3]
        for row in ask("select source, kind, source_customer_id, customer_id from dim_customer_ids")
    }
    users = {i: c for i, c in built.shop.owner.items() if i.startswith("i_u")}
    assert found == {("web", "user_id", i.removeprefix("i_")): c for i, c in users.items()}


def test_customers_of_many_countries_are_flagged(built, ask):
    """Events, orders and other lines name countries; capitals and spaces are no other country."""
    named = defaultdict(set)
    for event in built.shop.events.values():
        named[customer_of(built.shop, event)].add(event.get("country"))
    for line in built.shop.lines.values():
        in_order = (one.get("country") for one in lines_of(built.shop, line) if one.get("country"))
        named[customer_of(built.shop, line)].add(
            next(in_order, None) if is_sold(line) or kind_of(line) else line.get("country")
        )
        if kind_of(line) == "return":
            named[customer_of(built.shop, line)].add(line.get("country"))
    expected = {
        who: len({name.strip().lower() for name in names if name}) for who, names in named.items() if who
    }
    found = {
        who: (n, many)
        for who, n, many in ask("select customer_id, n_countries, has_many_countries from dim_customers")
    }
    assert found == {who: (expected.get(who, 0), expected.get(who, 0) > 2) for who in found}
    assert {True, False} == {many for _, many in found.values()}


def test_consent_is_applied_to_features(built, ask):
    denied = built.shop.owner["i_u2"]
    assert ask(f"select has_personalization_consent from dim_customers where customer_id = '{denied}'") == [
        (False,)
    ]
    everyone = set(built.shop.owner.values())
    assert {who for (who,) in ask("select customer_id from feat_customers")} == everyone - {denied}
