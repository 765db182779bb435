"""Cold items among the others: factors and popularity predicted from attributes, on the scale of items with a
history.

Three opinions are added: factors by implicit least squares and the customer's own past, both on a scale with
mean 0 and deviation 1 over the items that have a history, and the logarithm of popularity (not scaled: where
all are equally popular it says nothing). An item with a history has them itself; to an item without one they
go over from the others by `by_attributes`. So a new item is listed where what resembles it would be, and is
compared with everything else. Popularity alone, read from words of titles, tells Online Retail's hidden items
apart with an AUC of .75: what is in season says so in its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.data_shape import DataShape
from models.inference import multiply_vectors
from models.recommenders.als import ALS, compare_factors
from models.recommenders.by_attributes import AttributeRegression, build_item_directions
from models.recommenders.neighbours import (
    matrix_from_arrays,
    matrix_to_arrays,
    select_best_per_row,
    sum_columns,
)
from models.training_data import KIND_WEIGHTS, Customers, Training

TINY = 1e-9
HELD = ("item_factors", "old", "placed", "liked", "mean_share")


@dataclass
class ColdItems(Recommender):
    """A hybrid that places every item.

    Attributes:
        components, iterations, half_life_days, confidence, regularisation: of the factors; see `als`.
        trend_days: half-life of popularity.
        taste_days: half-life of the customer's own past.
        popularity_weight: what twice as popular counts, in units of 0.69.
        taste_weight: what the customer's own past counts, against 1 for the factors.
        ridge: how much is asked before an attribute is believed.
        least_customers: an item that so many had is placed by them, and not by its attributes.
        most_teachers: attributes are read from so many items at most, those that most customers had.
        neighbours: items of a customer's past that may speak for a new one.
    """

    name: ClassVar[str] = "cold_items"
    components: int = 48
    iterations: int = 6
    half_life_days: float = 45.0
    confidence: float = 10.0
    regularisation: float = 15.0
    trend_days: float = 30.0
    taste_days: float = 60.0
    popularity_weight: float = 0.8
    taste_weight: float = 1.4
    ridge: float = 0.5
    least_customers: int = 1
    most_teachers: int = 5000
    neighbours: int = 300

    def fit(self, training: Training, seed: int) -> Self:
        behaviour = training.behaviour
        n_customers = behaviour.matrix().getnnz(axis=0)
        old = n_customers >= max(self.least_customers, 1)
        teachers = np.sort(np.argsort(-n_customers, kind="stable")[: min(self.most_teachers, int(old.sum()))])
        factors = self._factors().fit(training, seed).item_factors.astype(np.float64)
        factors[~old] = 0.0
        liked = np.log1p(sum_columns(behaviour.matrix(self.trend_days)) / KIND_WEIGHTS.max())
        liked -= liked[teachers].mean() if len(teachers) else 0.0
        content, new = build_item_directions(training), np.flatnonzero(~old)
        itself = sparse.identity(behaviour.n_items, format="csr")
        mean_share, rows = old.astype(np.float64), [itself[old]]
        for block, weights in AttributeRegression(content[teachers], self.ridge).blocks(content[new]):
            items = new[block]
            factors[items], liked[items] = weights.T @ factors[teachers], weights.T @ liked[teachers]
            mean_share[items] = weights.sum(axis=0)
            rows.append(select_best_per_row(sparse.csr_matrix(weights.T), self.neighbours) @ itself[teachers])
        by_item = sparse.vstack(rows).tocsr()[np.argsort(np.concatenate([np.flatnonzero(old), new]))]
        self.taste = by_item.T.tocsr().astype(np.float32)
        self.item_factors, self.old = factors.astype(np.float32), old
        self.liked, self.mean_share = liked.astype(np.float32), mean_share.astype(np.float32)
        self.placed = old | (content.getnnz(axis=1) > 0)
        return self._ready()

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: the factors, and the kernel of those that attributes are read from,
        twice.
        """
        teachers = min(self.most_teachers, shape.n_touched)
        kernel = 2 * 8 * teachers**2 if shape.n_attributes else 0
        return self._factors().estimate_bytes(shape) + kernel + 2 * 16 * shape.n_attributes

    def score(self, customers: Customers) -> np.ndarray:
        drawn = multiply_vectors(self.als.fold_in(customers), self.item_factors)
        total = (
            standardise_scores(drawn, drawn[:, self.old], self.mean_share)
            + np.float32(self.popularity_weight) * self.liked
        )
        past = (customers.behaviour.matrix(self.taste_days) / KIND_WEIGHTS.max()).astype(np.float32)
        reached = (past @ self.taste).toarray()
        total += np.float32(self.taste_weight) * standardise_scores(
            reached, past[:, self.old].toarray(), self.taste_share
        )
        return np.where(self.placed, total, -np.inf).astype(np.float32)

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        return compare_factors(self.item_factors, items)

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in HELD} | matrix_to_arrays("taste", self.taste)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        for name in HELD:
            setattr(self, name, arrays[name])
        self.taste = matrix_from_arrays("taste", arrays)
        return self._ready()

    def _factors(self) -> ALS:
        return ALS(
            self.components, self.iterations, self.half_life_days, self.confidence, self.regularisation
        )

    def _ready(self) -> Self:
        self.als = self._factors().restore({"item_factors": self.item_factors * self.old[:, None]})
        self.taste_share = sum_columns(self.taste).astype(np.float32)
        return self


def standardise_scores(scores: np.ndarray, among: np.ndarray, mean_share: np.ndarray) -> np.ndarray:
    """float32 [rows, items]: scores on the scale on which `among` has mean 0 and deviation 1; noughts where
    it has no deviation.

    Args:
        mean_share: float [items]: how much of the mean is in an item's score; 1 but for what is a weighted
            sum of others.
    """
    mean, deviation = (figure(among, axis=1, keepdims=True, dtype=np.float64) for figure in (np.mean, np.std))
    gain = np.where(deviation > TINY, 1.0 / np.maximum(deviation, TINY), 0.0)
    return ((scores - mean * mean_share) * gain).astype(np.float32)
