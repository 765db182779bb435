"""Nearly the best of a large catalogue: an inverted file of item vectors (faiss), whose loss is measured when
it is made.

Items are put into cells by k-means, and only the cells whose centres score best for a customer are looked
into (Sivic and Zisserman, ICCV 2003; Jégou et al., PAMI 2011). Vectors lie in it as 16-bit floats, half of
what the items' own take. faiss is imported here alone, and only where an index is made or read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from models.inference import PRODUCT_ROWS, rank_entries, select_top_items_by_vectors

# Comparing with all is exact and, below, as fast: see `python -m benchmarks.scoring`.
FROM_ITEMS = 100_000
LEAST_RECALL = 0.95  # of the exact best 100, mean over the customers asked
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2)  # of the cells to look into; the first that recalls enough is taken
ROUNDS = 10  # of k-means
LEARNED_FROM = 200  # vectors a cell; more change nothing but the time
# components at a time; of any other number of them faiss takes one after the other, five times as slowly
WIDTH = 16


@dataclass(frozen=True)
class ItemIndex:
    """An inverted file.

    Attributes:
        packed: uint8, as faiss writes it.
        n_probes: cells looked into for each customer.
        recall: what it was measured to find of the exact best.
    """

    packed: np.ndarray
    n_probes: int
    recall: float

    @cached_property
    def _file(self) -> Any:
        index = _faiss().deserialize_index(self.packed)
        index.nprobe = self.n_probes
        index.make_direct_map()
        return index

    def best(
        self,
        vectors: np.ndarray,
        item_vectors: np.ndarray,
        n: int,
        excluded: tuple[np.ndarray, np.ndarray] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """As `inference.select_top_items_by_vectors`, but nearly; among equals whichever it meets first.

        Args:
            item_vectors: not read: they lie in the index.
        """
        file, rows, columns = self._file, *(excluded or (np.zeros(0, np.int64), np.zeros(0, np.int64)))
        m = min(n, file.ntotal)
        items, best = (
            np.full((len(vectors), m), -1, np.int32),
            np.full((len(vectors), m), -np.inf, np.float32),
        )
        of_excluded = np.zeros(len(rows), np.float32)
        # always so many, or a row's cells would depend on who is beside it
        for start in range(0, len(vectors), PRODUCT_ROWS):
            rows_here = vectors[start : start + PRODUCT_ROWS]
            block, n_rows = pad_vectors(rows_here, PRODUCT_ROWS), len(rows_here)
            own = slice(*np.searchsorted(rows, [start, start + n_rows]))
            row, item = rows[own] - start, columns[own]
            spare = int(np.bincount(row, minlength=1).max(initial=0))
            score, neighbours = file.search(block, min(m + spare, file.ntotal))
            score, neighbours = score[:n_rows], neighbours[:n_rows]
            known = neighbours + np.arange(n_rows)[:, None] * file.ntotal
            score[(neighbours < 0) | np.isin(known, row.astype(np.int64) * file.ntotal + item)] = -np.inf
            at, place = np.nonzero(np.isfinite(score))
            end = slice(start, start + n_rows)
            items[end], best[end] = rank_entries(at, neighbours[at, place], score[at, place], n_rows, m)
            if len(item):
                stored = file.reconstruct_batch(item.astype(np.int64))
                of_excluded[own] = np.einsum("ij,ij->i", stored, block[row])
        return items, best, of_excluded


def build_item_index(
    item_vectors: np.ndarray, customer_vectors: np.ndarray, n: int = 100, least_recall: float = LEAST_RECALL
) -> ItemIndex | None:
    """An index that finds `least_recall` of the best n for those who ask; None where none of `SHARES` of its
    cells does.

    One thread and a fixed seed: the same vectors give the same bytes.

    Args:
        item_vectors: float32 [items, d].
        customer_vectors: float32 [some, d]: vectors of customers, a few hundred.
    """
    faiss = _faiss()
    n_items = len(item_vectors)
    n_cells = max(1, round(1.2 * n_items**0.5))
    stored = pad_vectors(item_vectors, n_items)
    index = faiss.index_factory(stored.shape[1], f"IVF{n_cells},SQfp16", faiss.METRIC_INNER_PRODUCT)
    index.cp.niter, index.cp.seed, index.cp.min_points_per_centroid = ROUNDS, 1, 1
    some = np.linspace(0, n_items - 1, min(n_items, n_cells * LEARNED_FROM)).astype(np.int64)
    index.train(stored[some])
    index.add(stored)
    packed = faiss.serialize_index(index)
    return select_probes(
        lambda probes: ItemIndex(packed, probes, 0.0),
        n_cells,
        select_top_items_by_vectors(customer_vectors, item_vectors, n)[0],
        customer_vectors,
        least_recall,
    )


def select_probes(
    build_index: Callable[[int], ItemIndex],
    n_cells: int,
    exact: np.ndarray,
    customer_vectors: np.ndarray,
    least_recall: float,
    shares: Sequence[float] = SHARES,
) -> ItemIndex | None:
    """The index that looks into the fewest cells and recalls enough.

    Args:
        exact: int32 [asking, n], the best.
    """
    for share in shares:
        tried = build_index(max(1, round(share * n_cells)))
        recall = compute_recall(tried.best(customer_vectors, customer_vectors[:0], exact.shape[1])[0], exact)
        if recall >= least_recall:
            return ItemIndex(tried.packed, tried.n_probes, recall)
    return None


def pad_vectors(vectors: np.ndarray, n_rows: int) -> np.ndarray:
    """float32 [n_rows, a multiple of `WIDTH`], noughts where nothing is given."""
    wide_vectors = np.zeros((n_rows, -(-vectors.shape[1] // WIDTH) * WIDTH), np.float32)
    wide_vectors[: len(vectors), : vectors.shape[1]] = vectors
    return wide_vectors


def compute_recall(approximate: np.ndarray, exact: np.ndarray) -> float:
    """The share of the exact items that were found, mean over rows; rows without any are left out."""
    shares = [
        len(np.intersect1d(own[own >= 0], best[best >= 0])) / (best >= 0).sum()
        for own, best in zip(approximate, exact, strict=True)
        if (best >= 0).any()
    ]
    return float(np.mean(shares)) if shares else 1.0


def _faiss() -> Any:
    import faiss

    faiss.omp_set_num_threads(1)
    return faiss
