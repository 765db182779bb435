"""The size of the data a recommender would be fitted on, from which its memory is estimated before a fit."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from models.training_data import Training

ENTRY = 16  # bytes of one entry of a sparse matrix: a float64 and its places
ENTRY_COPIES = 6  # customers × items, transposed, weighted, and the like
KEPT = 12  # bytes of a kept neighbour: a float64 and its column
KEPT_COPIES = 2  # the blocks, and what they are joined to
CELL = 8  # bytes of a cell of a block before its best are kept; a tenth to all of the cells are there
BLOCK = 1024  # rows of neighbours made at once


@dataclass(frozen=True)
class DataShape:
    """The size of what would be learned from.

    Attributes:
        n_customers, n_items: of the matrix.
        n_touched: items that anybody did anything with.
        n_entries: days of behaviour: customer, item, day and kind.
        n_visits: pairs of a customer and a day.
        n_attributes: pairs of an item and an attribute or word of it.
        n_returning: customers with behaviour on two days or more.
        n_repeats: pairs of a customer and an item that were wanted on two days or more.
    """

    n_customers: int
    n_items: int
    n_touched: int
    n_entries: int
    n_visits: int
    n_attributes: int
    n_returning: int
    n_repeats: int

    @classmethod
    def from_training(cls, training: Training) -> Self:
        behaviour = training.behaviour
        wanted = behaviour.wanted()
        pairs = wanted.customer.astype(np.int64) * behaviour.n_items + wanted.item
        visits, repeats = (
            count_days_per_key(behaviour.customer, behaviour.day),
            count_days_per_key(pairs, wanted.day),
        )
        return cls(
            n_customers=behaviour.n_customers,
            n_items=behaviour.n_items,
            n_touched=len(np.unique(behaviour.item)),
            n_entries=len(behaviour),
            n_visits=int(visits.sum()),
            n_attributes=int(training.content.nnz),
            n_returning=int((visits > 1).sum()),
            n_repeats=int((repeats > 1).sum()),
        )

    @property
    def behaviour_bytes(self) -> int:
        """Bytes of the copies of the behaviour as sparse matrices."""
        return ENTRY_COPIES * ENTRY * self.n_entries

    def neighbour_bytes(self, n_rows: int, n_kept: int, n_columns: int) -> int:
        """Bytes needed to find and keep the best `n_kept` of so many columns for each row."""
        return KEPT_COPIES * KEPT * n_rows * min(n_kept, n_columns) + CELL * min(BLOCK, n_rows) * n_columns


def count_days_per_key(key: np.ndarray, day: np.ndarray) -> np.ndarray:
    """int [different keys]: beside how many different days each key (int [n]) stands."""
    order = np.lexsort((day, key))
    key, day = key[order], day[order]
    new_key = np.ones(len(key), bool)
    new_key[1:] = key[1:] != key[:-1]
    new_day = new_key.copy()
    new_day[1:] |= day[1:] != day[:-1]
    return (
        np.bincount(np.cumsum(new_key) - 1, weights=new_day).astype(np.int64)
        if len(key)
        else np.zeros(0, np.int64)
    )
