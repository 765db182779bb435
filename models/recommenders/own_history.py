"""A customer's own history: what they wanted before, latest and most often first. Strong where customers
reorder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from models.base import Recommender
from models.recommenders.neighbours import mask_nonpositive_scores
from models.training_data import Customers, Training


@dataclass
class OwnHistory(Recommender):
    """Nothing is fitted; `half_life_days` is how fast a purchase fades."""

    name: ClassVar[str] = "own_history"
    tasks: ClassVar[tuple[str, ...]] = ("next",)
    order_is_time_invariant: ClassVar[bool] = True
    half_life_days: float = 120.0

    def fit(self, training: Training, seed: int) -> Self:
        return self

    def score(self, customers: Customers) -> np.ndarray:
        return mask_nonpositive_scores(customers.behaviour.wanted().matrix(self.half_life_days).toarray())

    def arrays(self) -> dict[str, np.ndarray]:
        return {}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        return self
