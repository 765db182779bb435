"""Hybrid LightFM: factors for customers, items and their attributes, learned by WARP.

What it can do that neighbours cannot: place an item or a customer without history, by attributes. One thread,
because more are not reproducible; a matrix product instead of `predict`, which is 25 times slower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.data_shape import DataShape
from models.inference import multiply_vectors
from models.recommenders.neighbours import scale_matrix
from models.training_data import Customers, Training

COPIES = 3  # of every float32 of a factor: itself, and the two sums that its learning rate is made from


@dataclass
class LightFMHybrid(Recommender):
    """LightFM over ids and attributes.

    Attributes:
        components: length of a factor.
        epochs, learning_rate: of its training.
        half_life_days: how fast a past interaction's weight in training fades.
        attribute_weight: an attribute's share in an embedding, against 1 for the id.
    """

    name: ClassVar[str] = "lightfm"
    order_is_time_invariant: ClassVar[bool] = True
    is_costly: ClassVar[bool] = True
    scores_by_vectors: ClassVar[bool] = True
    components: int = 32
    epochs: int = 10
    learning_rate: float = 0.05
    half_life_days: float = 30.0
    attribute_weight: float = 0.5

    def fit(self, training: Training, seed: int) -> Self:
        from lightfm import LightFM  # only training needs the library; scoring is a product of arrays

        everything = training.behaviour.matrix(self.half_life_days)
        # An item that nobody touched would be drawn as a negative until its own factor says nobody wants it:
        # it is left out here, and placed by its attributes alone.
        warm = np.flatnonzero(everything.getnnz(axis=0))
        weights = everything[:, warm].tocoo()
        weights = sparse.coo_matrix(
            (
                (weights.data / max(weights.data.mean(), 1e-12)).astype(np.float32),
                (weights.row.astype(np.int32), weights.col.astype(np.int32)),
            ),
            shape=weights.shape,
        )
        ones = sparse.coo_matrix(
            (np.ones_like(weights.data), (weights.row, weights.col)), shape=weights.shape
        )
        model = LightFM(
            no_components=self.components,
            loss="warp",
            learning_rate=self.learning_rate,
            random_state=np.random.RandomState(seed),
        )
        customers, items = (
            self._with_ids(training.customer_features),
            self._with_ids(training.item_features[warm]),
        )
        model.fit(
            ones,
            user_features=customers,
            item_features=items,
            sample_weight=weights,
            epochs=self.epochs,
            num_threads=1,
        )
        self.customer_factors = compute_representations(customers, model.user_biases, model.user_embeddings)
        n_customers, n_warm = customers.shape[0], len(warm)
        self.attribute_factors = np.column_stack(
            [model.user_biases[n_customers:], model.user_embeddings[n_customers:]]
        )
        self.item_factors = compute_representations(
            average_rows(training.item_features), model.item_biases[n_warm:], model.item_embeddings[n_warm:]
        )
        self.item_factors[warm] = compute_representations(items, model.item_biases, model.item_embeddings)
        return self

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: factors of customers and items; attributes are few."""
        return shape.behaviour_bytes + COPIES * 4 * self.components * (shape.n_customers + shape.n_items)

    def score(self, customers: Customers) -> np.ndarray:
        return multiply_vectors(self.vectors(customers), self.item_vectors)

    def vectors(self, customers: Customers) -> np.ndarray:
        """float32 [customers, 1 + components]: what is multiplied with `item_vectors` to score."""
        factors = (average_rows(customers.features) @ self.attribute_factors).astype(np.float32)
        known = customers.known >= 0
        factors[known] = self.customer_factors[customers.known[known]]
        factors[:, 0] = (
            1.0  # a customer's own bias raises all items alike; the items' biases stand in this column
        )
        return factors

    @property
    def item_vectors(self) -> np.ndarray:
        """float32 [items, 1 + components]."""
        return self.item_factors

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        length = np.maximum(np.linalg.norm(self.item_factors[:, 1:], axis=1, keepdims=True), 1e-12)
        direction = self.item_factors[:, 1:] / length
        scores = (direction[items] @ direction.T).astype(np.float32)
        scores[np.arange(len(items)), items] = -np.inf
        return scores

    def arrays(self) -> dict[str, np.ndarray]:
        return {
            name: getattr(self, name) for name in ("customer_factors", "item_factors", "attribute_factors")
        }

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        for name in ("customer_factors", "item_factors", "attribute_factors"):
            setattr(self, name, arrays[name])
        return self

    def _with_ids(self, features: sparse.csr_matrix) -> sparse.csr_matrix:
        """Ids beside attributes; each row sums to one, as LightFM's own data set class makes them."""
        rows = sparse.hstack(
            [sparse.identity(features.shape[0], format="csr"), features * self.attribute_weight]
        ).tocsr()
        return average_rows(rows)


def average_rows(features: sparse.csr_matrix) -> sparse.csr_matrix:
    """Rows that sum to one, float32; empty rows stay empty."""
    sums = np.asarray(features.sum(axis=1)).ravel()
    return scale_matrix(features, rows=1.0 / np.where(sums > 0, sums, 1.0)).astype(np.float32)


def compute_representations(
    features: sparse.csr_matrix, biases: np.ndarray, embeddings: np.ndarray
) -> np.ndarray:
    """float32 [rows, 1 + components]: bias first, then the factor."""
    return np.column_stack([features @ biases, features @ embeddings]).astype(np.float32)
