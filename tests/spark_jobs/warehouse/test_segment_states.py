"""What live segments begin with: equal to the program over the whole history, and made anew only where
something is other.
"""

import random
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest

from expectations.contracts.lake import FEAT_LIVE_SEGMENTS, FEAT_SEGMENT_STATES
from expectations.contracts.live_segments import unpack_segment_base
from segments.calendar import ShopCalendar
from segments.evaluation.measures import Context
from segments.events import Event
from segments.live import LiveDefinitions
from segments.shop_days import find_end_of_day
from segments.sql.night_relations import EVENTS
from segments.sql.relations import RELATIONS
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.warehouse import segment_states
from spark_jobs.warehouse.live_definitions import LiveTexts
from tests.segments.live_programs import FRESH_CART, make_live_program, parse_live_definitions

DAY = date(2026, 2, 20)
END = find_end_of_day(ShopCalendar("UTC"), DAY)
BUSY = """
segment_id: busy
name: Busy
kind: rule
description: Viewed twice in two days, with an order ever.
members:
  all:
    - {count: view, within: 2 days, op: ">=", value: 2}
    - {field: n_orders, op: ">=", value: 1}
"""
TEXTS = {"busy": BUSY, "fresh_cart": FRESH_CART}
ANN, BEN, CYD, DEE = (f"c_{letter * 24}" for letter in "abcd")
N_ORDERS = {ANN: 1, BEN: 0, CYD: 2}
SCHEMA = """
    create schema main_intermediate;
    create table dim_warehouse (as_of date);
    create table feat_customers (customer_id varchar);
    create table fct_customer_segments (
        customer_id varchar, segment_id varchar, entered_at timestamp, left_at timestamp
    );
    create table main_intermediate.int_customer_consents (
        customer_id varchar, has_analytics_consent boolean
    );
    create table main_intermediate.int_list_members (list_name varchar, customer_id varchar);
    create table main_intermediate.int_customer_states (
        customer_id varchar, state_date date, next_date date, currency varchar,
        first_seen_date date, last_seen_date date, first_order_date date, last_order_date date,
        last_cart_date date, n_orders integer, n_order_days integer, n_orders_90d integer,
        n_returns integer, amount_spent decimal(38, 4), amount_spent_90d decimal(38, 4),
        amount_returned decimal(38, 4), n_consumable_days integer, n_views_30d integer,
        n_carts_30d integer, n_category_lines integer, n_favourite_lines integer,
        last_order_at timestamp, last_cart_at timestamp
    );
"""


def make_texts(texts=TEXTS):
    encoded = {name: text.encode() for name, text in texts.items()}
    return LiveTexts(parse_live_definitions(texts), encoded, {}, make_live_program(texts))


def insert_events(warehouse, events):
    midnight = datetime(2026, 2, 21)
    rows = [
        {"customer_id": who, "at": midnight - timedelta(minutes=ago), "event_id": name, "event_type": kind}
        for who, ago, name, kind in events
    ]
    sent = pa.Table.from_pylist(rows)
    warehouse.register("sent", sent)
    warehouse.execute(f"insert into {EVENTS} by name from sent")
    warehouse.unregister("sent")


class Shop:
    """A home's lake beside a warehouse of four customers, of whom Dee said no to analytics."""

    def __init__(self, folder):
        self.file, self.texts, draw = folder / "night.duckdb", make_texts(), random.Random(3)
        self.settings = Settings.from_environment({"CONCIERGE_HOME": str(folder)})
        self.lake = Lake(self.settings.lake)
        minutes = [draw.randrange(1, 4_000) for _ in range(60)]
        self.events = [
            (draw.choice([ANN, BEN, DEE]), minutes_ago, f"e-{n}", draw.choice(["view", "cart", "purchase"]))
            for n, minutes_ago in enumerate([2, 3, *minutes])
        ]
        with duckdb.connect(str(self.file)) as warehouse:
            warehouse.execute(SCHEMA)
            columns = ", ".join(f'"{name}" {kind}' for name, kind in RELATIONS["events"].items())
            warehouse.execute(f"create table {EVENTS} ({columns})")
            warehouse.execute("insert into dim_warehouse values (?)", [DAY])
            for customer in (ANN, BEN, CYD, DEE):
                warehouse.execute("insert into feat_customers values (?)", [customer])
            for customer, n in N_ORDERS.items():
                warehouse.execute(
                    "insert into main_intermediate.int_customer_states by name"
                    " select ? as customer_id, date '2026-01-01' as state_date, ? as n_orders",
                    [customer, n],
                )
            warehouse.execute("insert into main_intermediate.int_customer_consents values (?, false)", [DEE])
            warehouse.execute(
                "insert into fct_customer_segments values (?, 'vip', '2026-02-03', null)", [ANN]
            )
            warehouse.execute(
                "insert into fct_customer_segments values (?, 'vip', '2026-01-03', '2026-02-10')", [BEN]
            )
            insert_events(warehouse, self.events)

    def insert(self, *event):
        with duckdb.connect(str(self.file)) as warehouse:
            insert_events(warehouse, [event])

    def execute(self, sql):
        with duckdb.connect(str(self.file)) as warehouse:
            warehouse.execute(sql)

    def run(self):
        context = SimpleNamespace(settings=self.settings)
        with open_database() as connection:
            connection.execute(f"attach '{self.file}' as warehouse (read_only)")
            reports = segment_states.write_segment_states(context, self.lake, connection)
        detail = reports[1].detail
        self.n_differing = detail.pop("differing")
        return detail

    def read_bases(self):
        rows = self.lake.read_arrow(FEAT_SEGMENT_STATES).to_pylist()
        return {row["customer_id"]: unpack_segment_base(row["base"]) for row in rows}


