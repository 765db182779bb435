"""The best items by scores or by vectors, in numpy alone, so that the service may import it."""

from collections.abc import Iterator
from functools import cache

import numpy as np

# Scores looked at once: 6.4 million float32 are 26 MB, or 128 rows of 50,000 items. Larger blocks leave the
# processor's cache: on 2 cores, 128 rows are twice as fast as 512.
SCORES_AT_ONCE = 6_400_000
# BLAS multiplies so many rows at a time, the last ones padded. With another number it may add in another
# order, and a row's scores would depend on who is scored beside it.
PRODUCT_ROWS = 128
FEW_ROWS = 8  # where 128 do not do: see `compute_product_rows`
GROUPS = 8  # groups of columns for each place of a list; see `find_contenders`
MOST_TIES = 4  # places' worth of contenders a row may have before its ties are cut singly


def select_top_items(
    scores: np.ndarray, n: int, allowed: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The n best items of each row, best first; among equal scores the lower position: data are numbered in a
    drawn order.

    Args:
        scores: float [rows, items]; -inf for no opinion. What is no number, or infinite, is no opinion
            either.
        n: how many; more than there are gives all there are.
        allowed: bool, [items] or [rows, items]; False is never returned.

    Returns:
        items: int32 [rows, m], -1 where a row has no more.
        scores: float32 [rows, m], -inf there.
    """
    rows, columns = scores.shape
    m = min(n, columns)
    items, best = np.full((rows, m), -1, np.int32), np.full((rows, m), -np.inf, np.float32)
    step = max(1, SCORES_AT_ONCE // max(columns, 1))
    for start in range(0, rows if m else 0, step):
        block = slice(start, min(start + step, rows))
        block_scores = scores[block]
        if allowed is not None:
            block_scores = np.where(allowed if allowed.ndim == 1 else allowed[block], block_scores, -np.inf)
        items[block], best[block] = rank_entries(*find_contenders(block_scores, m), len(block_scores), m)
    return items, best


def select_top_items_by_vectors(
    vectors: np.ndarray,
    item_vectors: np.ndarray,
    n: int,
    excluded: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`select_top_items` of the products of two sets of vectors, whose whole matrix is never held.

    A row's list does not depend on the rows beside it.

    Args:
        vectors: float32 [rows, d].
        item_vectors: float32 [items, d].
        excluded: rows and items, equally long, rows ascending: what each row must not be given.

    Returns:
        items, scores: as `select_top_items`.
        of_excluded: float32, the scores of what is excluded.
    """
    m = min(n, len(item_vectors))
    items, best = np.full((len(vectors), m), -1, np.int32), np.full((len(vectors), m), -np.inf, np.float32)
    rows, columns = excluded if excluded is not None else (np.zeros(0, np.int64), np.zeros(0, np.int64))
    of_excluded = np.zeros(len(rows), np.float32)
    for block, scores in iterate_products(vectors, item_vectors):
        own = slice(*np.searchsorted(rows, [block.start, block.stop]))
        at = (rows[own] - block.start, columns[own])
        of_excluded[own] = scores[at]
        scores[at] = -np.inf
        items[block], best[block] = select_top_items(scores, m)
    return items, best, of_excluded


def multiply_vectors(vectors: np.ndarray, item_vectors: np.ndarray) -> np.ndarray:
    """float32 [rows, items]; a row's numbers do not depend on the rows beside it."""
    blocks = [scores.copy() for _, scores in iterate_products(vectors, item_vectors)]
    return np.concatenate(blocks) if blocks else np.zeros((0, len(item_vectors)), np.float32)


@cache
def compute_product_rows() -> int:
    """How many rows a product takes at once, always so many, so that a row's numbers do not depend on the
    rows beside it.

    OpenBLAS's kernels for Haswell and Zen give a row other last bits by its place among more than 8 rows,
    SkylakeX's do not (0.3.x, 2026-11): so it is tried once a process. 8 rows at once take twice the time of
    128.
    """
    draw = np.random.default_rng(0)
    for n_items, n_factors in ((41, 64), (20, 9), (3000, 64)):
        vectors = draw.standard_normal((PRODUCT_ROWS, n_factors)).astype(np.float32)
        by_item = draw.standard_normal((n_items, n_factors)).astype(np.float32).T
        if not np.array_equal((vectors @ by_item)[::-1], vectors[::-1] @ by_item):
            return FEW_ROWS
    return PRODUCT_ROWS


def iterate_products(vectors: np.ndarray, item_vectors: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Blocks of rows and their products with every item, float32 [rows of the block, items]; each is
    overwritten by the next.
    """
    vectors, by_item = (
        np.ascontiguousarray(vectors, np.float32),
        np.ascontiguousarray(item_vectors, np.float32).T,
    )
    step = compute_product_rows()
    out = np.empty((PRODUCT_ROWS, len(item_vectors)), np.float32)
    for start in range(0, len(vectors), PRODUCT_ROWS):
        rows = vectors[start : start + PRODUCT_ROWS]
        n = len(rows)
        if n < PRODUCT_ROWS:
            rows = np.concatenate([rows, np.zeros((PRODUCT_ROWS - n, rows.shape[1]), np.float32)])
        for first in range(0, n, step):
            np.matmul(rows[first : first + step], by_item, out=out[first : first + step])
        yield slice(start, start + n), out[:n]


def find_contenders(scores: np.ndarray, m: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Entries among which the m best of each row are, ties included: rows, items, scores; rows ascending,
    then items.

    The m-th best of the maxima of disjoint groups of columns is a floor of the m-th best column. With eight
    groups a place some 107 columns reach the floor where 100 are wanted, and a maximum costs a fifth of what
    partitioning the row does.
    """
    columns = scores.shape[1]
    n_groups = m * GROUPS
    grouped = n_groups * 2 <= columns
    width = columns // n_groups if grouped else 1
    maxima = (
        scores[:, : n_groups * width].reshape(len(scores), width, n_groups).max(axis=1) if grouped else scores
    )
    if not (maxima < np.inf).all():  # not a number, or infinite: it would pass for the best
        return find_contenders(np.where(np.isfinite(scores), scores, -np.inf), m)
    place = maxima.shape[1] - m
    floor = (
        np.partition(maxima, place, axis=1)[:, place]
        if place
        else np.full(len(scores), -np.inf, scores.dtype)
    )
    floor = np.maximum(floor, np.finfo(scores.dtype).min)  # -inf is never among the best
    at = np.flatnonzero(scores >= floor[:, None])
    row, item = np.divmod(at, columns)
    score = scores.reshape(-1)[at]
    counts = np.bincount(row, minlength=len(scores))
    if (counts > MOST_TIES * m).any():
        is_kept = truncate_ties(score, counts, m)
        row, item, score = row[is_kept], item[is_kept], score[is_kept]
    return row, item, score


def truncate_ties(score: np.ndarray, counts: np.ndarray, m: int) -> np.ndarray:
    """Which entries to keep so that rows with many equals at their end have m: bool [entries], the first of
    equals stay.
    """
    is_kept, ends = np.ones(len(score), bool), np.cumsum(counts)
    for row in np.flatnonzero(counts > MOST_TIES * m):
        own = slice(ends[row] - counts[row], ends[row])
        limit = np.partition(score[own], counts[row] - m)[counts[row] - m]
        above = score[own] > limit
        above[np.flatnonzero(score[own] == limit)[: m - above.sum()]] = True
        is_kept[own] = above
    return is_kept


def rank_entries(
    row: np.ndarray, item: np.ndarray, score: np.ndarray, n_rows: int, m: int
) -> tuple[np.ndarray, np.ndarray]:
    """The m best entries of each row, best first, among equals the first given.

    Args:
        row, item, score: entries, rows ascending.

    Returns:
        items: int32 [n_rows, m], -1 where a row has no more.
        scores: float32 [n_rows, m], -inf there.
    """
    items, best = np.full((n_rows, m), -1, np.int32), np.full((n_rows, m), -np.inf, np.float32)
    counts = np.bincount(row, minlength=n_rows)
    order = np.lexsort((-score, row))
    place = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    is_kept = place < m
    row, order, place = row[is_kept], order[is_kept], place[is_kept]
    items[row, place], best[row, place] = item[order], score[order]
    return items, best
