"""Item-kNN with time decay: items wanted by the same customers, weighted by how lately this customer wanted
theirs.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.recommenders.neighbours import (
    SparseSimilarity,
    build_in_blocks,
    scale_matrix,
    select_best_per_row,
    sum_columns,
    zero_own_column,
)
from models.training_data import Customers, Training


@dataclass
class ItemKNN(SparseSimilarity):
    """Neighbours by co-occurrence.

    Attributes:
        half_life_days: how fast a customer's past fades in their profile.
        neighbours: kept per item.
        popularity_power: how much an item pays for being wanted by many (0: not at all, 0.5: as cosine does).
        trend_power: how much an item gains from being wanted lately rather than long ago.
    """

    name: ClassVar[str] = "item_knn"
    order_is_time_invariant: ClassVar[bool] = True
    explanation_rank: ClassVar[int | None] = 1
    likeness_weight: ClassVar[float] = 1.0
    half_life_days: float = 30.0
    neighbours: int = 200
    popularity_power: float = 0.5
    trend_power: float = 0.5

    def fit(self, training: Training, seed: int) -> Self:
        behaviour = training.behaviour
        seen = behaviour.matrix()
        seen.data[:] = 1.0
        # A customer's vote is shared among their items, or a few wholesalers decide everything.
        share = 1.0 / np.maximum(seen.getnnz(axis=1), 1)
        votes = scale_matrix(seen, rows=share)
        reach = np.maximum(sum_columns(votes), 1e-12)
        gain = reach**-self.popularity_power
        if self.trend_power:
            gain *= (
                sum_columns(scale_matrix(behaviour.matrix(self.half_life_days), rows=share)) / reach
            ) ** self.trend_power
        by_item = votes.T.tocsr()

        def nearest(rows: np.ndarray) -> sparse.csr_matrix:
            together = scale_matrix(by_item[rows] @ seen, rows=reach[rows] ** -0.5, columns=gain)
            return select_best_per_row(zero_own_column(together, rows), self.neighbours)

        self.similarity = build_in_blocks(behaviour.n_items, nearest)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        return self._reached(customers.behaviour.matrix(self.half_life_days))
