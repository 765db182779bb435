"""Content neighbours: items of like attributes, so that an item without a history is listed beside what it
resembles.

Attributes weigh by how rare they are (TF-IDF, Salton and Buckley 1988) and items compare by cosine, as in
content-based filtering since Pazzani and Billsus (2007). A cosine is raised to a power before it counts: on
Online Retail's hidden items a sum of plain cosines is won by what shares a common word with everything
(NDCG@10 .16), a sum of their fourth powers by what is nearly the same article in another colour (.20).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.data_shape import DataShape
from models.recommenders.neighbours import (
    build_in_blocks,
    compute_row_lengths,
    mask_nonpositive_scores,
    matrix_from_arrays,
    matrix_to_arrays,
    narrow_profiles,
    scale_matrix,
    select_best_per_row,
    zero_own_column,
)
from models.training_data import Customers, Training

BLOCK = 512  # items compared at once


@dataclass
class Content(Recommender):
    """Neighbours by attributes.

    Attributes:
        half_life_days: how fast a customer's past fades in their profile.
        neighbours: kept per item; an item is found from the customer's past among them.
        likeness_power: the exponent of the cosine.
    """

    name: ClassVar[str] = "content"
    order_is_time_invariant: ClassVar[bool] = True
    explanation_rank: ClassVar[int | None] = 4
    is_diversity_basis: ClassVar[bool] = True
    half_life_days: float = 60.0
    neighbours: int = 200
    likeness_power: float = 3.0

    def fit(self, training: Training, seed: int) -> Self:
        self.likeness = find_nearest_items(
            compute_tfidf_directions(training.content), self.neighbours, self.likeness_power
        )
        return self

    def score(self, customers: Customers) -> np.ndarray:
        profile = narrow_profiles(customers.behaviour.matrix(self.half_life_days))
        return mask_nonpositive_scores((profile @ self.likeness.T).toarray())

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: items that nobody touched are compared too."""
        return 2 * 16 * shape.n_attributes + shape.neighbour_bytes(
            shape.n_items, self.neighbours, shape.n_items
        )

    def missing_data(self, shape: DataShape) -> str | None:
        return (
            None
            if shape.n_attributes
            else "no item has an attribute, a category or a word that another one has too"
        )

    @property
    def likeness_matrix(self) -> sparse.csr_matrix:
        return self.likeness

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        return mask_nonpositive_scores(zero_own_column(self.likeness[items], items).toarray())

    def arrays(self) -> dict[str, np.ndarray]:
        return matrix_to_arrays("likeness", self.likeness)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.likeness = matrix_from_arrays("likeness", arrays)
        return self


def compute_tfidf_directions(features: sparse.csr_matrix) -> sparse.csr_matrix:
    """csr float32 [items, attributes]: each attribute weighs 1 + ln((1 + n) / (1 + df)), rows of length 1,
    empty ones empty.
    """
    n = features.shape[0]
    rarity = 1.0 + np.log((1.0 + n) / (1.0 + np.bincount(features.indices, minlength=features.shape[1])))
    tfidf = scale_matrix(features, columns=rarity)
    return scale_matrix(tfidf, rows=1.0 / compute_row_lengths(tfidf)).astype(np.float32)


def find_nearest_items(
    directions: sparse.csr_matrix, n: int, power: float, other_directions: sparse.csr_matrix | None = None
) -> sparse.csr_matrix:
    """Each row's n nearest: csr float32 [items, items], cosine to the power given.

    Args:
        directions: directions of the items asked for.
        other_directions: directions of the items to find; the same items where left out, each then the
            nearest to itself.
    """
    others = (directions if other_directions is None else other_directions).T.tocsr()

    def nearest(rows: np.ndarray) -> sparse.csr_matrix:
        near = (directions[rows] @ others).tocsr()
        near.data **= np.float32(power)
        return select_best_per_row(near, n)

    return build_in_blocks(directions.shape[0], nearest, BLOCK)
