"""Behaviour as recommenders read it: on the shop's clock, of consenting customers, once per customer,
item, day and kind.

Training and scoring read it by the same functions, so that a customer is scored by what the model was
fitted on.
"""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from models.training_data import KINDS


def filter_consented(interactions: DataFrame, customers: DataFrame) -> DataFrame:
    """Interactions of customers who may be personalised for: those in `feat_customers`. The only consent
    filter of training and scoring.
    """
    return interactions.join(customers.select("customer_id"), on="customer_id", how="left_semi")


def shift_to_shop_time(frame: DataFrame, column: str, time_zone: str) -> DataFrame:
    """The frame with a UTC column turned into the shop's local time, so that its day is the shop's."""
    return frame.withColumn(column, F.from_utc_timestamp(column, time_zone))


def select_newest_days(interactions: DataFrame, customers: DataFrame, days: int | None) -> DataFrame:
    """Interactions of the newest days, counted back from the last day of consenting customers' behaviour; all
    for None.
    """
    if days is None:
        return interactions
    last = aggregate_daily_behaviour(filter_consented(interactions, customers)).agg(F.max("day")).first()[0]
    return (
        interactions
        if last is None
        else interactions.where(F.unix_date(F.to_date("occurred_at")) > last - days)
    )


def aggregate_daily_behaviour(interactions: DataFrame) -> DataFrame:
    """Grain: one row per customer, item, day and kind (of `KINDS`); days counted from 1970-01-01."""
    kind = F.array_position(F.array(*[F.lit(name) for name in KINDS]), F.col("interaction_type")) - 1
    return (
        interactions.where(F.col("interaction_type").isin(*KINDS))
        .select(
            "customer_id",
            "item_id",
            F.unix_date(F.to_date("occurred_at")).alias("day"),
            kind.cast("int").alias("kind"),
        )
        .distinct()
    )
