"""The days and kinds of interactions that lists are made of."""

from dataclasses import dataclass

import duckdb

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

    @property
    def kind_numbers(self) -> tuple[int, ...]:
        """Places of the kinds in `KINDS`."""
        return tuple(KINDS.index(kind) for kind in self.kinds)


def read_interaction_span(con: duckdb.DuckDBPyConnection) -> InteractionSpan | None:
    """The span of all interactions of `open_learning_data`; None when nobody has done anything yet."""
    ((newest, has_purchases),) = con.execute(
        f"select max(day), bool_or(interaction_type = '{KINDS[PURCHASE]}') from interactions"
    ).fetchall()
    if newest is None:
        return None
    return InteractionSpan(newest + 1, (KINDS[PURCHASE],) if has_purchases else KINDS)
