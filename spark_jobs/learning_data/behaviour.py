"""Behaviour as recommenders read it: on the shop's clock, of consenting customers, once per customer,
item, day and kind.

Training and scoring read it by the same functions, so that a customer is scored by what the model was
fitted on.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from models.training_data import KINDS
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake

_CASES = " ".join(f"when '{kind}' then {number}" for number, kind in enumerate(KINDS))
KIND_NUMBER = f"case interaction_type {_CASES} end"


def build_day_sql(time: str) -> str:
    """SQL of the day of a time without a zone, counted from 1970-01-01."""
    return f"(epoch_us(date_trunc('day', {time})) // 86400000000)"


@contextmanager
def open_learning_data(
    lake: Lake, time_zone: str = "UTC", memory: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables that train and score read, as a database in this process.

    It has `feat_customers`; `feat_items` with `first_seen_day`; `interactions` with `day` and `kind`, a place
    in `KINDS` or null; `consented`, those of customers who may be personalised for, which are those in
    `feat_customers`; and `behaviour`, these as one row per customer, item, day and kind. This is the only
    consent filter of training and scoring. Times are on the shop's clock, days counted from 1970-01-01.

    Args:
        time_zone: the shop's, whose days are counted.
        memory: as `open_database` takes it.
    """
    with open_database(memory) as con:
        lake.create_view(con, FCT_INTERACTIONS)
        lake.create_view(con, FEAT_CUSTOMERS)
        lake.create_view(con, FEAT_ITEMS, "utc_items")
        con.execute(f"""
            create temp view feat_items as
            select *, {build_day_sql("first_seen_at")} as first_seen_day
            from (select * replace (first_seen_at at time zone '{time_zone}' as first_seen_at) from utc_items)
        """)
        con.execute(f"""
            create temp view interactions as
            select *, {build_day_sql("occurred_at")} as day, {KIND_NUMBER} as kind
            from (
                select * replace (occurred_at at time zone '{time_zone}' as occurred_at) from fct_interactions
            )
        """)
        con.execute("""
            create temp view consented as
            select * from interactions where customer_id in (select customer_id from feat_customers)
        """)
        con.execute("""
            create temp table behaviour as
            select distinct customer_id, item_id, day::int as day, kind::int as kind from consented
            where kind is not null
        """)
        yield con


def find_first_training_day(con: duckdb.DuckDBPyConnection, days: int | None) -> int | None:
    """The first of the newest `days` of behaviour, counted back from its last day; None for all days, or
    without behaviour.
    """
    ((last,),) = con.execute("select max(day) from behaviour").fetchall()
    return None if days is None or last is None else last - days + 1
