"""Bootstrap intervals over customers (Efron 1979, percentile method): one set of resamples for all figures of
a board.

The same resamples for every column keep comparisons paired: give the differences of two recommenders,
customer by customer.
"""

import numpy as np

LEVEL = 0.95
DRAWS = 1000
AT_ONCE = 4_000_000  # draws × customers held: 32 MB


def bootstrap_interval(
    values: np.ndarray, seed: int = 0, draws: int = DRAWS, level: float = LEVEL
) -> tuple[float, float, float]:
    """Mean and bootstrap interval over customers (nan left out). For a paired comparison, give the
    differences.
    """
    known = values[~np.isnan(values)]
    mean, low, high = bootstrap_intervals(known[:, None], seed, draws, level)[0]
    return float(mean), float(low), float(high)


def bootstrap_intervals(
    values: np.ndarray, seed: int = 0, draws: int = DRAWS, level: float = LEVEL
) -> np.ndarray:
    """Mean, low and high of each column.

    Customers are drawn as a whole, so a column that not all of them count in is a mean over those drawn who
    do.

    Args:
        values: float [customers, columns], nan where a customer does not count.

    Returns:
        float64 [columns, 3]; nan where nobody counts.
    """
    n, columns = values.shape
    counts = ~np.isnan(values)
    if n == 0 or columns == 0:
        return np.full((columns, 3), np.nan)
    filled = np.where(counts, values, 0.0)
    generator = np.random.default_rng(seed)
    weight, means = counts.astype(np.float64), np.empty((draws, columns))
    step = max(1, AT_ONCE // n)
    with np.errstate(invalid="ignore", divide="ignore"):
        for start in range(0, draws, step):
            block = range(start, min(start + step, draws))
            drawn = np.stack([np.bincount(generator.integers(0, n, n), minlength=n) for _ in block]).astype(
                np.float64
            )
            means[block.start : block.stop] = (drawn @ filled) / (drawn @ weight)
        mean = filled.sum(axis=0) / counts.sum(axis=0)
    edges = [(1 - level) / 2, (1 + level) / 2]
    intervals = np.full((columns, 3), np.nan)
    someone = counts.any(axis=0)
    intervals[someone, 0] = mean[someone]
    intervals[someone, 1:] = np.nanquantile(means[:, someone], edges, axis=0).T
    return intervals
