"""Checks of a ranker's training rows: no feature knows the answer, no part and no window has the days it is
asked for.

Two checks of features, as one alone is not enough. The answers are exchanged and every feature is computed
again: what reads them changes. And every feature is used alone: one that separates wanted from not wanted
almost without a mistake has the answer from somewhere.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from models.blending.candidate_features import (
    FEATURE_GROUPS,
    FeatureGroup,
    FeatureInputs,
    build_feature_table,
)
from models.blending.candidates import CandidateItems
from models.time_split import OverlapError

# The best honest column (a part's place in its list) has an area of .75 on Online Retail, .85 where customers
# mostly reorder.
TOO_GOOD = 0.99
LEAST_WANTED = 20  # below, an area of 1 is luck


class LeakError(ValueError):
    """A feature of a training row knows the answer."""


def check_parts(names: Sequence[str], fitted_until: Sequence[int], cut: int) -> None:
    """Refuse parts that were fitted on days from the cut on.

    Raises:
        OverlapError: naming them and the day.
    """
    late = [
        f"{name} (fitted to day {until})"
        for name, until in zip(names, fitted_until, strict=True)
        if until > cut
    ]
    if late:
        raise OverlapError(
            f"parts saw days from the cut {cut} on, which the ranker is asked for: {', '.join(late)}"
        )


def check_features(
    inputs: FeatureInputs,
    candidates: CandidateItems,
    table: np.ndarray,
    names: Sequence[str],
    groups: tuple[FeatureGroup, ...] = FEATURE_GROUPS,
) -> None:
    """Refuse features that know the answers.

    Args:
        table: float32 [candidates, features], what `build_feature_table` returned for these inputs.

    Raises:
        LeakError: naming the features.
    """
    exchanged = replace(inputs, answers=np.roll(~inputs.answers, 1, axis=1))
    again = build_feature_table(exchanged, candidates, groups)[1]
    reading = [name for n, name in enumerate(names) if table[:, n].tobytes() != again[:, n].tobytes()]
    if reading:
        raise LeakError(f"columns read the answers: {', '.join(reading)}")
    wanted = inputs.answers[candidates.row, candidates.item]
    if min(wanted.sum(), (~wanted).sum()) < LEAST_WANTED:
        return
    telling = [
        name
        for n, name in enumerate(names)
        if max(area := compute_auc(table[:, n], wanted), 1.0 - area) > TOO_GOOD
    ]
    if telling:
        raise LeakError(
            "columns tell what was wanted almost without a mistake, so they must know it:"
            f" {', '.join(telling)}"
        )


def compute_auc(column: np.ndarray, wanted: np.ndarray) -> float:
    """Area under the ROC curve of a column alone, ties counting half (Mann, Whitney 1947); unknown lies below
    everything.
    """
    rank, n = rankdata(np.where(np.isnan(column), -np.inf, column)), wanted.sum()
    return float((rank[wanted].sum() - n * (n + 1) / 2) / (n * (len(wanted) - n)))
