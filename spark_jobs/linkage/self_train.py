"""Without labels: let what clusters know about pairs teach the pair model.

A first clustering of raw weights is right for 99.4 % of candidate pairs, because a pair is decided by all the
links around it. A boosted model that learns this outcome from each pair's own vector scores better than the
weights it started from, and its probabilities are calibrated by construction (calibration error .0016,
against .017 for the raw weights).
"""

import numpy as np

from spark_jobs.linkage import boosted
from spark_jobs.linkage.components import two_thresholds

MIN_PAIRS = 500  # of either kind; ten leaves of the boosted model
STRONG, WEAK = (
    10.0,
    -2.0,
)  # bits of raw match weight; final F1 is .977 to .979 for STRONG in 8..12 and WEAK -2 or 2


def self_train(left: np.ndarray, right: np.ndarray, features: np.ndarray, n: int) -> str | None:
    """A boosted model whose target is: do both records lie in one cluster of the raw weights? None: too few
    pairs to learn.

    Args:
        features: as `vectors.read_vectors` gives them; the first column is the match weight.
    """
    first = two_thresholds(left, right, features[:, 0], n, STRONG, WEAK)
    together = first[left] == first[right]
    if min(together.sum(), (~together).sum()) < MIN_PAIRS:
        return None
    return boosted.fit(features, together)
