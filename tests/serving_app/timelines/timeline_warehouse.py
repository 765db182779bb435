"""What the published warehouse of the small shop knows of its regular: one thing of each kind."""

from datetime import UTC, datetime

import duckdb
import pyarrow as pa
from deltalake import write_deltalake

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import CORE_IMPRESSIONS
from tests.serving_app.conftest import FORMER, NEWCOMER, REGULAR
from tests.serving_app.segments.small_warehouse import write_warehouse

SCHEMA = """
    create table dim_items (item_id varchar, title varchar);
    create table fct_interactions (
        interaction_id varchar, customer_id varchar, item_id varchar, interaction_type varchar,
        occurred_at timestamp, quantity integer, order_id varchar, request_id varchar
    );
    create table main_intermediate.int_sent_events (
        event_id varchar, customer_id varchar, "at" timestamp, event_type varchar, item_id varchar,
        order_id varchar
    );
    create table fct_orders (
        source varchar, order_id varchar, is_return boolean, customer_id varchar, ordered_at timestamp,
        n_units bigint, amount decimal(38, 4), currency varchar, request_id varchar
    );
    create table fct_impressions (
        request_id varchar, item_id varchar, item_rank integer, served_at timestamp, placement varchar,
        customer_id varchar, n_clicks integer
    );
    create table fct_segment_changes (
        customer_id varchar, segment_id varchar, changed_at timestamp, change varchar, reason varchar
    );
    create table fct_identity_changes (
        change_id varchar, change varchar, customer_id varchar, to_customer_id varchar, because varchar,
        landing_date date
    );
    create table fct_customer_consents (
        customer_id varchar, purpose varchar, consented_at timestamp, source varchar, feed varchar,
        is_granted boolean
    );
"""
ROWS = f"""
    insert into dim_items values ('item-05', 'Item 5');
    insert into fct_interactions values
        ('e1', '{REGULAR}', 'item-05', 'view', '2026-02-20 10:00', 1, null, 'r-1'),
        ('e2', '{REGULAR}', 'item-05', 'cart', '2026-02-20 10:01', 2, null, null),
        ('e3', '{REGULAR}', 'item-05', 'purchase', '2026-02-20 10:02', 2, 'o-1', null),
        ('e9', '{NEWCOMER}', 'item-05', 'view', '2026-02-20 10:00', 1, null, null);
    insert into main_intermediate.int_sent_events values
        ('e0', '{REGULAR}', '2026-02-20 09:59', 'search', null, null),
        ('e1', '{REGULAR}', '2026-02-20 10:00', 'view', 'item-05', null);
    insert into fct_orders values
        ('web', 'o-1', false, '{REGULAR}', '2026-02-20 10:02', 2, 31.5, 'EUR', null),
        ('web', 'o-1', true, '{REGULAR}', '2026-02-20 12:00', 1, 15.75, 'EUR', null);
    insert into fct_impressions values
        ('r-1', 'item-06', 2, '2026-02-20 09:58', 'home', '{REGULAR}', 0),
        ('r-1', 'item-05', 1, '2026-02-20 09:58', 'home', '{REGULAR}', 1),
        ('r-2', 'item-07', 1, '2026-02-19 08:00', 'cart', '{REGULAR}', 0);
    insert into fct_segment_changes values
        ('{REGULAR}', 'champions', '2026-02-03', 'entered', 'event'),
        ('{REGULAR}', 'loyal', '2026-02-03', 'left', 'time');
    insert into fct_identity_changes values
        ('1', 'created', '{REGULAR}', '{REGULAR}', 'first sighting', '2026-01-01'),
        ('2', 'merged', '{FORMER}', '{REGULAR}', 'same_event core_events/e1', '2026-02-10'),
        ('0', 'merged', 'c_older', '{FORMER}', 'same_order core_order_lines/o', '2026-01-20'),
        ('9', 'merged', 'c_others', '{NEWCOMER}', 'same_order core_order_lines/o', '2026-01-20'),
        ('3', 'split', '{REGULAR}', 'c_stranger', 'no longer followed', '2026-02-11');
    insert into fct_customer_consents values
        ('{REGULAR}', 'marketing', '2026-01-02', 'web', 'events', true),
        ('{REGULAR}', 'marketing', '2026-01-03', 'web', 'events', true),
        ('{REGULAR}', 'marketing', '2026-01-04', 'web', 'events', false)
"""
# of the regular, the newest first
SENTENCES = [
    "Returned 1 piece for 15.75 EUR",
    "Ordered 2 pieces for 31.50 EUR",
    "Put Item 5 into the cart, 2 pieces",
    "Viewed Item 5 from a list",
    "Searched",
    "Was shown 2 items at home; clicked 1",
    "Was shown 1 item at cart; clicked none",
    "Split from another customer, as a link between them is no longer followed",
    f"Merged with {FORMER}: they are one customer",
    "Left Loyal, as time passed",
    "Entered Champions, by what they did",
    "Merged with another customer: they are one customer",
    "Said no to marketing",
    "Said yes to marketing",
    "Became known as a customer",
]


def write_lake(home):
    """The lists of the warehouse in the lake, of which one had an override; and one of another day."""
    rows = [
        ("r-1", datetime(2026, 2, 20, 9, 58, tzinfo=UTC), ["o_1", "o_2"]),
        ("r-2", datetime(2026, 2, 19, 8, tzinfo=UTC), []),
        ("r-3", datetime(2026, 2, 1, 8, tzinfo=UTC), ["o_3"]),
    ]
    columns = {
        "request_id": [name for name, _, _ in rows],
        "served_at": [at for _, at, _ in rows],
        "served_date": [at.date() for _, at, _ in rows],
        "applied_overrides": [overrides for _, _, overrides in rows],
    }
    lake = HomePaths(home).lake / CORE_IMPRESSIONS.name
    write_deltalake(str(lake), pa.table(columns), partition_by=["served_date"])


def write_timelines(home):
    """Publish the warehouse in a home."""
    write_warehouse(home)
    with duckdb.connect(str(home / "warehouse" / "concierge.duckdb")) as warehouse:
        warehouse.execute(SCHEMA)
        warehouse.execute(ROWS)
