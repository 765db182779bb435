"""Select the weights of a blend: which recipe of each part, and its weight."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evaluation.part_worth import prune_parts
from models.recommenders import build_blend
from models.registry import TrialRun
from models.search import compute_mean_quality
from models.time_split import HoldoutCase
from spark_jobs.train.budget import SearchBudget
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import measure_scores

SWEEPS = 2


@dataclass(frozen=True, eq=False)  # compared by identity: an array has no truth value
class ScoredRecipe:
    """A recipe, fitted before the validation window, with its scores on it.

    Attributes:
        units: float32 [test customers, items], its scores scaled to 0…1.
    """

    part: str
    parameters: Mapping[str, Any]
    units: np.ndarray


@dataclass(frozen=True)
class BlendResult:
    """A configuration, a trial per sweep, and whether the budget ended it before a sweep changed nothing."""

    configuration: dict[str, Any]
    trials: list[TrialRun]
    was_cut: bool


Selection = dict[str, tuple[ScoredRecipe, float]]  # by part, its recipe and weight


def select_weights(
    matrices: TrainingMatrices,
    candidates: Sequence[ScoredRecipe],
    test: HoldoutCase,
    space: Mapping[str, Any],
    budget: SearchBudget,
) -> BlendResult:
    """Select recipe and weight of each part, one part at a time, until a sweep over them changes nothing.

    Quality is that of the whole blend, not of the part: a part may be worth most where the others score
    nothing.

    Args:
        candidates: at least one; a part starts with its first.
        space: `start`, `steps` and `least` of weights.
    """
    by_part = {
        part: [each for each in candidates if each.part == part]
        for part in sorted({each.part for each in candidates})
    }
    current = {part: (recipes[0], float(space["start"].get(part, 0.0))) for part, recipes in by_part.items()}
    if not any(weight for _, weight in current.values()):
        current = {part: (recipe, max(space["steps"])) for part, (recipe, _) in current.items()}

    def quality_of(selection: Selection) -> np.ndarray:
        weights = {part: weight for part, (_, weight) in selection.items()}
        blend = build_blend({"parts": {}, "weights": weights})
        scores = blend.combine({part: selection[part][0].units for part in blend.weights})
        return measure_scores(matrices, scores, test).quality

    best, trials = compute_mean_quality([quality_of(current)]), []
    for sweep in range(SWEEPS):
        before = dict(current)
        for part, alternative in _list_alternatives(by_part, space):
            other = {**current, part: alternative}
            if other == current or not any(weight for _, weight in other.values()):
                continue
            if budget.is_exhausted:
                break
            quality = compute_mean_quality([quality_of(other)])
            if quality > best:
                best, current = quality, other
        weights = _list_weights(current)
        trials.append(TrialRun(f"blend, sweep {sweep + 1}", _name_weights(weights), {"quality": best}))
        if budget.is_exhausted or current == before:
            break
    current, worths = _prune_parts(current, quality_of, space["least"], budget)
    best, weights = compute_mean_quality([quality_of(current)]), _list_weights(current)
    trials.append(TrialRun("blend", _name_weights(weights), {"quality": best, **worths}))
    parts = {part: dict(current[part][0].parameters) for part in weights}
    return BlendResult({"parts": parts, "weights": weights}, trials, budget.is_exhausted)


def _prune_parts(
    current: Selection,
    quality_of: Callable[[Selection], np.ndarray],
    least_weights: Mapping[str, float],
    budget: SearchBudget,
) -> tuple[Selection, dict[str, float]]:
    """The selection without the parts that add nothing, and by part what it adds: `adds.<part>`, and `.low`.

    A part is fitted, scored and stored every night, so the interval of what it adds must lie above zero;
    otherwise its weight goes down to the least it may have. The lightest part is tried first.
    """
    weights = _list_weights(current)
    least = {part: min(weight, float(least_weights.get(part, 0.0))) for part, weight in weights.items()}
    prunable = sorted(
        (part for part in weights if weights[part] > least[part]), key=lambda part: (weights[part], part)
    )
    if not prunable:
        return current, {}

    def lighten(retained: Collection[str]) -> Selection:
        lightened = {part: (current[part][0], least[part]) for part in weights if part not in retained}
        return {**current, **lightened}

    retained, worths = prune_parts(
        prunable, lambda parts: quality_of(lighten(parts)), lambda: budget.is_exhausted
    )
    return lighten(retained), {
        f"adds.{each.part}{end}": value
        for each in worths
        for end, value in (("", each.mean), (".low", each.low))
    }


def _list_alternatives(
    by_part: Mapping[str, Sequence[ScoredRecipe]], space: Mapping[str, Any]
) -> list[tuple[str, tuple[ScoredRecipe, float]]]:
    """What one sweep tries, in order: every recipe of a part with every weight that the part may have."""
    return [
        (part, (recipe, float(step)))
        for part, recipes in by_part.items()
        for recipe in recipes
        for step in space["steps"]
        if step >= space["least"].get(part, 0.0)
    ]


def _list_weights(selection: Selection) -> dict[str, float]:
    """The weights above zero."""
    return {part: weight for part, (_, weight) in selection.items() if weight > 0}


def _name_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """The weights as parameters of a trial."""
    return {f"weight.{part}": weight for part, weight in weights.items()}
