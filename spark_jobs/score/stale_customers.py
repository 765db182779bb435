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

import numpy as np
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from models.training_data import Behaviour
from spark_jobs.learning_data.tokens import build_customer_tokens

EVENTS_TYPE = "array<struct<item_id:string,day:int,kind:int>>"


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


def collect_customer_inputs(
    behaviour: DataFrame, customers: DataFrame, common: str, since: int | None = None
) -> DataFrame:
    """Grain: one row per customer: `tokens`, and `item_ids`, `days`, `kinds` in one order; `inputs` is the
    hash of all of it.

    Args:
        behaviour: once per customer, item, day and kind.
        common: the fingerprint of the inputs that all share.
        since: the first day that taste is read from; a customer with behaviour on the day before it has other
            inputs than yesterday.
    """
    event = F.struct("item_id", "day", "kind")
    profiles = behaviour.groupBy("customer_id").agg(F.sort_array(F.collect_list(event)).alias("events"))
    events = F.coalesce("events", F.array().cast(EVENTS_TYPE))
    with_tokens = customers.select("customer_id", build_customer_tokens().alias("tokens"))
    rows = with_tokens.join(profiles, on="customer_id", how="left").select(
        "customer_id",
        "tokens",
        events["item_id"].alias("item_ids"),
        events["day"].alias("days"),
        events["kind"].alias("kinds"),
    )
    inputs = ["tokens", "item_ids", "days", "kinds"]
    if since is None:
        return rows.withColumn("inputs", hash_arrays(common, *inputs))
    recent = F.filter("days", lambda day: day >= since)
    return (
        rows.withColumn("recent", recent)
        .withColumn("inputs", hash_arrays(common, *inputs, "recent"))
        .drop("recent")
    )


def hash_arrays(common: str, *arrays: str) -> Column:
    """64 bits of contents and lengths of the arrays: an element moved from one to the next changes them."""
    return F.xxhash64(F.lit(common), *[part for name in arrays for part in (F.size(name), F.col(name))])


def shift_to_own_last_day(behaviour: Behaviour) -> Behaviour:
    """The behaviour with each customer's days moved so that their last one is the day before `until`."""
    last = np.full(behaviour.n_customers, np.iinfo(np.int32).min, np.int32)
    np.maximum.at(last, behaviour.customer, behaviour.day)
    return replace(behaviour, day=behaviour.day + (behaviour.until - 1 - last[behaviour.customer]))
