"""Item-kNN with time decay: items wanted by the same customers, weighted by how lately this customer wanted theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Customers, Training
from models.neighbours import best_per_row, from_arrays, opinion, scaled, to_arrays


@dataclass
class ItemKNN:
    """Neighbours by co-occurrence.

    Attributes:
        half_life_days: how fast a customer's past fades in their profile.
        neighbours: kept per item.
        popularity_power: how much an item pays for being wanted by many (0: not at all, 0.5: as cosine does).
        trend_power: how much an item gains from being wanted lately rather than long ago.
    """

    name: ClassVar[str] = "item_knn"
    half_life_days: float = 30.0
    neighbours: int = 200
    popularity_power: float = 0.5
    trend_power: float = 0.0

    def fit(self, training: Training, seed: int) -> Self:
        behaviour = training.behaviour
        seen = behaviour.matrix()
        seen.data[:] = 1.0
        # A customer's vote is shared among their items, or a few wholesalers decide everything.
        votes = scaled(seen, rows=1.0 / np.maximum(seen.getnnz(axis=1), 1))
        reach = np.maximum(np.asarray(votes.sum(axis=0)).ravel(), 1e-12)
        lately = np.asarray(
            scaled(behaviour.matrix(self.half_life_days), rows=1.0 / np.maximum(seen.getnnz(axis=1), 1)).sum(axis=0)
        )
        trend = (lately.ravel() / reach) ** self.trend_power if self.trend_power else np.ones_like(reach)
        blocks = []
        for start in range(0, behaviour.n_items, 1024):
            together = (votes.T[start : start + 1024] @ seen).tolil()
            together.setdiag(0, k=start)
            together = scaled(
                together.tocsr(), rows=reach[start : start + 1024] ** -0.5, columns=trend * reach**-self.popularity_power
            )
            blocks.append(best_per_row(together, self.neighbours))
        self.similarity = sparse.vstack(blocks).tocsr().astype(np.float32)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        profile = customers.behaviour.matrix(self.half_life_days).astype(np.float32)
        return opinion((profile @ self.similarity).toarray())

    def similar(self, items: np.ndarray) -> np.ndarray:
        return opinion(self.similarity[items].toarray())

    def arrays(self) -> dict[str, np.ndarray]:
        return to_arrays("similarity", self.similarity)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.similarity = from_arrays("similarity", arrays)
        return self
