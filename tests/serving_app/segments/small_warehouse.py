"""A published warehouse of the small shop: three customers, of whom one is no longer anybody's business."""

from datetime import date, datetime

import duckdb

from segments.sql.night_relations import EVENTS
from segments.sql.relations import RELATIONS, format_table
from tests.serving_app.conftest import NEWCOMER, REGULAR, ids

AS_OF = date(2026, 2, 20)
STRANGER = "c_stranger"  # the snapshot does not answer for them
# days on which they first came, last ordered, how many orders, what they spent
STATES = {
    REGULAR: (date(2026, 1, 1), date(2026, 2, 1), 4, 200),
    NEWCOMER: (date(2026, 2, 10), None, 0, 0),
    STRANGER: (date(2025, 10, 1), date(2025, 10, 2), 1, 20),
}
STAYS = [
    (REGULAR, "loyal", datetime(2026, 1, 5), datetime(2026, 2, 3)),
    (REGULAR, "champions", datetime(2026, 2, 3), None),
    (REGULAR, "frequent_buyers", datetime(2026, 2, 4), None),
    (STRANGER, "lapsed", datetime(2026, 1, 1), None),
    (STRANGER, "champions", datetime(2026, 1, 1), None),
    (NEWCOMER, "like_champions", datetime(2026, 2, 19), None),
    (NEWCOMER, "window_shoppers", datetime(2026, 2, 12), None),
]
EVENTS_AND_LISTS = f"""
    insert into main_intermediate.int_list_members values ('vip', '{REGULAR}');
    insert into main_intermediate.int_list_items values ('new_mugs', 'item-05');
    insert into {EVENTS} by name
        select '{REGULAR}' as customer_id, timestamp '2026-02-20 10:00' as at, 'e1' as event_id,
            'view' as event_type, 'item-05' as item_id, date '2026-02-20' as day;
    insert into {EVENTS} by name
        select '{NEWCOMER}' as customer_id, timestamp '2026-02-20 11:00' as at, 'e2' as event_id,
            'view' as event_type, 'item-06' as item_id, date '2026-02-20' as day
"""
SCHEMA = """
    create schema main_intermediate;
    create schema main_staging;
    create table dim_warehouse (as_of date);
    create table dim_dates as select cast(range as date) as calendar_date
        from range(date '2025-10-01', date '2026-02-21', interval 1 day);
    create table dim_customers (customer_id varchar);
    create table dim_segments (
        segment_id varchar, name varchar, kind varchar, description varchar, n_customers integer
    );
    create table fct_customer_segments (
        customer_id varchar, segment_id varchar, entered_at timestamp, left_at timestamp
    );
    create table rpt_segment_sizes (segment_id varchar, membership_date date, n_customers integer);
    create table main_intermediate.int_list_members (list_name varchar, customer_id varchar);
    create table main_intermediate.int_list_items (list_name varchar, item_id varchar);
    create table main_staging.stg_core__identities (identifier_id varchar, customer_id varchar);
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


def write_warehouse(home):
    """Publish it in a home."""
    file = home / "warehouse" / "concierge.duckdb"
    file.parent.mkdir(parents=True)
    with duckdb.connect(str(file)) as warehouse:
        for statement in SCHEMA.split(";"):
            warehouse.execute(statement)
        warehouse.execute("insert into dim_warehouse values (?)", [AS_OF])
        warehouse.executemany("insert into fct_customer_segments values (?, ?, ?, ?)", STAYS)
        for name in sorted({segment_id for _, segment_id, _, _ in STAYS}):
            n = sum(segment_id == name and left is None for _, segment_id, _, left in STAYS)
            kind = "lookalike" if name == "like_champions" else "rule"
            row = [name, name.title(), kind, "Some.", n]
            warehouse.execute("insert into dim_segments values (?, ?, ?, ?, ?)", row)
            warehouse.execute("insert into rpt_segment_sizes values (?, ?, ?)", [name, AS_OF, n])
        for customer_id, (seen, ordered, n_orders, spent) in STATES.items():
            warehouse.execute("insert into dim_customers values (?)", [customer_id])
            state = {
                "customer_id": customer_id,
                "state_date": seen,
                "currency": "EUR",
                "first_seen_date": seen,
                "last_seen_date": seen,
                "first_order_date": ordered and seen,
                "last_order_date": ordered,
                **dict.fromkeys(("n_orders", "n_order_days", "n_orders_90d"), n_orders),
                "amount_spent": spent,
                **dict.fromkeys(("amount_returned", "n_returns"), 0),
                "n_views_30d": 3,
            }
            named = ", ".join(f"${name} as {name}" for name in state)
            warehouse.execute(
                f"insert into main_intermediate.int_customer_states by name select {named}", state
            )
        events = format_table("events", RELATIONS["events"])
        warehouse.execute(events.replace("table events", f"table {EVENTS}"))
        for statement in EVENTS_AND_LISTS.split(";"):
            warehouse.execute(statement)
        identifiers = ids()
        for value in ("u-regular", "ada@shop.example", "cookie-regular"):
            row = [identifiers[value], REGULAR]
            warehouse.execute("insert into main_staging.stg_core__identities values (?, ?)", row)