@pytest.fixture
def night(tmp_path, monkeypatch):
    shop = Shop(tmp_path)
    monkeypatch.setattr(segment_states, "load_live_texts", lambda *_: shop.texts)
    return shop


def list_history(shop, customer):
    midnight = datetime(2026, 2, 21, tzinfo=UTC)
    return [
        Event(int((midnight - timedelta(minutes=ago)).timestamp()) * 1_000_000, event_id, event_type)
        for who, ago, event_id, event_type in shop.events
        if who == customer
    ]


def decide(shop, customer):
    program = shop.texts.program.program
    state = program.build_state(list_history(shop, customer))
    return program.decide(state, END, Context(customer, {"n_orders": N_ORDERS[customer]}))


def test_a_base_is_of_the_whole_history(night):
    assert night.run() == {"unchanged": 0, "built": 3, "asked": 0, "gone": 0}
    bases = night.read_bases()
    assert sorted(bases) == [ANN, BEN, CYD]
    assert night.n_differing == sum(len(base.members) for base in bases.values()) > 0  # no stay says so here
    assert {name: set(base.members) for name, base in bases.items()} == {
        name: decide(night, name) for name in bases
    }
    assert set().union(*(base.members for base in bases.values())) == {"busy", "fresh_cart"}
    assert bases[CYD].state == b"" and bases[ANN].state
    midnight = ShopCalendar("UTC").find_midnight
    assert bases[ANN].others == {"vip": midnight(date(2026, 2, 3).toordinal())}
    assert bases[BEN].left == {"vip": midnight(date(2026, 2, 10).toordinal())}
    rows = night.lake.read_arrow(FEAT_LIVE_SEGMENTS).to_pylist()
    assert [(row["segment_id"], row["definition"]) for row in rows] == sorted(TEXTS.items())


def test_a_night_makes_anew_what_is_other(night):
    night.run()
    version = night.lake.version(FEAT_SEGMENT_STATES)
    assert night.run() == {"unchanged": 3, "built": 0, "asked": 0, "gone": 0}
    assert night.lake.version(FEAT_SEGMENT_STATES) == version
    night.insert(BEN, 5, "late", "purchase")
    night.events.append((BEN, 5, "late", "purchase"))
    night.execute(
        f"update main_intermediate.int_customer_states set n_orders = 0 where customer_id = '{ANN}'"
    )
    before = night.read_bases()
    assert night.run() == {"unchanged": 1, "built": 1, "asked": 1, "gone": 0}
    after = night.read_bases()
    assert after[CYD] == before[CYD] and after[ANN].state == before[ANN].state
    assert "busy" not in after[ANN].members and set(after[BEN].members) == decide(night, BEN)


def test_time_alone_has_an_answer_asked_again(night):
    night.run()
    night.execute("update dim_warehouse set as_of = date '2026-02-28'")
    counts = night.run()
    assert counts["built"] == 0 and counts["asked"] >= 1
    assert all(base.members == {} for base in night.read_bases().values())


def test_an_answer_that_sql_gives_too_does_not_differ(night):
    for customer in (ANN, BEN, CYD):
        for name in decide(night, customer):
            night.execute(
                f"insert into fct_customer_segments values ('{customer}', '{name}', '2026-02-20', null)"
            )
    night.run()
    assert night.n_differing == 0
    assert night.read_bases()[ANN].others.keys() == {"vip"}


def test_who_is_gone_or_said_no_has_no_base(night):
    night.run()
    night.execute(f"delete from feat_customers where customer_id = '{BEN}'")
    night.execute(f"insert into main_intermediate.int_customer_consents values ('{ANN}', false)")
    assert night.run() == {"unchanged": 1, "built": 0, "asked": 0, "gone": 2}
    assert sorted(night.read_bases()) == [CYD]


def test_other_definitions_build_all_anew(night):
    night.run()
    night.texts = make_texts({"busy": BUSY})
    assert night.run()["built"] == 3
    night.texts = LiveTexts(LiveDefinitions(frozenset(), {}), {}, {}, None)
    assert night.run()["gone"] == 3
    assert night.read_bases() == {} and night.lake.read_arrow(FEAT_LIVE_SEGMENTS).num_rows == 0


def test_amounts_come_with_the_currency_that_they_are_added_in(night):
    """Only where a definition asks for amounts: Ann ordered in euros, Ben never."""
    night.execute(
        "create table main_intermediate.int_customer_currencies as"
        f" select '{ANN}' as customer_id, 'EUR' as currency"
    )
    night.run()
    assert {base.currency for base in night.read_bases().values()} == {""}
    spender = "members: {sum: amount, of: purchase, op: '>=', value: 100}"
    text = FRESH_CART.partition("members:")[0].replace("fresh_cart", "spender") + spender
    night.texts = make_texts(TEXTS | {"spender": text})
    night.run()
    currencies = {name: base.currency for name, base in night.read_bases().items()}
    assert currencies == {ANN: "EUR", BEN: "", CYD: ""}
