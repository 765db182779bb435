"""Customers of today with their predictions: value, tenth, percentile and reasons."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from models.predictions.features import build_features, list_features, name_features
from models.predictions.history import CustomerHistory
from models.predictions.predictor import Predictor
from models.predictions.reasons import Reason, list_reasons


@dataclass(frozen=True)
class TraitScores:
    """One trait of every customer whom it asks.

    Attributes:
        customer: int [n], ascending.
        value: float [n]: a probability, or an amount.
        percentile: int [n], 1 to 100: 100 are the highest predictions. A decile is a tenth of it, rounded up.
        reasons: of each.
    """

    customer: np.ndarray
    value: np.ndarray
    percentile: np.ndarray
    reasons: list[list[Reason]]

    @property
    def decile(self) -> np.ndarray:
        """int [n], 1 to 10; 10 are the highest."""
        return (self.percentile + 9) // 10


def select_usable(predictors: Iterable[Predictor]) -> list[Predictor]:
    """Those that were fitted on the features that this code has."""
    return [predictor for predictor in predictors if predictor.names == name_features()]


def score_customers(
    history: CustomerHistory, predictors: list[Predictor], allowed: np.ndarray
) -> dict[str, TraitScores]:
    """The scores of each trait, by name, as of the end of the history.

    Args:
        allowed: bool [customers]: who may be scored at all.
    """
    features, names = list_features(), name_features()
    table = build_features(history, history.until)
    scores = {}
    for predictor in predictors:
        if predictor.names != names:
            raise ValueError(f"{predictor.trait.name} was fitted on other features than this code has")
        customers = predictor.trait.find_customers(history, history.until)
        customers = customers[allowed[customers]]
        rows = table[customers]
        # Ranked before calibration, which makes many equal; equal ones share the lower place.
        ranks = rankdata(predictor.score(rows), method="min") if len(rows) else np.zeros(0)
        scores[predictor.trait.name] = TraitScores(
            customers,
            predictor.predict(rows) if len(rows) else np.zeros(0),
            np.ceil(100 * ranks / max(len(rows), 1)).astype(int),
            list_reasons(rows, predictor.explain(rows), features) if len(rows) else [],
        )
    return scores
