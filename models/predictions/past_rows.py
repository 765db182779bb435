"""What one feature may see of a history: rows of its kinds, within its days before the cut, its columns."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.predictions.history import COLUMNS, CustomerHistory


class LeakError(ValueError):
    """A feature reads what was not known at the cut, or what it does not declare."""


@dataclass(frozen=True)
class PastRows:
    """Rows of a history before a cut.

    Attributes:
        n_customers: length of every feature.
        customer: int32 [rows].
        columns: the declared columns, each [rows].
        age: int32 [rows], days before the cut, 1 for the day right before it; None unless `day` is declared.
    """

    n_customers: int
    customer: np.ndarray
    columns: dict[str, np.ndarray]
    age: np.ndarray | None

    def column(self, name: str) -> np.ndarray:
        """A declared column.

        Raises:
            LeakError: the feature does not declare it.
        """
        if name not in self.columns:
            raise LeakError(f"the column {name} is read and not declared; declared are {list(self.columns)}")
        return self.columns[name]

    def sum_by_customer(self, values: np.ndarray) -> np.ndarray:
        """float64 [customers]."""
        return np.bincount(self.customer, values, minlength=self.n_customers)


@dataclass(frozen=True)
class Feature:
    """One feature of a customer at a cut.

    Attributes:
        name: stored with the model.
        words: what it says, before its value: `days since the last purchase`.
        kinds: of rows it reads.
        columns: it reads, of `COLUMNS`.
        days: how far back it reads, counted from the cut; None for the whole past.
        compute: float [customers] of the rows it may see; nan where unknown.
        until: the last day it reads, as days before the cut: 1 is the day right before it. Less is the
            future, and refused.
    """

    name: str
    words: str
    kinds: tuple[int, ...]
    columns: tuple[str, ...]
    days: int | None
    compute: Callable[[PastRows], np.ndarray]
    until: int = 1

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(COLUMNS))
        if unknown:
            raise LeakError(
                f"{self.name} reads {', '.join(unknown)}: a history holds {', '.join(COLUMNS)} alone"
            )
        if self.until < 1:
            raise LeakError(
                f"{self.name} reads up to {self.until} days before the cut: what is known ends a day before"
            )


def select_past_rows(history: CustomerHistory, feature: Feature, cut: int) -> PastRows:
    """The rows that the feature declares."""
    seen = np.isin(history.kind, feature.kinds) & (history.day <= cut - feature.until)
    if feature.days is not None:
        seen &= history.day >= cut - feature.days
    columns = {name: getattr(history, name)[seen] for name in feature.columns}
    age = cut - columns["day"] if "day" in columns else None
    return PastRows(history.n_customers, history.customer[seen], columns, age)
