"""Random numbers: one stream per seed, purpose and day.

A stream depends on nothing else, so what happens on a day is the same whether the day is written alone, in a
range, or as the history before a later one. Choices are made over whole-number weights, because sums of
floats differ in their last bit between machines and one bit is enough to sell another item.
"""

import hashlib
import zlib

import numpy as np

WEIGHT_SCALE = 1_000_000


def create_random_stream(seed: int, purpose: str, *keys: int) -> np.random.Generator:
    """The generator for one purpose (and day); `keys` are whole numbers >= 0."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), *keys]))


def make_opaque_id(seed: int, kind: str, number: int, n_hex: int) -> str:
    """An id of `n_hex` hex digits (at most 64) that tells nothing about the number behind it."""
    return hashlib.blake2b(f"{seed}|{kind}|{number}".encode(), digest_size=32).hexdigest()[:n_hex]


def scale_weights(log_weights: np.ndarray) -> np.ndarray:
    """Weights as whole numbers, rows scaled so that the largest is `WEIGHT_SCALE`; -inf becomes 0. Shape
    kept, int64.
    """
    top = log_weights.max(axis=-1, keepdims=True)
    return np.rint(np.exp(log_weights - np.where(np.isfinite(top), top, 0.0)) * WEIGHT_SCALE).astype(np.int64)


def draw_columns(rng: np.random.Generator, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """One column per entry of `rows`, drawn by the weights of that row.

    Args:
        weights: (n_rows, n_columns) int64, each row with a positive sum.
        rows: (n,) row numbers, repeats allowed.

    Returns:
        (n,) column numbers.
    """
    sums = np.cumsum(weights, axis=1)
    totals = sums[:, -1]
    starts = np.concatenate([[0], np.cumsum(totals)[:-1]])
    targets = rng.integers(0, totals[rows]) + starts[rows]
    return np.searchsorted((sums + starts[:, None]).ravel(), targets, side="right") - rows * weights.shape[1]


def draw_by_weights(rng: np.random.Generator, weights: list[float] | tuple[float, ...], n: int) -> np.ndarray:
    """`n` independent choices among `len(weights)` by the same weights."""
    edges = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(edges / edges[-1], rng.random(n), side="right").clip(0, len(edges) - 1)
