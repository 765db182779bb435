"""The days and kinds of interactions that lists are made of."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from models.training_data import KINDS, PURCHASE


@dataclass(frozen=True)
class InteractionSpan:
    """How far a shop's interactions reach and what they tell.

    Attributes:
        until: the day after the newest interaction.
        kinds: of interactions that count as demand: purchases, or all where the shop knows of no purchase.
        since: the first day that taste is read from, as in training; None for all days.
    """

    until: int
    kinds: tuple[str, ...]
    since: int | None = None

    @property
    def has_purchases(self) -> bool:
        return self.kinds != KINDS


def read_interaction_span(interactions: DataFrame) -> InteractionSpan | None:
    """The span of all interactions; None when nobody has done anything yet."""
    bought = F.max(F.col("interaction_type") == KINDS[PURCHASE])
    newest, has_purchases = interactions.select(F.max(to_day_number("occurred_at")), bought).first()
    if newest is None:
        return None
    return InteractionSpan(newest + 1, (KINDS[PURCHASE],) if has_purchases else KINDS)


def find_first_training_day(behaviour: DataFrame, days: int | None) -> int | None:
    """The first of the newest `days`, counted as `behaviour.select_newest_days` does; None for all days.

    Args:
        behaviour: once per customer, item, day and kind, of customers who may be personalised for.
    """
    last = behaviour.agg(F.max("day")).first()[0] if days is not None else None
    return None if last is None else last - days + 1


def to_day_number(column: str) -> Column:
    """The day of a time in the shop's time zone, counted from 1970-01-01."""
    return F.unix_date(F.to_date(column))
