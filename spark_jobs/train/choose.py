"""Choosing a configuration, on the days before the test and on no other: parameters by part, then the weights of the blend."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pyspark.sql import SparkSession

from models.base import Recommender
from models.blend import unit
from models.recommenders import make, make_blend
from models.split import Case, Windows
from models.tracking import Trial
from spark_jobs.train.fits import Fit, fit_all, measured, score, test_case
from spark_jobs.train.matrices import Material

SPACE = Path(__file__).resolve().parents[2] / "models" / "config" / "search.yml"
CUSTOMERS = 1500  # asked while choosing; more make the choice slower and hardly better
SWEEPS = 2


@dataclass(frozen=True)
class Chosen:
    """A configuration and how it came about."""

    configuration: dict[str, Any]
    trials: list[Trial]


def read_space(path: Path = SPACE) -> dict[str, Any]:
    """What a search may try."""
    return yaml.safe_load(path.read_text())


def choose(spark: SparkSession, material: Material, cut: Windows, seed: int, space: Mapping[str, Any]) -> Chosen:
    """The best configuration of the space on the window before the test."""
    fits = [Fit(part, cut.validate_from, parameters) for part, tried in space["parts"].items() for parameters in tried]
    test = test_case(material, cut.validate_from, cut.test_from, CUSTOMERS, seed)
    best: dict[str, tuple[float, dict[str, Any], np.ndarray]] = {}
    trials = []
    for fit, fitted in zip(fits, fit_all(spark, material, fits, seed), strict=True):
        scores = score(material, fitted, test, cut.validate_from)
        quality = _quality(material, scores, test)
        trials.append(Trial(f"{fit.part}", {"part": fit.part, **asdict(fitted)}, {"quality": quality}))
        if fit.part not in best or quality > best[fit.part][0]:
            best[fit.part] = (quality, asdict(fitted), unit(scores))
    units = {part: held[2] for part, held in best.items()}
    weights, weighed = choose_weights(material, units, test, space["weights"])
    parts = {part: best[part][1] for part in sorted(weights)}
    return Chosen({"parts": parts, "weights": {part: weights[part] for part in sorted(weights)}}, [*trials, *weighed])


def choose_weights(
    material: Material, units: Mapping[str, np.ndarray], test: Case, space: Mapping[str, Any]
) -> tuple[dict[str, float], list[Trial]]:
    """Weights of the blend: one at a time to its best step, in the order of the names, until a sweep changes nothing."""
    weights = {part: float(space["start"].get(part, 0.0)) for part in sorted(units)}

    def quality(weights: Mapping[str, float]) -> float:
        if not any(weights.values()):
            return -np.inf
        blend = make_blend({"parts": {}, "weights": weights})
        return _quality(material, blend.combine(units), test)

    best, trials = quality(weights), []
    for sweep in range(SWEEPS):
        before = dict(weights)
        for part in weights:
            for step in space["steps"]:
                tried = {**weights, part: float(step)}
                if step < space["least"].get(part, 0.0) or tried == weights:
                    continue
                found = quality(tried)
                if found > best:
                    best, weights = found, tried
        trials.append(
            Trial(
                f"weights, sweep {sweep + 1}", {f"weight.{part}": weight for part, weight in weights.items()}, {"quality": best}
            )
        )
        if weights == before:
            break
    return {part: weight for part, weight in weights.items() if weight > 0}, trials


def defaults(part: str) -> Recommender:
    """A recommender with its own defaults."""
    return make(part)


def _quality(material: Material, scores: np.ndarray, test: Case) -> float:
    if not len(test.customers):
        return 0.0
    return float(np.nanmean(measured(material, scores, test).quality))


def names(space: Mapping[str, Any]) -> Sequence[str]:
    """The parts a search knows."""
    return sorted(space["parts"])
