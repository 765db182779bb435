"""Choosing a configuration: on the days before the test, and on no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from pyspark.sql import SparkSession

from models.blend import unit
from models.recommenders import make_blend, parameters_of
from models.split import Case, Windows
from models.tracking import Trial
from spark_jobs.train.fits import Fit, fit_all, measured, score, test_case
from spark_jobs.train.matrices import Material

SPACE = Path(__file__).resolve().parents[2] / "models" / "config" / "search.yml"
CUSTOMERS = 1000  # asked while choosing; more make the choice slower and hardly better
SWEEPS = 2


@dataclass(frozen=True)
class Candidate:
    """One part with one set of parameters, fitted before the window and asked on it."""

    part: str
    parameters: dict[str, Any]
    units: np.ndarray


@dataclass(frozen=True)
class Chosen:
    """A configuration, and the trials it came of."""

    configuration: dict[str, Any]
    trials: list[Trial]


def read_space(path: Path = SPACE) -> dict[str, Any]:
    """What a search may try."""
    return yaml.safe_load(path.read_text())


def choose(spark: SparkSession, material: Material, cut: Windows, seed: int, space: Mapping[str, Any]) -> Chosen:
    """The best configuration of the space on the window before the test."""
    fits = [Fit(part, cut.validate_from, parameters) for part, tried in space["parts"].items() for parameters in tried]
    test = test_case(material, cut.validate_from, cut.test_from, CUSTOMERS, seed)
    candidates, trials = [], []
    for fit, fitted in zip(fits, fit_all(spark, material, fits, seed), strict=True):
        scores = score(material, fitted, test, cut.validate_from)
        candidates.append(Candidate(fit.part, parameters_of(fitted), unit(scores)))
        trials.append(Trial(fit.part, {"part": fit.part, **parameters_of(fitted)}, {"quality": quality(material, scores, test)}))
    configuration, weighed = weigh(material, candidates, test, space["weights"])
    return Chosen(configuration, [*trials, *weighed])


def weigh(
    material: Material, candidates: list[Candidate], test: Case, space: Mapping[str, Any]
) -> tuple[dict[str, Any], list[Trial]]:
    """Parameters and weight of each part, one part at a time to its best, until a sweep over the parts changes nothing.

    Judged within the blend, not alone: a part may be worth most where the others say nothing.
    """
    tried_for = {part: [c for c in candidates if c.part == part] for part in sorted({c.part for c in candidates})}
    held = {part: (tried[0], float(space["start"].get(part, 0.0))) for part, tried in tried_for.items()}

    def worth(choice: Mapping[str, tuple[Candidate, float]]) -> float:
        blend = make_blend({"parts": {}, "weights": {part: weight for part, (_, weight) in choice.items()}})
        return quality(material, blend.combine({part: choice[part][0].units for part in blend.weights}), test)

    best, trials = worth(held), []
    for sweep in range(SWEEPS):
        before = dict(held)
        for part, tried in tried_for.items():
            for choice in [(candidate, float(step)) for candidate in tried for step in space["steps"]]:
                other = {**held, part: choice}
                if choice[1] < space["least"].get(part, 0.0) or not any(weight for _, weight in other.values()):
                    continue
                found = worth(other)
                if found > best:
                    best, held = found, other
        weights = {part: weight for part, (_, weight) in held.items() if weight > 0}
        trials.append(Trial(f"blend, sweep {sweep + 1}", {f"weight.{part}": w for part, w in weights.items()}, {"quality": best}))
        if held == before:
            break
    return {"parts": {part: held[part][0].parameters for part in weights}, "weights": weights}, trials


def quality(material: Material, scores: np.ndarray, test: Case) -> float:
    """Mean quality over the customers asked; 0 when there are none."""
    found = measured(material, scores, test).quality
    return float(np.nanmean(found)) if (~np.isnan(found)).any() else 0.0
