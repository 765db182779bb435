"""The base of recommenders with a dense item × item matrix: memory limit, inverse, scoring by its weights."""

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from scipy import sparse
from scipy.linalg import lapack
from threadpoolctl import threadpool_limits

from models.base import Recommender
from models.data_shape import DataShape
from models.recommenders.neighbours import mask_nonpositive_scores, narrow_profiles
from models.training_data import Behaviour


class CatalogueTooLargeError(ValueError):
    """An item × item matrix of this catalogue does not fit the memory that was granted."""


def compute_dense_bytes(n_items: int, copies: float) -> int:
    """Bytes of so many n × n matrices of float64."""
    return round(copies * 8 * n_items**2)


def check_memory_limit(n_items: int, copies: float, limit_gb: float, name: str) -> None:
    """Refuse before anything is allocated.

    Args:
        copies: how many n × n matrices of float64 are held at the same time.

    Raises:
        CatalogueTooLargeError: they need more than `limit_gb` (10⁹ bytes).
    """
    needed = compute_dense_bytes(n_items, copies) / 1e9
    if needed > limit_gb:
        raise CatalogueTooLargeError(
            f"{name}: {n_items:,} items need {needed:.1f} GB for a dense inverse, {limit_gb:g} GB are"
            " granted; raise memory_limit_gb, or take rp3beta or graph_filter, which stay sparse"
        )


def invert_in_place(matrix: np.ndarray) -> np.ndarray:
    """The inverse of a symmetric positive definite float64 matrix [n, n], by Cholesky, in the matrix's own
    memory.

    One thread: with more, sums are made in another order and the bytes differ from machine to machine.

    Raises:
        ValueError: the matrix is not positive definite.
    """
    if not len(matrix):
        return matrix
    with threadpool_limits(1):
        # A symmetric matrix is its own transpose, so C order is handed over as Fortran order, without a copy.
        factor, info = lapack.dpotrf(matrix.T, lower=1, overwrite_a=1, clean=0)
        if info == 0:
            factor, info = lapack.dpotri(factor, lower=1, overwrite_c=1)
    if info != 0:
        raise ValueError(f"the matrix is not positive definite (LAPACK says {info})")
    return mirror_lower_triangle(factor)


def mirror_lower_triangle(lower: np.ndarray, block: int = 1024) -> np.ndarray:
    """The symmetric matrix whose lower triangle is given, written into its upper one, block by block."""
    n = len(lower)
    for start in range(0, n, block):
        end = min(start + block, n)
        lower[start:end, end:] = lower[end:, start:end].T
        corner = lower[start:end, start:end]
        corner[:] = np.tril(corner) + np.tril(corner, -1).T
    return lower


class DenseWeights(Recommender):
    """Weights from each item that anybody touched to each other one, and all that a recommender does with
    them but learning them.

    Attributes:
        items: int32, ascending: the items fitted.
        n_items: of the catalogue.
        weights: float32 [items fitted, items fitted].
    """

    dense_copies: ClassVar[float]  # n × n matrices of float64 that fitting holds at the same time

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak: items that nobody touched take nothing."""
        return compute_dense_bytes(shape.n_touched, self.dense_copies)

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        """The weights of the item's row, its own entry left out."""
        return select_weight_rows(items, self.weights, self.items, self.n_items)

    def arrays(self) -> dict[str, np.ndarray]:
        return {"items": self.items, "weights": self.weights, "n_items": np.array(self.n_items, np.int64)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.items, self.weights, self.n_items = arrays["items"], arrays["weights"], int(arrays["n_items"])
        return self

    def _touched(self, behaviour: Behaviour) -> int:
        """Take up which items are fitted; how many.

        Raises:
            CatalogueTooLargeError: their matrices do not fit `memory_limit_gb`.
        """
        self.items = np.unique(behaviour.item).astype(np.int32)
        self.n_items = behaviour.n_items
        check_memory_limit(len(self.items), self.dense_copies, self.memory_limit_gb, self.name)
        return len(self.items)

    def _weighed(self, histories: sparse.csr_matrix) -> np.ndarray:
        """float32 [rows, n_items] of histories [rows, n_items]; -inf where nothing speaks for an item."""
        return spread_over_all_items(
            narrow_profiles(histories[:, self.items]) @ self.weights, self.items, self.n_items
        )


def spread_over_all_items(scores: np.ndarray, fitted_items: np.ndarray, n_items: int) -> np.ndarray:
    """Scores [rows, fitted items] as float32 [rows, n_items]; -inf where not above zero, and where an item
    was not fitted.
    """
    wide = np.full((len(scores), n_items), -np.inf, np.float32)
    wide[:, fitted_items] = mask_nonpositive_scores(scores)
    return wide


def select_weight_rows(
    asked_items: np.ndarray, weights: np.ndarray, items: np.ndarray, n_items: int
) -> np.ndarray:
    """float32 [asked, n_items]: each asked item's row of the weights between fitted items, its own entry left
    out.
    """
    place = np.full(n_items, -1)
    place[items] = np.arange(len(items))
    rows = np.zeros((len(asked_items), len(items)), weights.dtype)
    fitted = np.flatnonzero(place[asked_items] >= 0)
    rows[fitted] = weights[place[asked_items[fitted]]]
    wide = spread_over_all_items(rows, items, n_items)
    wide[np.arange(len(asked_items)), asked_items] = -np.inf
    return wide
