"""Popularity: how many customers wanted an item. The baseline that everything must beat, and the list of last
resort.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.base import Recommender
from models.training_data import Behaviour, Customers, Training


def count_customers_per_item(behaviour: Behaviour) -> np.ndarray:
    """float32 [items]: distinct customers who wanted each item."""
    wanted = behaviour.wanted()
    pairs = np.unique(wanted.customer.astype(np.int64) * behaviour.n_items + wanted.item)
    return np.bincount(pairs % behaviour.n_items, minlength=behaviour.n_items).astype(np.float32)


@dataclass
class Popularity(Recommender):
    """The same list for everybody."""

    name: ClassVar[str] = "popularity"
    order_is_time_invariant: ClassVar[bool] = True

    def fit(self, training: Training, seed: int) -> Self:
        self.counts = count_customers_per_item(training.behaviour)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        return np.tile(
            np.where(self.counts > 0, self.counts, -np.inf).astype(np.float32), (len(customers), 1)
        )

    def arrays(self) -> dict[str, np.ndarray]:
        return {"counts": self.counts}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.counts = arrays["counts"]
        return self
