"""Choosing a configuration: on the days before the test, and on no other, within a budget of seconds and
memory.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyspark import SparkContext
from pyspark.sql import SparkSession

from models.data_shape import Shape
from models.fit_limits import reason_against
from models.recommenders import make
from models.registry import Trial
from models.search import (
    CELL,
    MIB,
    Attempt,
    Effort,
    Recipe,
    Rung,
    asked,
    attempts,
    in_order,
    items_per_customer,
    mean_quality,
    memory_of,
    needed_bytes,
    promoted,
    recipes,
)
from models.time_split import Windows
from spark_jobs.train.blend_weights import ScoredRecipe, select_weights
from spark_jobs.train.budget import SearchBudget
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import MOST_CELLS, draw_test_case
from spark_jobs.train.trials import TrialOutcome, broadcast_matrices, run_trials

MOST_TEST_CUSTOMERS = 1000  # asked while choosing; more make the choice slower and hardly better
FEWEST_TEST_CUSTOMERS = 300
SCORES_BYTES = (
    1 << 30
)  # of all recipes on the latest window, held by the driver until the first rung is judged
FIRST_NIGHT, OFF_CYCLE = "first_night", "off_cycle"
FALLBACK = {
    "parts": {"popularity": {}},
    "weights": {"popularity": 1.0},
}  # served where nothing better was found


@dataclass(frozen=True)
class SearchResult:
    """A configuration, and the trials it came of.

    Attributes:
        report: what the search cost, what was refused or failed and why, what time did not allow.
        best: of each part that was judged, the full parameters of its best recipe by itself, in the blend or
            not.
    """

    configuration: dict[str, Any]
    trials: list[Trial]
    report: dict[str, Any] = field(default_factory=dict)
    best: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_effort(space: Mapping[str, Any], name: str, density: float = 0.0) -> Effort:
    """What a search of this name may cost, and what it tries first.

    Args:
        density: how many different items a customer had; settles the order of the recipes.

    Raises:
        ValueError: the space knows no effort of this name; says which it knows.
    """
    if name not in space["efforts"]:
        raise ValueError(f"unknown effort {name!r}; known: {', '.join(space['efforts'])}")
    said, ordered = space["efforts"][name], in_order(space, density)
    parts = {part: ordered[part] for part in said.get("parts", ordered)}
    return Effort(
        float(said["seconds"]), recipes(parts, said.get("recipes")), [Rung(**rung) for rung in said["rungs"]]
    )


def search_weighted_blend(
    spark: SparkSession,
    material: TrainingMatrices,
    cut: Windows,
    seed: int,
    space: Mapping[str, Any],
    effort: str = FIRST_NIGHT,
) -> SearchResult:
    """The best configuration of the space on the windows before the test.

    The same material, seed and space give the same configuration on one core or many, on threads or a
    cluster, as long as the seconds suffice; where they do not, that of the trials made up to then.
    """
    costs = read_effort(space, effort, items_per_customer(material.training.behaviour))
    budget = SearchBudget(costs.seconds, memory_of(space))
    search = SuccessiveHalving(spark.sparkContext, material, cut, seed, space, costs.recipes, budget)
    finalists = search.halve(costs.rungs)
    search.trial_seconds = budget.spent_seconds
    if not finalists:
        return SearchResult(FALLBACK, search.trials, search.report(effort))
    test = draw_test_case(material, cut.validate_from, cut.test_from, search.n_asked, seed)
    weighed = select_weights(material, finalists, test, space["weights"], budget)
    best = {
        one.part: dict(one.parameters) for one in reversed(finalists)
    }  # a part's first comes last, and stays
    return SearchResult(
        weighed.configuration, [*search.trials, *weighed.trials], search.report(effort, weighed.was_cut), best
    )


class SuccessiveHalving:
    """One search under way: who is still in, what was measured, what there is to say."""

    def __init__(
        self,
        context: SparkContext,
        material: TrainingMatrices,
        cut: Windows,
        seed: int,
        space: Mapping[str, Any],
        tried: Sequence[Recipe],
        budget: SearchBudget,
    ) -> None:
        self.context, self.material, self.cut, self.seed, self.space, self.budget = (
            context,
            material,
            cut,
            seed,
            space,
            budget,
        )
        self.recipes = tried
        n_items = material.training.behaviour.n_items
        at_once = SCORES_BYTES // (CELL * n_items * max(len(self.recipes), 1))
        self.n_asked = max(
            1, min(MOST_TEST_CUSTOMERS, max(at_once, FEWEST_TEST_CUSTOMERS), MOST_CELLS // n_items)
        )
        self.trials: list[Trial] = []
        self.refused: dict[str, str] = {}
        self.not_made: list[str] = []
        self.trial_seconds = 0.0

    def halve(self, rungs: Sequence[Rung]) -> list[ScoredRecipe]:
        """The finalists: of each part its best recipes, the best first."""
        windows = asked(
            self.cut, int(self.material.training.behaviour.day.min()), max(rung.windows for rung in rungs)
        )
        going, known = self.fitting(), {}
        quality: dict[str, float] = {}
        units: dict[str, np.ndarray] = {}
        shared = broadcast_matrices(self.context, self.material)
        for n, rung in enumerate(rungs, start=1):
            wanted = attempts(going, rung, windows, self.seed)
            new = [attempt for attempt in wanted if attempt.same_fit not in known]
            made = run_trials(self.context, shared, new, self.n_asked, self.budget, f"search, rung {n}")
            self.note(n, made, new)
            known |= {outcome.attempt.same_fit: outcome.quality for outcome in made}
            units |= {
                outcome.attempt.recipe.label: outcome.scores for outcome in made if outcome.scores is not None
            }
            was_cut = len(made) < len(new)
            if was_cut and quality:
                break  # not everybody was given more, so what everybody was given decides
            quality = average_quality(wanted, known)
            going = promoted(going, quality, self.space["keep"], self.space["finalists"])
            units = {recipe.label: units[recipe.label] for recipe in going}
            if was_cut:
                break
        shared.unpersist()
        last = sorted(
            promoted(going, quality, 0.0, self.space["finalists"]), key=lambda one: -quality[one.label]
        )
        return [ScoredRecipe(recipe.part, recipe.full(), units[recipe.label]) for recipe in last]

    def fitting(self) -> list[Recipe]:
        """The recipes that have what they need of the data and of a trial's memory; the others are refused
        with a reason.
        """
        shape = Shape.of(self.material.training)
        for recipe in self.recipes:
            needed = needed_bytes(recipe, shape, self.n_asked)
            if needed > self.budget.memory_bytes:
                self.refused[recipe.label] = (
                    f"would take {needed // MIB} MiB; a trial may take {self.budget.memory_bytes // MIB}"
                )
            elif reason := reason_against(
                make(recipe.part, recipe.parameters), shape, self.budget.memory_bytes
            ):
                self.refused[recipe.label] = reason
        return [recipe for recipe in self.recipes if recipe.label not in self.refused]

    def note(self, rung: int, made: Sequence[TrialOutcome], planned: Sequence[Attempt]) -> None:
        """Write down a rung's trials, and those that were not made."""
        for outcome in made:
            self.trials.append(describe_trial(outcome, rung))
            if outcome.reason:
                self.refused[outcome.attempt.recipe.label] = outcome.reason
        self.not_made += [
            f"rung {rung}, window {a.window + 1}: {a.recipe.label}" for a in planned[len(made) :]
        ]

    def report(self, effort: str, weighing_was_cut: bool = False) -> dict[str, Any]:
        """What the search cost, and what it did not do."""
        return {
            "effort": effort,
            "budget_seconds": self.budget.seconds,
            "seconds": round(self.budget.spent_seconds, 1),
            "trial_seconds": round(self.trial_seconds, 1),
            "memory_mb": self.budget.memory_bytes // MIB,
            "n_recipes": len(self.recipes),
            "n_trials": len(self.trials),
            "n_customers_asked": self.n_asked,
            "refused": self.refused,
            "not_made": self.not_made,
            "was_cut": bool(self.not_made) or weighing_was_cut,
        }


