"""The windows a ranker is fitted on: cuts in the past, each with the days after it as the answer; never a day
it is tested on.
"""

from dataclasses import dataclass

import numpy as np

from models.time_split import OverlapError, split_into_windows
from models.training_data import Behaviour

SHORT_DAYS = 14  # a window of fewer days is short
LEAST_HISTORY_DAYS = 7  # before a cut: what is shorter has no cadence, no trend and hardly a taste


@dataclass(frozen=True)
class TrainingWindow:
    """Days since 1970-01-01: what happened before `cut` may be read, what was wanted from `cut` up to `until`
    is the answer.
    """

    cut: int
    until: int

    def check(self, end: int) -> None:
        """Refuse a window that reaches into what the ranker must not know.

        Args:
            end: the first day that is not known where the ranker is fitted: a test's first day, or tonight.

        Raises:
            OverlapError: naming the window and the day.
        """
        if self.until > end:
            raise OverlapError(
                f"the training window from day {self.cut} to {self.until} reaches into the days from {end} on"
            )
        if self.cut >= self.until:
            raise OverlapError(f"the training window from day {self.cut} to {self.until} has no days")


def select_training_windows(behaviour: Behaviour, most: int, step_days: int) -> list[TrainingWindow]:
    """The newest windows behind which the past is long enough, newest first; none where history is too short.

    A window is as long as the one that tests (`models.time_split`: a sixth of the history, at most 28 days).
    Its cuts go back by `step_days`, or by half a window where that is shorter. Of short ones half as many are
    learned from: a young shop's week is soon told, and every window is a fit of every part.
    """
    first = int(behaviour.day.min(initial=behaviour.until))
    split = split_into_windows(first, behaviour.until)
    if split is None:
        return []
    days = split.until - split.test_from
    step = max(1, min(step_days, -(-days // 2)))
    if days < SHORT_DAYS:
        most = min(most, max(2, most // 2))
    earliest = first + max(LEAST_HISTORY_DAYS, days)
    cuts = [cut for cut in range(split.test_from, earliest - 1, -step)][:most]
    return [TrainingWindow(cut, cut + days) for cut in cuts]


def sample_rows(rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most so many of these rows, drawn by the seed, ascending."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
