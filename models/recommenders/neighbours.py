"""The base of neighbourhood recommenders: sparse matrices scaled, cut to their best entries, stored as plain
arrays.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Self

import numpy as np
from scipy import sparse

from models.base import Recommender
from models.data_shape import DataShape

BLOCK = 1024  # rows made at once
FAINTEST = 1e-20  # of a profile's largest weight; its products with likenesses are still numbers in float32


def scale_matrix(
    matrix: sparse.spmatrix, rows: np.ndarray | None = None, columns: np.ndarray | None = None
) -> sparse.csr_matrix:
    """The matrix with its rows and columns multiplied by these factors."""
    if rows is not None:
        matrix = sparse.diags(rows) @ matrix
    if columns is not None:
        matrix = matrix @ sparse.diags(columns)
    return matrix.tocsr()


def narrow_profiles(profiles: sparse.csr_matrix) -> sparse.csr_matrix:
    """Profiles (csr float64) as float32, those of the long idle scaled up: their order stays, which float32
    would lose.

    A weight halved every 15 days is nought in float32 after six years, and a recommender says nothing to who
    came back then.
    """
    profiles = profiles.tocsr()
    most = np.zeros(profiles.shape[0])
    np.maximum.at(most, np.repeat(np.arange(len(most)), np.diff(profiles.indptr)), profiles.data)
    faint = (most > 0) & (most < FAINTEST)
    if faint.any():
        profiles = scale_matrix(profiles, rows=np.where(faint, 1.0 / np.where(faint, most, 1.0), 1.0))
    return profiles.astype(np.float32)


def sum_columns(matrix: sparse.csr_matrix) -> np.ndarray:
    """float64 [columns]."""
    return np.asarray(matrix.sum(axis=0)).ravel()


def sum_rows(matrix: sparse.csr_matrix) -> np.ndarray:
    """float64 [rows]."""
    return np.asarray(matrix.sum(axis=1)).ravel()


def compute_row_lengths(matrix: sparse.csr_matrix) -> np.ndarray:
    """float [rows], in the matrix's precision: Euclidean, never below 1e-12, so that a row may be divided by
    its own.
    """
    return np.maximum(np.sqrt(sum_rows(matrix.multiply(matrix))), 1e-12)


def build_in_blocks(
    n: int, build_rows: Callable[[np.ndarray], sparse.csr_matrix], block: int = BLOCK
) -> sparse.csr_matrix:
    """csr float32 [n, columns], rows built block by block: memory is that of a block and of the result.

    Args:
        build_rows: given int [rows], ascending, those rows.
    """
    parts = [build_rows(np.arange(start, min(start + block, n))) for start in range(0, n, block)]
    return sparse.vstack(parts).tocsr().astype(np.float32)


def select_best_per_row(matrix: sparse.csr_matrix, n: int) -> sparse.csr_matrix:
    """The n largest positive entries of each row; among equals the lowest column."""
    matrix = matrix.tocsr()
    matrix.sort_indices()
    entries = np.flatnonzero(matrix.data > 0)
    bounds = np.searchsorted(entries, matrix.indptr)
    best_entries = []
    for start, end in pairwise(bounds):
        row = entries[start:end]
        if len(row) > n:
            values = matrix.data[row]
            limit = np.partition(values, len(row) - n)[len(row) - n]
            above = values > limit
            above[np.flatnonzero(values == limit)[: n - above.sum()]] = True
            row = row[above]
        best_entries.append(row)
    lengths = [len(row) for row in best_entries]
    entries = np.concatenate(best_entries) if best_entries else np.zeros(0, np.int64)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((matrix.data[entries], matrix.indices[entries], indptr), shape=matrix.shape)


def zero_own_column(matrix: sparse.csr_matrix, columns: np.ndarray) -> sparse.csr_matrix:
    """The matrix with the entry of each row at column `columns` set to nought; -1 for a row without one."""
    matrix = matrix.tocsr()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    matrix.data[matrix.indices == columns[row]] = 0
    return matrix


def mask_nonpositive_scores(scores: np.ndarray) -> np.ndarray:
    """Scores as float32 with -inf where there is none."""
    return np.where(scores > 0, scores, -np.inf).astype(np.float32)


def matrix_to_arrays(name: str, matrix: sparse.csr_matrix) -> dict[str, np.ndarray]:
    """A csr matrix as four plain arrays."""
    return {
        f"{name}.data": matrix.data,
        f"{name}.indices": matrix.indices.astype(np.int32),
        f"{name}.indptr": matrix.indptr.astype(np.int64),
        f"{name}.shape": np.array(matrix.shape, np.int64),
    }


def matrix_from_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> sparse.csr_matrix:
    """The csr matrix of the arrays that `matrix_to_arrays` returned."""
    data, indices, indptr = (arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    return sparse.csr_matrix((data, indices, indptr), shape=tuple(arrays[f"{name}.shape"]))


class SparseSimilarity(Recommender):
    """How alike items are, kept sparse (`similarity`, csr float32 [items, items]), and what
    follows from it.
    """

    neighbours: int

    def estimate_bytes(self, shape: DataShape) -> int:
        """What fitting holds at its peak."""
        return shape.behaviour_bytes + shape.neighbour_bytes(
            shape.n_touched, self.neighbours, shape.n_touched
        )

    @property
    def likeness_matrix(self) -> sparse.csr_matrix:
        return self.similarity

    def score_similar_items(self, items: np.ndarray) -> np.ndarray:
        return mask_nonpositive_scores(zero_own_column(self.similarity[items], items).toarray())

    def arrays(self) -> dict[str, np.ndarray]:
        return matrix_to_arrays("similarity", self.similarity)

    def restore(self, arrays: Mapping[str, np.ndarray]) -> Self:
        self.similarity = matrix_from_arrays("similarity", arrays)
        return self

    def _reached(self, profile: sparse.csr_matrix) -> np.ndarray:
        """float32 [rows, items]: what a profile's items are alike, by their weight in it; -inf
        where none is.
        """
        return mask_nonpositive_scores((narrow_profiles(profile) @ self.similarity).toarray())
