"""The certificate of a training set: no column knows the answer, no part and no window saw the days it is
asked for.

Two proofs, as one alone is not enough. The answers are exchanged and every column is made again: what reads
them changes. And every column is asked alone: one that tells wanted from not wanted almost without a mistake
has the answer from somewhere.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.stats import rankdata

from models.blending.candidate_features import GROUPS, Group, Moment, columns
from models.blending.candidates import Candidates
from models.time_split import OverlapError

# The best honest column (a part's place in its list) has an area of .75 on Online Retail, .85 where customers
# mostly reorder.
TOO_GOOD = 0.99
LEAST_WANTED = 20  # below, an area of 1 is luck


class LeakError(ValueError):
    """A column of a training set knows what it is asked."""


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


def certify(
    moment: Moment,
    at: Candidates,
    table: np.ndarray,
    names: Sequence[str],
    groups: tuple[Group, ...] = GROUPS,
) -> None:
    """Refuse columns that know the answers.

    Args:
        table: float32 [candidates, columns], what `columns` made of this moment.

    Raises:
        LeakError: naming the columns.
    """
    exchanged = replace(moment, answers=np.roll(~moment.answers, 1, axis=1))
    again = columns(exchanged, at, groups)[1]
    reading = [name for n, name in enumerate(names) if table[:, n].tobytes() != again[:, n].tobytes()]
    if reading:
        raise LeakError(f"columns read the answers: {', '.join(reading)}")
    wanted = moment.answers[at.row, at.item]
    if min(wanted.sum(), (~wanted).sum()) < LEAST_WANTED:
        return
    telling = [
        name
        for n, name in enumerate(names)
        if max(area := under_curve(table[:, n], wanted), 1.0 - area) > TOO_GOOD
    ]
    if telling:
        raise LeakError(
            "columns tell what was wanted almost without a mistake, so they must know it:"
            f" {', '.join(telling)}"
        )


def under_curve(column: np.ndarray, wanted: np.ndarray) -> float:
    """Area under the ROC curve of a column alone, ties counting half (Mann, Whitney 1947); unknown lies below
    everything.
    """
    rank, n = rankdata(np.where(np.isnan(column), -np.inf, column)), wanted.sum()
    return float((rank[wanted].sum() - n * (n + 1) / 2) / (n * (len(wanted) - n)))
