"""Factors of transitions: what follows what, through whatever else follows either.

The matrix of directed transitions, rows and columns divided by a power of their sums, is replaced by its
largest singular values: a low-pass filter, as Shen et al., "How Powerful is Graph Convolution for
Recommendation?" (CIKM 2021), use it on the graph of customers and items, here on the directed one of items.
It has an opinion on pairs that nobody had, which counting (`transitions`) cannot have. Found by the
randomised range of Halko, Martinsson, Tropp (SIAM Review 2011), as scikit-learn has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.data_shape import DataShape
from models.inference import multiply_vectors
from models.recommenders.neighbours import scale_matrix, select_best_per_row, sum_columns, sum_rows
from models.recommenders.sequences import (
    build_baskets,
    build_profiles,
    decay_by_half_life,
    divide_by_basket_size,
    iterate_item_pairs,
)
from models.training_data import Customers, Training

FAINTEST = np.float32(1e-5)  # of a row's best: a sum of 200 float32 products is off by as much


@dataclass
class TransitionFactors(Recommender):
    """Items as factors of where they stand before others, and where after.

    Attributes:
        components: singular values kept.
        half_life_places, reach, backward_weight, same_weight, size_power: how pairs are counted, as in
        `transitions`. row_power, popularity_power: what an item pays for being had by many, before and after
        others. neighbours: followers per item that enter the matrix. profile_half_life_places: how fast a
        customer's past fades, in baskets counted from the last.
    """

    name: ClassVar[str] = "transition_factors"
    order_is_time_invariant: ClassVar[bool] = True
    components: int = 200
    half_life_places: float = 5.0
    reach: int = 30
    backward_weight: float = 0.5
    same_weight: float = 1.0
    size_power: float = 0.8
    row_power: float = 0.5
    popularity_power: float = 0.5
    neighbours: int = 1000
    profile_half_life_places: float = 2.0

    def fit(self, training: Training, seed: int) -> Self:
        from sklearn.utils.extmath import randomized_svd
        from threadpoolctl import threadpool_limits

        of = build_baskets(training.behaviour)
        weights = decay_by_half_life(np.arange(self.reach), self.half_life_places)
        counted = iterate_item_pairs(
            of,
            divide_by_basket_size(of.held, self.size_power),
            weights,
            self.backward_weight,
            self.same_weight,
        )
        pairs = sparse.vstack(
            [select_best_per_row(pair_counts, self.neighbours) for _, pair_counts in counted]
        ).tocsr()
        before, after = (np.maximum(sums, 1e-12) for sums in (sum_rows(pairs), sum_columns(pairs)))
        smooth = scale_matrix(
            pairs, rows=before**-self.row_power, columns=after**-self.popularity_power
        ).astype(np.float32)
        # with more, sums are made in another order and the bytes differ from machine to machine
        with threadpool_limits(1):
            left, values, right = randomized_svd(
                smooth, min(self.components, smooth.shape[0]), n_iter=4, random_state=seed
            )
        self.before, self.after = (
            (left * values).astype(np.float32),
            np.ascontiguousarray(right.T, np.float32),
        )
        return self

    def score(self, customers: Customers) -> np.ndarray:
        of = build_baskets(customers.behaviour)
        weight = decay_by_half_life(of.from_end, self.profile_half_life_places)
        profile = build_profiles(of, weight, divide_by_basket_size(of.held, self.size_power)).astype(
            np.float32
        )
        return self._likely(profile @ self.before)

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: pairs within reach, and two sets of factors of items while they are
        found.
        """
        factors = 2 * 2 * 8 * self.components * shape.n_touched
        return (
            shape.behaviour_bytes
            + factors
            + shape.neighbour_bytes(shape.n_touched, self.neighbours, shape.n_touched)
        )

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        """Scores of what follows the item; not the item itself."""
        scores = self._likely(self.before[items])
        scores[np.arange(len(items)), items] = -np.inf
        return scores

    def arrays(self) -> dict[str, np.ndarray]:
        return {"before": self.before, "after": self.after}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.before, self.after = arrays["before"], arrays["after"]
        return self

    def _likely(self, before: np.ndarray) -> np.ndarray:
        """Scores of what follows; what is nought but for rounding is no opinion."""
        scores = multiply_vectors(before, self.after)
        return np.where(
            scores > FAINTEST * scores.max(axis=1, keepdims=True, initial=0.0), scores, np.float32(-np.inf)
        )
