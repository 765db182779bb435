"""User-kNN with time decay: what customers with the same recent taste wanted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import BLOCK, Recommender
from models.data_shape import KEPT, DataShape
from models.recommenders.neighbours import (
    compute_row_lengths,
    mask_nonpositive_scores,
    matrix_from_arrays,
    matrix_to_arrays,
    narrow_profiles,
    scale_matrix,
    select_best_per_row,
    zero_own_column,
)
from models.training_data import Behaviour, Customers, Training


@dataclass
class UserKNN(Recommender):
    """Neighbours by cosine of decayed behaviour.

    Attributes:
        half_life_days: how fast the past fades.
        neighbours: customers asked per customer.
    """

    name: ClassVar[str] = "user_knn"
    order_is_time_invariant: ClassVar[bool] = True
    half_life_days: float = 15.0
    neighbours: int = 300

    def fit(self, training: Training, seed: int) -> Self:
        return self._take(self._profiles(training.behaviour).astype(np.float32))

    def score(self, customers: Customers) -> np.ndarray:
        near = narrow_profiles(self._profiles(customers.behaviour)) @ self.directions.T
        near = zero_own_column(near, customers.known)  # nobody is their own neighbour
        return mask_nonpositive_scores((select_best_per_row(near, self.neighbours) @ self.past).toarray())

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting and a block of scores hold at their peak: a block is compared with every customer."""
        return shape.behaviour_bytes + 2 * KEPT * BLOCK * shape.n_customers

    def arrays(self) -> dict[str, np.ndarray]:
        return matrix_to_arrays("past", self.past)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        return self._take(matrix_from_arrays("past", arrays))

    def _profiles(self, behaviour: Behaviour) -> sparse.csr_matrix:
        return behaviour.matrix(self.half_life_days)

    def _take(self, past: sparse.csr_matrix) -> Self:
        self.past = past
        self.directions = scale_matrix(past, rows=1.0 / compute_row_lengths(past)).astype(np.float32)
        return self
