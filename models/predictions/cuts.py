"""Where a history is cut into fit, calibration and test, so that no day is both learned and asked for.

Each label looks `days` ahead, so two windows are that far apart: the last cut of the fit has all its labels
before the calibration's cut, and that one's end where the test begins.
"""

from dataclasses import dataclass

import numpy as np

from models.predictions.features import build_features
from models.predictions.history import CustomerHistory
from models.predictions.past_rows import Feature
from models.predictions.traits import Trait
from models.time_split import OverlapError

MOST_CUTS = 12
LEAST_STEP = 7  # days between two cuts of the fit; every weekday is in each horizon
LEAST_PAST = 7  # days before the first cut: without them a feature knows nothing


class HistoryTooShortError(ValueError):
    """There are too few days to fit, calibrate and test on."""


@dataclass(frozen=True)
class CutPlan:
    """Days on which customers are looked at.

    Attributes:
        fit: ascending; predictors are fitted on these.
        calibrate: the cut whose outcomes probabilities are calibrated by.
        test: the cut whose outcomes are kept out; None for a predictor that is to be used, not measured.
        days: the horizon.
    """

    fit: tuple[int, ...]
    calibrate: int
    test: int | None
    days: int

    def __post_init__(self) -> None:
        ends = [(max(self.fit) + self.days, self.calibrate)]
        if self.test is not None:
            ends.append((self.calibrate + self.days, self.test))
        for end, start in ends:
            if end > start:
                raise OverlapError(f"outcomes to day {end} are learned and asked for from day {start} on")


def plan_cuts(first: int, until: int, days: int, is_tested: bool) -> CutPlan:
    """The cuts of a history of the days from `first` until before `until`, for a horizon of so many days.

    Args:
        is_tested: the last horizon is kept out to test on; otherwise it is what probabilities are
            calibrated by.

    Raises:
        HistoryTooShortError: not even one cut is left to fit on.
    """
    test = until - days if is_tested else None
    calibrate = (until if test is None else test) - days
    step = max(LEAST_STEP, days // 4)
    least_past = max(LEAST_PAST, days // 2)
    fit = list(range(calibrate - days, first + least_past - 1, -step))[:MOST_CUTS]
    if not fit:
        windows = 3 if is_tested else 2
        needed = windows * days + least_past
        raise HistoryTooShortError(
            f"{until - first} days of history; {needed} are needed: {windows} times the horizon of {days}"
            f" days and {least_past} before"
        )
    return CutPlan(tuple(reversed(fit)), calibrate, test, days)


@dataclass(frozen=True)
class Examples:
    """Customers at a cut, or at several, one after the other.

    Attributes:
        customer: int [rows].
        table: float32 [rows, features].
        labels: float64 [rows].
    """

    customer: np.ndarray
    table: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


def build_examples(
    history: CustomerHistory, trait: Trait, cuts: tuple[int, ...], features: tuple[Feature, ...] | None = None
) -> Examples:
    """The customers whom the trait asks at each cut, with their features then and what came to be."""
    parts = []
    for cut in cuts:
        customers = trait.find_customers(history, cut)
        table = build_features(history, cut, features)[customers]
        parts.append(Examples(customers, table, trait.compute_labels(history, cut)[customers]))
    return join_examples(parts)


def join_examples(parts: list[Examples]) -> Examples:
    """Examples of several cuts as one."""
    columns = zip(*((each.customer, each.table, each.labels) for each in parts), strict=True)
    return Examples(*map(np.concatenate, columns))
