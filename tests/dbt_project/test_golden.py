"""All forty golden definitions by the night's way: the members that the reference has, which is told of
fields, lists and stays what was planted.
"""

import random
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import duckdb
import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import PRED_CUSTOMER_SEGMENTS
from segments.calendar import ShopCalendar
from segments.events import Event
from segments.fields import FIELDS
from segments.shop_days import find_end_of_day
from segments.sql.moments import make_timestamp
from segments.sql.night_relations import format_fields
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import find_shop_time_zone
from spark_jobs.warehouse import dbt
from tests.dbt_project.behaviour import LISTS, copy_golden, hash_user, write_item_lists, write_vip
from tests.dbt_project.rows import FIRST, consent, sale
from tests.dbt_project.shop import Shop as TradingShop
from tests.dbt_project.shop import put
from tests.dbt_project.test_behaviour import read_customers
from tests.segments.golden_definitions import load_golden, load_shipped
from tests.segments.golden_shop import CATALOGUE, draw_customer
from tests.segments.oracle import Customer, Shop, Stay, decide

N_DAYS, N_VISITORS = 9, 80
DAYS = [FIRST + timedelta(days=n) for n in (0, 3, 5, 8)]
MEMBERS = ("--select", "+fct_customer_segments", "--exclude-resource-type", "test", "unit_test")
STAYED_IN = ("04_lapsed_90_days", "05_new_with_one_order")
KNOWN = tuple(sorted(FIELDS))


def plant_histories(shop: TradingShop) -> None:
    """Histories in the forty's own words: items, visits of some weeks, orders and returns."""
    draw = random.Random(3)
    shift = datetime.combine(DAYS[-1], time(20), UTC) - datetime(2024, 11, 5, 19, 30, tzinfo=UTC)
    for item, (category, brand) in CATALOGUE.items():
        known = {"item_id": item, "category_path": category.split(" > "), "brand": brand}
        shop.items[item] = shop.items["item1"] | known
    for number in range(N_VISITORS):
        for event in draw_customer(draw, number).history:
            plant_event(shop, f"i_u_g{number}", event, make_timestamp(event.at).replace(tzinfo=UTC) + shift)


def plant_event(shop: TradingShop, user: str, event: Event, at: datetime) -> None:
    """One event, as the web app sends it or as a line of an order."""
    if event.type in ("purchase", "return"):
        line = sale("web", f"{user} {event.event_id}", 1, 0, user)
        line |= {"unit_price": Decimal(event.amount), "amount": Decimal(event.amount)}
        if event.type == "return":
            line |= {"line_type": "return", "quantity": -1, "amount": -line["amount"]}
        shop.keep("line", line | {"item_id": event.item_id, "ordered_at": at, "ordered_date": at.date()})
        if event.type == "return":
            return
    seen = {"event_id": f"{user} {event.event_id}", "source": "web", "event_type": event.type}
    seen |= {"order_id": seen["event_id"], "occurred_at": at, "occurred_date": at.date()}
    seen |= {"user_identifier_id": user, "item_id": event.item_id, "quantity": 1, "country": "NL"}
    seen |= {"session_id": event.session_id, "device_type": event.device, "campaign": event.campaign}
    own = ("latitude", "longitude", "local_minute")
    shop.keep("event", seen | {name: getattr(event, name) for name in own})


def plant(shop: TradingShop) -> None:
    """Orders of long ago, consents, a country, tenths: what nine days of trade do not have."""
    for user, days in (("i_gone", -120), ("i_year", -361), ("i_vienna", -50)):
        line = sale("web", f"old {user}", 1, days, user)
        shop.keep("line", line | ({"country": "AT"} if user == "i_vienna" else {}))
    shop.keep("line", sale("web", "now", 1, 2, "i_year"))
    shop.consents += [
        consent("i_vienna", 4, "marketing", True),
        consent("i_vienna", 7, "marketing"),
        consent("i_u2", 4, "personalization", True),
    ]


TENTHS = {"churn_30d_decile": 10, "spend_60d_decile": 9}


def tell_fields(customer_id: str, day: date, shop: TradingShop) -> dict:
    """What was planted of a customer, as of a day."""
    n = (day - FIRST).days
    kinds = {identifier[:3] for identifier, owner in shop.owner.items() if owner == customer_id}
    fields = {"is_known": kinds != {"i_a"}}
    if customer_id == "c_i_vienna":
        fields |= {"country": "AT"} | (
            {"marketing_consent": "granted" if n < 7 else "denied"} if n >= 4 else {}
        )
    if customer_id == "c_i_u2" and n >= 4:
        fields["personalization_consent"] = "granted"
    if customer_id == "c_i_gone" and n >= 3:
        fields |= TENTHS
    return fields


@pytest.fixture(scope="module")
def trading() -> TradingShop:
    shop = TradingShop(has_feed=True)
    for n in range(N_DAYS):
        shop.trade(n)
    plant(shop)
    plant_histories(shop)
    return shop


