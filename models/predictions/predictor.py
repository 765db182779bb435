"""Gradient-boosted trees (LightGBM) of one trait, calibrated, and what speaks for each prediction."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from models.predictions.calibration import (
    NO_CALIBRATION,
    Calibration,
    choose_calibration,
    fit_scale,
    sigmoid,
)
from models.predictions.cuts import Examples
from models.predictions.measures import POWER
from models.predictions.traits import Trait
from models.reproducible_trees import REPRODUCIBLE

if TYPE_CHECKING:
    from lightgbm import Booster


class UnlearnableError(ValueError):
    """There is nothing to tell apart."""


@dataclass(frozen=True)
class TreeSettings:
    """How the trees are grown. A few small ones: a shop of 2,000 customers has no more to say."""

    rounds: int = 150
    leaves: int = 8
    learning_rate: float = 0.04
    least_rows: int = 40  # in a leaf
    seeds: int = 3  # the scores of as many fits are averaged


@dataclass(frozen=True)
class Predictor:
    """A fitted and calibrated trait.

    Attributes:
        trees: LightGBM's text of each fit.
        names: of the features, in the order of the table's columns.
    """

    trait: Trait
    names: tuple[str, ...]
    trees: tuple[str, ...]
    calibration: Calibration = NO_CALIBRATION

    @cached_property
    def boosters(self) -> list["Booster"]:
        from lightgbm import Booster

        return [Booster(model_str=text) for text in self.trees]

    def score(self, table: np.ndarray) -> np.ndarray:
        """float64 [rows]: log-odds, or the logarithm of an amount, before calibration."""
        return np.mean([b.predict(table, raw_score=True, num_threads=1) for b in self.boosters], axis=0)

    def predict(self, table: np.ndarray) -> np.ndarray:
        """float64 [rows]: calibrated probabilities or amounts."""
        return self.calibration.apply(self.link(self.score(table)))

    def link(self, scores: np.ndarray) -> np.ndarray:
        """Probabilities or amounts of scores, before calibration."""
        return sigmoid(scores) if self.trait.is_probability else np.exp(scores)

    def explain(self, table: np.ndarray) -> np.ndarray:
        """float64 [rows, features + 1]: what each feature adds to the score (TreeSHAP, Lundberg et al. 2020),
        and last what everybody starts with. A row adds up to `score`.
        """
        return np.mean([b.predict(table, pred_contrib=True, num_threads=1) for b in self.boosters], axis=0)


def fit_predictor(
    trait: Trait,
    names: tuple[str, ...],
    fit: Examples,
    calibrate: Examples,
    settings: TreeSettings,
    seed: int,
) -> Predictor:
    """Trees of the fit's examples, calibrated by the later ones.

    Raises:
        UnlearnableError: all examples came out the same.
    """
    if len(np.unique(fit.labels)) < 2:
        raise UnlearnableError(
            f"{trait.name}: all {len(fit):,} examples came out the same, so nothing can be learned"
        )
    trees = tuple(grow_trees(trait, names, fit, settings, seed + n) for n in range(settings.seeds))
    raw = Predictor(trait, names, trees)
    scores = raw.link(raw.score(calibrate.table))
    if trait.is_probability:
        calibration = choose_calibration(scores, calibrate.labels, seed)
    else:
        calibration = fit_scale(scores, calibrate.labels)
    return Predictor(trait, names, trees, calibration)


def grow_trees(trait: Trait, names: tuple[str, ...], fit: Examples, settings: TreeSettings, seed: int) -> str:
    """One fit, as LightGBM's text; the same rows and seed give the same text."""
    from lightgbm import Dataset, train

    parameters = {
        "objective": "binary" if trait.is_probability else "tweedie",
        "num_leaves": settings.leaves,
        "learning_rate": settings.learning_rate,
        "min_data_in_leaf": settings.least_rows,
        "max_bin": 63,
        "feature_fraction": 0.5,
        "bagging_fraction": 0.7,
        "bagging_freq": 1,
        "lambda_l2": 5.0,
        "seed": seed,
        **REPRODUCIBLE,
    }
    if not trait.is_probability:
        parameters["tweedie_variance_power"] = POWER
    data = Dataset(fit.table, fit.labels, feature_name=list(names), params=parameters)
    return train(parameters, data, settings.rounds).model_to_string()
