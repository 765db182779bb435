"""Stale customers: the inputs of their list have changed since it was computed, so they are scored again.

The inputs of a list are the model, what may be shown, and its customer's behaviour, attributes and days. A
customer whose hash of all these equals the one stored beside their list retains that list.

Days need care. Where every part of the model fades evenly (`order_is_time_invariant` of a recommender: a day
later all of a customer's scores are smaller by one factor), a list does not change by waiting, and `until` is
no input; such customers are scored as of their own last day, so that not even a last digit changes. Where any
part depends on how long ago something was, `until` is an input of every list.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace

import duckdb
import numpy as np
import pyarrow as pa

from models.training_data import Behaviour
from spark_jobs.lake.queries import run_query
from spark_jobs.learning_data.tokens import CUSTOMER_TOKENS


def fingerprint_scoring_model(
    provenance: Iterable[str],
    allowed: np.ndarray,
    consumable: np.ndarray,
    has_purchases: bool,
    until: int | None,
) -> str:
    """A hash of the inputs that all customers' lists share, 16 hex digits.

    Args:
        provenance: the model's version, run and digests, and the code's hash.
        allowed, consumable: bool [items of the model].
        until: the day after the newest behaviour; None where lists do not depend on it.
    """
    digest = hashlib.sha256(repr((tuple(provenance), has_purchases, until)).encode())
    for flags in (allowed, consumable):
        digest.update(np.packbits(flags).tobytes())
    return digest.hexdigest()[:16]


def number_customers(con: duckdb.DuckDBPyConnection) -> int:
    """Write table `numbered_customers` (`customer_id`, `tokens`, and `place`, their rank by id, from 0);
    returns how many there are.

    Args:
        con: has `feat_customers`.
    """
    con.execute(f"""
        create or replace temp table numbered_customers as
        select customer_id, {CUSTOMER_TOKENS} as tokens,
            row_number() over (order by customer_id) - 1 as place
        from feat_customers
    """)
    ((n,),) = con.execute("select count(*) from numbered_customers").fetchall()
    return n


def collect_customer_inputs(
    con: duckdb.DuckDBPyConnection, common: str, since: int | None, places: tuple[int, int]
) -> pa.Table:
    """Grain: one row per customer, by id: `tokens`, and `item_ids`, `days`, `kinds` in one order; `inputs` is
    the hash of all of it.

    Args:
        con: has `numbered_customers`, and `behaviour`: once per customer, item, day and kind.
        common: the fingerprint of the inputs that all share.
        since: the first day that taste is read from; a customer with behaviour on the day before it has other
            inputs than yesterday.
        places: first and last of the customers that are read, by `place`, both included.
    """
    recent = "[]::integer[]" if since is None else f"[day for day in days if day >= {since}]"
    return run_query(
        con,
        f"""
        with few as (select * from numbered_customers where place between $2 and $3),
        profiles as (
            select customer_id,
                list({{'item': item_id, 'day': day, 'kind': kind}} order by item_id, day, kind) as events
            from behaviour semi join few using (customer_id) group by customer_id
        ),
        known as (
            select customer_id, tokens, [e.item for e in events] as item_ids, [e.day for e in events] as days,
                [e.kind for e in events] as kinds
            from few left join profiles using (customer_id)
        ),
        filled as (
            select customer_id, tokens, coalesce(item_ids, []) as item_ids, coalesce(days, []) as days,
                coalesce(kinds, []) as kinds
            from known
        )
        select *, {build_inputs_hash_sql("tokens", "item_ids", "days", "kinds", recent)} as inputs
        from filled order by customer_id
        """,
        (common, *places),
    )


def build_inputs_hash_sql(*lists: str) -> str:
    """SQL of 60 bits of what `$1` and the lists hold: an element moved from one to the next changes them."""
    contents = ", ".join(f"to_json({name})" for name in lists)
    return f"('0x' || substr(md5($1 || to_json([{contents}])), 1, 15))::bigint"


def shift_to_own_last_day(behaviour: Behaviour) -> Behaviour:
    """The behaviour with each customer's days moved so that their last one is the day before `until`."""
    last = np.full(behaviour.n_customers, np.iinfo(np.int32).min, np.int32)
    np.maximum.at(last, behaviour.customer, behaviour.day)
    return replace(behaviour, day=behaviour.day + (behaviour.until - 1 - last[behaviour.customer]))
