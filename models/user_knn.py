"""User-kNN with time decay: what customers with the same recent taste wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Behaviour, Customers, Training
from models.neighbours import best_per_row, from_arrays, opinion, scaled, to_arrays


@dataclass
class UserKNN:
    """Neighbours by cosine of decayed behaviour.

    Attributes:
        half_life_days: how fast the past fades.
        neighbours: customers asked per customer.
    """

    name: ClassVar[str] = "user_knn"
    half_life_days: float = 15.0
    neighbours: int = 300

    def fit(self, training: Training, seed: int) -> Self:
        self.past = self._profiles(training.behaviour).astype(np.float32)
        return self

    def score(self, customers: Customers) -> np.ndarray:
        near = (self._profiles(customers.behaviour).astype(np.float32) @ self._directions().T).tolil()
        known = np.flatnonzero(customers.known >= 0)
        near[known, customers.known[known]] = 0  # nobody is their own neighbour
        return opinion((best_per_row(near.tocsr(), self.neighbours) @ self.past).toarray())

    def similar(self, items: np.ndarray) -> None:
        return None

    def arrays(self) -> dict[str, np.ndarray]:
        return to_arrays("past", self.past)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.past = from_arrays("past", arrays)
        return self

    def _profiles(self, behaviour: Behaviour) -> sparse.csr_matrix:
        return behaviour.matrix(self.half_life_days)

    def _directions(self) -> sparse.csr_matrix:
        length = np.sqrt(np.asarray(self.past.multiply(self.past).sum(axis=1)).ravel())
        return scaled(self.past, rows=1.0 / np.maximum(length, 1e-12)).astype(np.float32)