@pytest.fixture(scope="module")
def warehouse(new_home, trading, tmp_path_factory) -> Iterator[duckdb.DuckDBPyConnection]:
    """One night of nine days with the forty in its home."""
    home, project = new_home("golden"), tmp_path_factory.mktemp("project") / "dbt_project"
    paths = HomePaths(home.root)
    copy_golden(paths, ())
    write_item_lists(paths)
    write_vip(paths, ["vip"])
    trading.owner[hash_user(paths, "vip")] = "c_i_u1"
    trading.write(home.lake)
    stay = {
        **dict.fromkeys(PRED_CUSTOMER_SEGMENTS.columns),
        "customer_id": "c_i_gone",
        "place": 1,
        "score": 1.0,
    }
    names = [f"{field}:{tenth}" for field, tenth in TENTHS.items()]
    put(
        home.lake,
        PRED_CUSTOMER_SEGMENTS,
        [{**stay, "segment_id": name, "entered_date": DAYS[1]} for name in names],
    )
    shutil.copytree(dbt.PROJECT, project, ignore=shutil.ignore_patterns("target", "generated", "logs"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dbt, "PROJECT", project)
        file = home.build("golden", FIRST + timedelta(days=N_DAYS - 1), *MEMBERS)
    with duckdb.connect(str(file), read_only=True) as connection:
        yield connection


def find_stays(segment_id: str, of_day: dict[date, bool], calendar: ShopCalendar) -> list[Stay]:
    """The stays that a customer's days of membership make."""
    stays: list[Stay] = []
    for day, is_member in of_day.items():
        at = calendar.find_midnight(day.toordinal())
        if is_member and (not stays or stays[-1].left_at is not None):
            stays.append(Stay(segment_id, at))
        elif not is_member and stays and stays[-1].left_at is None:
            stays[-1] = stays[-1]._replace(left_at=at)
    return stays


def ask_reference(warehouse, trading) -> set[tuple[str, str, date]]:
    calendar = ShopCalendar(find_shop_time_zone(Settings.from_environment({}).sources))
    golden = load_golden()
    rules = {each.segment_id: each.members for each in golden}
    rules |= {each.segment.segment_id: each.segment.members for each in load_shipped()}
    shop, histories = Shop(calendar, LISTS, rules), read_customers(warehouse)
    first_days = dict(
        warehouse.execute(
            "select customer_id, min(activity_date) from main_intermediate.int_customer_days group by 1"
        ).fetchall()
    )
    counted = {
        (row[0], day): dict(zip(KNOWN, row[1:], strict=True))
        for day in DAYS
        for row in warehouse.execute(format_fields(KNOWN), {"day": day}).fetchall()
    }
    members = set()
    for customer_id, first in first_days.items():
        history = histories.get(customer_id, Customer(customer_id)).history
        all_days = [first + timedelta(days=n) for n in range((DAYS[-1] - first).days + 1)]
        stays = [
            stay
            for name in STAYED_IN
            for stay in find_stays(
                name,
                {
                    day: decide(
                        rules[name], Customer(customer_id, history), find_end_of_day(calendar, day), shop
                    )
                    for day in all_days
                },
                calendar,
            )
        ]
        lists = frozenset({"vip"} if customer_id == "c_i_u1" else ())
        for day in DAYS:
            if day < first:
                continue
            fields = counted[customer_id, day] | tell_fields(customer_id, day, trading)
            known = {name: value for name, value in fields.items() if value is not None}
            customer = Customer(customer_id, history, known, tuple(stays), lists)
            now = find_end_of_day(calendar, day)
            members |= {
                (customer_id, each.segment_id, day)
                for each in golden
                if decide(each.members, customer, now, shop)
            }
    return members


def test_all_forty_have_the_references_members(warehouse, trading):
    expected = ask_reference(warehouse, trading)
    ids = {each.segment_id for each in load_golden()}
    found = {
        (customer, segment, day)
        for day in DAYS
        for customer, segment in warehouse.execute(
            "select customer_id, segment_id from fct_customer_segments"
            " where entered_at <= $day and (left_at is null or left_at > $day)",
            {"day": day},
        ).fetchall()
        if segment in ids
    }
    assert found == expected
    having = {segment[:2] for _, segment, _ in expected}
    # These ask for minutes before the end of a day.
    assert {each.segment_id[:2] for each in load_golden()} - having == {"12", "19", "34"}


def test_a_purchase_happened_where_its_web_event_did(warehouse, trading):
    placed = {
        (event["order_id"], event["latitude"])
        for event in trading.events.values()
        if event["event_type"] == "purchase" and event.get("latitude")
    }
    found = warehouse.execute(
        "select order_id, latitude from main_intermediate.int_segment_events"
        " where event_type = 'purchase' and latitude is not null"
    ).fetchall()
    assert set(found) == placed and placed
