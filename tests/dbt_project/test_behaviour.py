"""Rules over events in the warehouse: the golden definitions have the members that the reference has, and
events are what was sent and sold.
"""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import duckdb
import pytest

from segments.calendar import ShopCalendar
from segments.events import Event
from segments.shop_days import find_end_of_day
from segments.tree.rules import Segment
from spark_jobs.settings import Settings
from spark_jobs.sources.registry import find_shop_time_zone
from tests.dbt_project.behaviour import LISTS, load_nightly_golden
from tests.dbt_project.rows import FIRST
from tests.segments.oracle import Customer, Shop, decide

EVENT = (
    "epoch_us(e.at), event_id, event_type, item_id, category, brand, price, quantity, amount, order_id,"
    " session_id, device, campaign, country, latitude, longitude, local_minute"
)
DAYS = [FIRST + timedelta(days=n) for n in (0, 5, 9, 14, 19, 23)]


@pytest.fixture(scope="module")
def warehouse(built):
    with duckdb.connect(str(built.files[-1]), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def calendar() -> ShopCalendar:
    return ShopCalendar(find_shop_time_zone(Settings.from_environment({}).sources))


def read_customers(warehouse: duckdb.DuckDBPyConnection) -> dict[str, Customer]:
    """Each customer with the events that were sent; the reference finds empty carts by itself."""
    histories = defaultdict(list)
    rows = warehouse.execute(
        f"select customer_id, {EVENT} from main_intermediate.int_segment_events e"
        " where event_type <> 'empty_cart'"
    )
    for customer_id, *values in rows.fetchall():
        values = [float(value) if isinstance(value, Decimal) else value for value in values]
        histories[customer_id].append(Event(*values))
    return {customer_id: Customer(customer_id, tuple(events)) for customer_id, events in histories.items()}


def read_members(warehouse: duckdb.DuckDBPyConnection) -> set[tuple[str, str, date]]:
    return set(warehouse.execute("select * from fct_customer_segments_daily").fetchall())


def ask_reference(
    warehouse: duckdb.DuckDBPyConnection, calendar: ShopCalendar, golden: list[Segment]
) -> set[tuple[str, str, date]]:
    """Members by brute force, of whoever had done something by then."""
    customers, shop = read_customers(warehouse), Shop(calendar, LISTS, {})
    first_days = dict(
        warehouse.execute(
            "select customer_id, min(activity_date) from main_intermediate.int_customer_days group by 1"
        ).fetchall()
    )
    return {
        (customer_id, segment.segment_id, day)
        for customer_id, first in first_days.items()
        for day in DAYS
        if first <= day
        for segment in golden
        if decide(
            segment.members,
            customers.get(customer_id, Customer(customer_id)),
            find_end_of_day(calendar, day),
            shop,
        )
    }


def test_golden_definitions_have_the_references_members(warehouse, calendar):
    golden = load_nightly_golden()
    ids = {segment.segment_id for segment in golden}
    expected = ask_reference(warehouse, calendar, golden)
    found = {member for member in read_members(warehouse) if member[1] in ids and member[2] in DAYS}
    assert found == expected
    assert len({segment_id for _, segment_id, _ in expected}) >= 9
    late = {(customer, segment, day + timedelta(days=1)) for customer, segment, day in expected}
    assert late & found != found, "the control: a day later others are in"


def test_a_purchase_is_a_sold_line(built, warehouse):
    """Of sources with an orders feed; neither postage nor what cost nothing."""
    sold = {
        f"line:{line['source']}:{line['order_id']}:{line['line_no']}"
        for line in built.shop.lines.values()
        if line["line_type"] == "sale" and line["quantity"] > 0 and line["unit_price"] > 0
    }
    rows = warehouse.execute(
        "select event_id from main_intermediate.int_segment_events where event_type = 'purchase'"
    ).fetchall()
    lines = {event_id for (event_id,) in rows if event_id.startswith("line:")}
    assert lines <= sold and len(lines) > 20
    assert {event_id for (event_id,) in rows} - lines == {"k6"}  # the kiosk hands over no orders any more


def test_every_change_has_its_reason(warehouse):
    counts = dict(
        warehouse.execute("select reason, count(*) from fct_segment_changes group by reason").fetchall()
    )
    assert {"event", "time", "rank"} <= set(counts)
    wrong = warehouse.execute(
        "select count(*) from fct_segment_changes as changes where (reason = 'event') <> exists ("
        " select 1 from main_intermediate.int_customer_days as days"
        " where days.customer_id = changes.customer_id"
        " and days.activity_date = cast(changes.changed_at as date))"
        " and reason not in ('model', 'consent')"
        " and cast(changed_at as date) < (select as_of from dim_warehouse limit 1)"
    ).fetchone()
    assert wrong == (0,)
