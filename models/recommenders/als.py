"""Implicit alternating least squares: factors into which any customer is folded in closed form.

Hu, Koren and Volinsky, "Collaborative filtering for implicit feedback datasets" (ICDM 2008). Rendle,
Krichene, Zhang and Koren ("Revisiting the performance of iALS on item recommendation benchmarks", RecSys
2022) found it near the best factor models once its two weights are tuned. Scoring uses no stored customer:
everybody is folded in by what they did, as the service does it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.data_shape import DataShape
from models.factor_space import FactorSpace, fold_in_customer
from models.inference import multiply_vectors
from models.training_data import KIND_WEIGHTS, Behaviour, Customers, Training


@dataclass
class ALS(Recommender):
    """Factors by implicit least squares.

    Attributes:
        components: length of a factor.
        iterations: times both sides are solved.
        half_life_days: how fast behaviour fades.
        confidence: how much surer a purchase of today is than no purchase.
        regularisation: what pulls factors to nought.
        most_customers: item factors are learned from so many customers at most, drawn by the seed; everybody
            can be placed.
    """

    name: ClassVar[str] = "als"
    components: int = 48
    iterations: int = 6
    half_life_days: float = 45.0
    confidence: float = 10.0
    regularisation: float = 15.0
    most_customers: int = 20_000

    def fit(self, training: Training, seed: int) -> Self:
        generator = np.random.default_rng(seed)
        taste = self.weigh_behaviour(training.behaviour)
        active = np.flatnonzero(taste.getnnz(axis=1))
        if len(active) > self.most_customers:
            active = np.sort(generator.choice(active, self.most_customers, replace=False))
        by_customer = taste[active]
        by_item = by_customer.T.tocsr()
        touched = by_item.getnnz(axis=1) > 0
        items = generator.normal(0.0, 0.1, (training.behaviour.n_items, self.components)) * touched[:, None]
        for _ in range(self.iterations):
            people = self.solve(by_customer, items)
            items = self.solve(by_item, people)
        return self._take(items.astype(np.float32))

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: both sides' factors, each while it is solved anew."""
        return shape.behaviour_bytes + 3 * 8 * self.components * (
            min(shape.n_customers, self.most_customers) + shape.n_items
        )

    def weigh_behaviour(self, behaviour: Behaviour) -> sparse.csr_matrix:
        """csr float64, customers × items, in units of a purchase today."""
        return behaviour.matrix(self.half_life_days) / KIND_WEIGHTS.max()

    def solve(self, taste: sparse.csr_matrix, factors: np.ndarray) -> np.ndarray:
        """float64 [rows, k]: each row's vector given the other side's; noughts for a row without entries."""
        gram, vectors = compute_gram_matrix(factors), np.zeros((taste.shape[0], self.components))
        for row in np.flatnonzero(taste.getnnz(axis=1)):
            entries = slice(taste.indptr[row], taste.indptr[row + 1])
            vectors[row] = fold_in_customer(
                factors[taste.indices[entries]],
                taste.data[entries],
                gram,
                self.confidence,
                self.regularisation,
            )
        return vectors

    def fold_in(self, customers: Customers) -> np.ndarray:
        """float64 [customers, k]: every customer's vector by what they did."""
        return self.solve(self.weigh_behaviour(customers.behaviour), self.item_factors)

    def score(self, customers: Customers) -> np.ndarray:
        scores = multiply_vectors(self.fold_in(customers), self.item_factors)
        acted = np.bincount(customers.behaviour.customer, minlength=len(customers)) > 0
        return np.where(acted[:, None] & self.placed, scores, np.float32(-np.inf))

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        return compare_factors(self.item_factors, items)

    def build_factor_space(self) -> FactorSpace:
        """The factor space that the service folds customers into."""
        return FactorSpace(
            self.item_factors,
            self.gram,
            self.confidence,
            self.regularisation,
            self.half_life_days,
            KIND_WEIGHTS,
        )

    def arrays(self) -> dict[str, np.ndarray]:
        return {"item_factors": self.item_factors}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        return self._take(arrays["item_factors"])

    def _take(self, item_factors: np.ndarray) -> Self:
        self.item_factors, self.gram = item_factors, compute_gram_matrix(item_factors)
        self.placed = item_factors.any(axis=1)
        return self


def compute_gram_matrix(factors: np.ndarray) -> np.ndarray:
    """float64 [k, k]."""
    wide = factors.astype(np.float64)
    return wide.T @ wide


def compare_factors(item_factors: np.ndarray, items: np.ndarray) -> np.ndarray:
    """float32 [given items, items]: cosines of factors; -inf of an item with itself and where either has no
    place.
    """
    placed, length = item_factors.any(axis=1), np.linalg.norm(item_factors, axis=1, keepdims=True)
    direction = item_factors / np.maximum(length, np.float32(1e-12))
    scores = np.where(
        placed[items][:, None] & placed, multiply_vectors(direction[items], direction), np.float32(-np.inf)
    )
    scores[np.arange(len(items)), items] = -np.inf
    return scores
