"""What neighbourhood recommenders share: sparse matrices scaled, cut to their best entries, kept as plain arrays."""

from collections.abc import Mapping

import numpy as np
from scipy import sparse


def scaled(matrix: sparse.spmatrix, rows: np.ndarray | None = None, columns: np.ndarray | None = None) -> sparse.csr_matrix:
    """The matrix with its rows and columns multiplied by these factors."""
    if rows is not None:
        matrix = sparse.diags(rows) @ matrix
    if columns is not None:
        matrix = matrix @ sparse.diags(columns)
    return matrix.tocsr()


def best_per_row(matrix: sparse.csr_matrix, n: int) -> sparse.csr_matrix:
    """The n largest positive entries of each row; among equals the lowest column."""
    matrix = matrix.tocsr()
    matrix.sort_indices()
    row = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    order = np.lexsort((matrix.indices, -matrix.data, row))
    # In row order the rank within a row is the distance from the row's first entry.
    rank = np.arange(len(order)) - matrix.indptr[row[order]]
    kept = np.sort(order[(rank < n) & (matrix.data[order] > 0)])
    return sparse.csr_matrix((matrix.data[kept], (row[kept], matrix.indices[kept])), shape=matrix.shape)


def opinion(scores: np.ndarray) -> np.ndarray:
    """Scores as float32 with -inf where there is none."""
    return np.where(scores > 0, scores, -np.inf).astype(np.float32)


def to_arrays(name: str, matrix: sparse.csr_matrix) -> dict[str, np.ndarray]:
    """A csr matrix as four plain arrays."""
    return {
        f"{name}.data": matrix.data,
        f"{name}.indices": matrix.indices.astype(np.int32),
        f"{name}.indptr": matrix.indptr.astype(np.int64),
        f"{name}.shape": np.array(matrix.shape, np.int64),
    }


def from_arrays(name: str, arrays: Mapping[str, np.ndarray]) -> sparse.csr_matrix:
    """What `to_arrays` took apart."""
    data, indices, indptr = (arrays[f"{name}.{part}"] for part in ("data", "indices", "indptr"))
    return sparse.csr_matrix((data, indices, indptr), shape=tuple(arrays[f"{name}.shape"]))
