"""Weighing the parts against each other: which recipe of each, and what it counts in the blend."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.evaluation.part_worth import prune
from models.recommenders import make_blend
from models.registry import Trial
from models.search import mean_quality
from models.time_split import Case
from spark_jobs.train.budget import SearchBudget
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import measure_scores

SWEEPS = 2


@dataclass(frozen=True, eq=False)  # compared by identity: an array has no truth
class ScoredRecipe:
    """One part with one set of parameters, fitted before the window and asked on it.

    Attributes:
        units: float32 [customers asked, items], its scores brought to 0…1.
    """

    part: str
    parameters: Mapping[str, Any]
    units: np.ndarray


@dataclass(frozen=True)
class BlendResult:
    """A configuration, a trial a sweep, and whether time ended it before a sweep changed nothing."""

    configuration: dict[str, Any]
    trials: list[Trial]
    was_cut: bool


def select_weights(
    material: TrainingMatrices,
    candidates: Sequence[ScoredRecipe],
    test: Case,
    space: Mapping[str, Any],
    budget: SearchBudget,
) -> BlendResult:
    """Parameters and weight of each part, one part at a time to its best, until a sweep over the parts
    changes nothing.

    Judged within the blend, not alone: a part may be worth most where the others say nothing.

    Args:
        candidates: at least one; a part's first is the one it starts with.
        space: `start`, `steps` and `least` of weights.
    """
    tried_for = {
        part: [c for c in candidates if c.part == part] for part in sorted({c.part for c in candidates})
    }
    held = {part: (tried[0], float(space["start"].get(part, 0.0))) for part, tried in tried_for.items()}
    if not any(weight for _, weight in held.values()):
        held = {part: (candidate, max(space["steps"])) for part, (candidate, _) in held.items()}

    def quality_of(choice: Mapping[str, tuple[ScoredRecipe, float]]) -> np.ndarray:
        blend = make_blend({"parts": {}, "weights": {part: weight for part, (_, weight) in choice.items()}})
        scores = blend.combine({part: choice[part][0].units for part in blend.weights})
        return measure_scores(material, scores, test).quality

    best, trials = mean_quality([quality_of(held)]), []
    for sweep in range(SWEEPS):
        before = dict(held)
        for part, choice in _list_alternatives(tried_for, space):
            other = {**held, part: choice}
            if other == held or not any(weight for _, weight in other.values()):
                continue
            if budget.is_exhausted:
                break
            found = mean_quality([quality_of(other)])
            if found > best:
                best, held = found, other
        weights = {part: weight for part, (_, weight) in held.items() if weight > 0}
        trials.append(
            Trial(
                f"blend, sweep {sweep + 1}",
                {f"weight.{part}": w for part, w in weights.items()},
                {"quality": best},
            )
        )
        if budget.is_exhausted or held == before:
            break
    # A part is fitted, scored and kept every night: what it adds must be above zero with its interval, or it
    # goes (down to the least weight it may have). The lightest is asked first.
    least = {part: min(weight, float(space["least"].get(part, 0.0))) for part, weight in weights.items()}

    def lightened(kept: Collection[str]) -> dict[str, tuple[ScoredRecipe, float]]:
        return {**held, **{part: (held[part][0], least[part]) for part in weights if part not in kept}}

    asked = sorted(
        (part for part in weights if weights[part] > least[part]), key=lambda part: (weights[part], part)
    )
    kept, worths = (
        prune(asked, lambda some: quality_of(lightened(some)), lambda: budget.is_exhausted)
        if asked
        else (frozenset(), [])
    )
    held = lightened(kept) if asked else held
    best = mean_quality([quality_of(held)])
    weights = {part: weight for part, (_, weight) in held.items() if weight > 0}
    added = {
        f"adds.{each.part}{end}": value
        for each in worths
        for end, value in (("", each.mean), (".low", each.low))
    }
    trials.append(
        Trial("blend", {f"weight.{part}": w for part, w in weights.items()}, {"quality": best, **added})
    )
    parts = {part: dict(held[part][0].parameters) for part in weights}
    return BlendResult({"parts": parts, "weights": weights}, trials, budget.is_exhausted)


def _list_alternatives(
    tried_for: Mapping[str, Sequence[ScoredRecipe]], space: Mapping[str, Any]
) -> list[tuple[str, tuple[ScoredRecipe, float]]]:
    """What is tried in one sweep, in order: every recipe of a part with every weight that it may have."""
    return [
        (part, (candidate, float(step)))
        for part, tried in tried_for.items()
        for candidate in tried
        for step in space["steps"]
        if step >= space["least"].get(part, 0.0)
    ]