def average_quality(wanted: Sequence[Attempt], known: Mapping[tuple, np.ndarray | None]) -> dict[str, float]:
    """By label, the mean quality of the recipes whose trials were all made and none failed."""
    found: dict[str, list[np.ndarray | None]] = {}
    for attempt in wanted:
        found.setdefault(attempt.recipe.label, []).append(known.get(attempt.same_fit))
    return {
        label: mean_quality(values)
        for label, values in found.items()
        if all(value is not None for value in values)
    }


def describe_trial(outcome: TrialOutcome, rung: int) -> Trial:
    """A trial as it is tracked: parameters with part, seed, rung and days; figures with what it cost."""
    attempt = outcome.attempt
    said = {"part": attempt.recipe.part, "seed": attempt.seed, "rung": rung, "asked_from": attempt.asked_from}
    costs = {
        "seconds": outcome.seconds,
        "cpu_seconds": outcome.cpu_seconds,
        "peak_memory_mb": outcome.peak_bytes / MIB,
    }
    figures = {name: round(value, 3) for name, value in costs.items()}
    if outcome.quality is None:
        return Trial(attempt.recipe.part, {**said, **attempt.parameters, "failed": outcome.reason}, figures)
    quality = mean_quality([outcome.quality])
    return Trial(attempt.recipe.part, {**said, **attempt.parameters}, {"quality": quality, **figures})
