"""The interface that every recommender keeps, and how many customers are scored at once.

Numpy and scipy in, arrays out: no Spark, no web, no MLflow, so that a recommender can be tested on six rows.
What a recommender can do beyond fitting and scoring is declared here with a default: a new one overrides what
differs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from scipy import sparse

from models.data_shape import DataShape
from models.training_data import Customers, Training

TASKS = ("discover", "next")
# Memory of a block: every part's scores, and of each customer some 500 candidates × 80 columns. Of 5,000
# customers that is gigabytes.
BLOCK = 256  # rows scored at once
SCORES_AT_ONCE = 5_000_000  # of each part, 20 MB: fewer rows where the catalogue is large


def compute_block_size(n_items: int) -> int:
    """How many customers (or items) are scored at once; their scores do not depend on it."""
    return max(16, min(BLOCK, SCORES_AT_ONCE // max(n_items, 1)))


class Recommender(ABC):
    """One way to score items for customers. Parameters are dataclass fields; what is fitted is in `arrays`.

    Attributes:
        name: in configurations, tables and reports; one of a kind.
        tasks: the tasks in which it has something to say: who lists only what a customer had knows nothing to
            `discover`.
        order_is_time_invariant: a day on which nothing happens multiplies all of a customer's scores by one
            factor. Their list is then the same whenever it is made, and need not be made again. False
            promises nothing.
        is_costly: fitting it takes much longer than fitting most others, so it is started first.
        nullable_arrays: last parts of the names of arrays in which NaN means "not known".
        scores_by_vectors: scores are the products of `vectors` and `item_vectors`, and nothing else.
        explanation_rank: place among the recommenders whose `likeness_matrix` may explain a listed item, 1
            first; None for one that does not explain.
        likeness_weight: of its likeness of items, where a blend adds up those of its parts: 1.0 where items
            bought together are alike, as a shop means it; other evidence (factors, words) counts less, and
            speaks where nothing was bought together.
        is_diversity_basis: a learned blend diversifies lists by its `likeness_matrix`.
        memory_limit_gb: gigabytes (10⁹ bytes) beyond which it refuses to be fitted.
    """

    name: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]] = TASKS
    order_is_time_invariant: bool = False
    is_costly: ClassVar[bool] = False
    nullable_arrays: ClassVar[tuple[str, ...]] = ()
    scores_by_vectors: ClassVar[bool] = False
    explanation_rank: ClassVar[int | None] = None
    likeness_weight: ClassVar[float] = 0.3
    is_diversity_basis: ClassVar[bool] = False
    memory_limit_gb: float = float("inf")

    @abstractmethod
    def fit(self, training: Training, seed: int) -> Self:
        """Fit, and return itself; the same training data and seed give the same arrays, byte for byte."""

    @abstractmethod
    def score(self, customers: Customers) -> np.ndarray:
        """float32 [customers, items]: higher is better, -inf where it has no opinion."""

    def score_similar_items(self, items: np.ndarray) -> np.ndarray | None:
        """float32 [items asked, items]: likeness, -inf where it is unknown; None for one that does not
        compare items.
        """
        return None

    @abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """The fitted arrays by name, without Python objects."""

    @abstractmethod
    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        """Take over what `arrays` returned, and return itself."""

    def estimate_bytes(self, shape: DataShape) -> int:
        """Bytes that fitting on data of this shape is expected to hold at its peak, beside the data; by
        default copies of the behaviour.
        """
        return shape.behaviour_bytes

    def missing_data(self, shape: DataShape) -> str | None:
        """What the data lack without which it cannot score, in words; None where nothing is missing."""
        return None

    @property
    def is_twin(self) -> bool:
        """Whether it is a further one of its class in a blend (`item_knn:wide` beside `item_knn`)."""
        return self.name != type(self).name

    @property
    def likeness_matrix(self) -> sparse.csr_matrix | None:
        """csr [items, items]: how alike items are, for explanations; None where that is not kept sparse."""
        return None

    @property
    def item_vectors(self) -> np.ndarray:
        """float32 [items, d], of one that `scores_by_vectors`."""
        raise NotImplementedError(f"{self.name} does not score by vectors")

    def vectors(self, customers: Customers) -> np.ndarray:
        """float32 [customers, d], of one that `scores_by_vectors`."""
        raise NotImplementedError(f"{self.name} does not score by vectors")
