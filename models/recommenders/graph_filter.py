"""Graph filter: a customer's history blurred over the graph of who had what, then sharpened; nothing is
trained.

With R̃ = D_u^-a R D_i^-b (R who had what, D the degrees of customers and items) and P = R̃ᵀR̃ / its largest
eigenvalue, a history r is blurred once over its neighbours, r P, beside an ideal low pass, r D_i^-b V Vᵀ
D_i^b with V the first eigenvectors of P (GF-CF: Shen, Wu, Zhang, Shan, Zhang, Letaief, Li, "How Powerful is
Graph Convolution for Recommendation?", CIKM 2021). The sum is sharpened along dx/dt = -x P up to time h by
one step of Runge and Kutta of fourth order, which for a linear equation is the polynomial s(P) = 1 - hP +
(hP)²/2 - (hP)³/6 + (hP)⁴/24 (BSPM: Choi, Hong, Park, Cho, "Blurring-Sharpening Process Models for
Collaborative Filtering", SIGIR 2023; there h = 2.5, a = b = 1/2). Here:

* P is never whole: a row keeps its best `neighbours`, as other item-to-item recommenders do (Gowalla's P has
  41,000² cells).
* s(P) is applied where it differs most from 1, along V: x + x V (s(λ) - 1) Vᵀ. With all components it is
  exact.

Scoring is then one sparse product and one of 2 × `components` columns, and memory that of the factors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from models.base import Recommender
from models.data_shape import DataShape
from models.inference import multiply_vectors
from models.recommenders.neighbours import (
    build_in_blocks,
    mask_nonpositive_scores,
    matrix_from_arrays,
    matrix_to_arrays,
    narrow_profiles,
    scale_matrix,
    select_best_per_row,
    sum_columns,
    sum_rows,
    zero_own_column,
)
from models.training_data import KIND_WEIGHTS, PURCHASE, Behaviour, Customers, Training


@dataclass
class GraphFilter(Recommender):
    """Blurring over item neighbours, a low pass, and sharpening.

    Attributes:
        half_life_days: how fast the past fades, in the graph and in a customer's profile; None: never.
        neighbours: kept per item of the blurring.
        components: of the low pass and the sharpening.
        customer_power: a, how much a customer with many items pays in the graph.
        item_power: b, how much an item with many customers pays.
        low_pass_weight: of the low pass, beside 1 for the blurring.
        sharpening: h, the time that is sharpened for; 0 leaves GF-CF.
    """

    name: ClassVar[str] = "graph_filter"
    order_is_time_invariant: ClassVar[bool] = True
    half_life_days: float | None = None
    neighbours: int = 1000
    components: int = 448
    customer_power: float = 0.3
    item_power: float = 0.5
    low_pass_weight: float = 0.2
    sharpening: float = 2.5

    def fit(self, training: Training, seed: int) -> Self:
        # Halko, Martinsson, Tropp 2011; only training needs it
        from sklearn.utils.extmath import (
            randomized_svd,
        )

        whole = self._weights(training.behaviour, None)
        self.degrees = np.maximum(sum_columns(whole), 1e-12)
        graph = scale_matrix(
            self._weights(training.behaviour, self.half_life_days),
            rows=np.maximum(sum_rows(whole), 1e-12) ** -self.customer_power,
            columns=self.degrees**-self.item_power,
        ).astype(np.float32)
        n_components = max(min(self.components, *graph.shape, graph.nnz), 1)
        with threadpool_limits(1):  # more threads add in another order
            _, values, vectors = randomized_svd(
                graph,
                n_components,
                n_oversamples=10,
                n_iter=3,
                power_iteration_normalizer="QR",
                random_state=seed,
            )
        largest = max(float(values[0]) ** 2, 1e-12)
        self.vectors = np.ascontiguousarray(vectors.T, np.float32)
        self.eigenvalues = (values.astype(np.float64) ** 2 / largest).astype(np.float32)
        by_item = graph.T.tocsr() / np.float32(largest)
        self.blurring = build_in_blocks(
            graph.shape[1], lambda rows: select_best_per_row(by_item[rows] @ graph, self.neighbours)
        )
        return self._take()

    def score(self, customers: Customers) -> np.ndarray:
        history = narrow_profiles(self._weights(customers.behaviour, self.half_life_days))
        scores = multiply_vectors(history @ self.incoming, self.outgoing)
        scores += (history @ self.blurring).toarray()
        # Scores may be below zero, so what there is no opinion of is said: customers without history, items
        # that nobody had.
        scores[history.getnnz(axis=1) == 0] = -np.inf
        scores[:, ~self.touched] = -np.inf
        return scores

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: neighbours, and two sets of factors of customers and items while
        they are found.
        """
        factors = 2 * 8 * self.components * (shape.n_customers + shape.n_touched)
        return (
            shape.behaviour_bytes
            + factors
            + shape.neighbour_bytes(shape.n_touched, self.neighbours, shape.n_touched)
        )

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        """Likeness by common neighbours: the blurring as a cosine, the item's own entry left out."""
        return mask_nonpositive_scores(zero_own_column(self.blurring[items], items).toarray())

    def arrays(self) -> dict[str, np.ndarray]:
        dense_arrays = {name: getattr(self, name) for name in ("degrees", "vectors", "eigenvalues")}
        return dense_arrays | matrix_to_arrays("blurring", self.blurring)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.degrees, self.vectors, self.eigenvalues = (
            arrays[n] for n in ("degrees", "vectors", "eigenvalues")
        )
        self.blurring = matrix_from_arrays("blurring", arrays)
        return self._take()

    def _weights(self, behaviour: Behaviour, half_life_days: float | None) -> sparse.csr_matrix:
        return behaviour.matrix(half_life_days) / KIND_WEIGHTS[PURCHASE]

    def _take(self) -> Self:
        """The two sets of factors, float32 [items, 2 × components], whose product is all but the blurring
        itself.

        x = r P + w · r D^-b V Vᵀ D^b, and the sharpening adds x V (s(λ) - 1) Vᵀ, where r P V = r V λ.
        """
        power = (self.degrees**self.item_power).astype(np.float32)[:, None]
        low, weight = self.vectors / power, np.float32(self.low_pass_weight)
        with threadpool_limits(1):
            mixed = weight * (low @ ((self.vectors * power).T @ self.vectors))
        time = self.sharpening * self.eigenvalues.astype(np.float64)
        change = -time + time**2 / 2 - time**3 / 6 + time**4 / 24
        sharpened = (self.vectors * self.eigenvalues + mixed) * change.astype(np.float32)
        self.incoming = np.hstack([weight * low, sharpened]).astype(np.float32)
        self.outgoing = np.hstack([self.vectors * power, self.vectors]).astype(np.float32)
        self.touched = self.degrees > 1e-12
        return self
