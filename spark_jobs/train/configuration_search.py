"""Search the best weighted blend: on the days before the test, within a budget of seconds and memory."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.data_shape import DataShape
from models.fit_limits import explain_unfittable
from models.recommenders import build_recommender
from models.registry import TrialRun
from models.search import (
    CELL,
    MIB,
    Recipe,
    SearchEffort,
    SearchRung,
    Trial,
    compute_items_per_customer,
    compute_mean_quality,
    estimate_trial_bytes,
    get_memory_limit,
    list_recipes,
    list_trials,
    list_validation_windows,
    order_recipes,
    select_promoted_recipes,
)
from spark_jobs.train.blend_weights import ScoredRecipe, select_weights
from spark_jobs.train.budget import SearchBudget
from spark_jobs.train.offline_tests import MOST_CELLS, draw_test_case
from spark_jobs.train.training_run import TrainingRun
from spark_jobs.train.trials import TrialOutcome, run_trials, share_matrices

MOST_TEST_CUSTOMERS = 1000  # of a trial; more make the search slower and hardly better
FEWEST_TEST_CUSTOMERS = 300
# Of the scores of all recipes on the latest window, which the driver holds until the first rung is decided.
SCORES_BYTES = 1 << 30
FIRST_NIGHT, OFF_CYCLE = "first_night", "off_cycle"
# Served where nothing better was found.
FALLBACK = {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}}


@dataclass(frozen=True)
class SearchResult:
    """A configuration, and the trials that led to it.

    Attributes:
        report: what the search cost, what was refused or failed and why, what time did not allow.
        best: of each part that was tried to the end, the full parameters of its best recipe by itself, in the
            blend or not.
    """

    configuration: dict[str, Any]
    trials: list[TrialRun]
    report: dict[str, Any] = field(default_factory=dict)
    best: dict[str, dict[str, Any]] = field(default_factory=dict)


def read_effort(space: Mapping[str, Any], name: str, density: float = 0.0) -> SearchEffort:
    """What a search of this name may cost, its recipes in the order they are tried, and its rungs.

    Args:
        density: how many different items a customer had; decides the order of the recipes.

    Raises:
        ValueError: the space has no effort of this name; the message lists those it has.
    """
    if name not in space["efforts"]:
        raise ValueError(f"unknown effort {name!r}; known: {', '.join(space['efforts'])}")
    effort, ordered = space["efforts"][name], order_recipes(space, density)
    parts = {part: ordered[part] for part in effort.get("parts", ordered)}
    rungs = [SearchRung(**rung) for rung in effort["rungs"]]
    return SearchEffort(float(effort["seconds"]), list_recipes(parts, effort.get("recipes")), rungs)


def search_weighted_blend(
    training: TrainingRun, space: Mapping[str, Any], effort: str = FIRST_NIGHT
) -> SearchResult:
    """The best weighted blend of the space on the windows before the test.

    The same matrices, seed and space give the same configuration on one core or many, on threads or a
    cluster, as long as the seconds suffice; where they do not, that of the trials made up to then.
    """
    matrices, windows = training.matrices, training.windows
    costs = read_effort(space, effort, compute_items_per_customer(matrices.training.behaviour))
    budget = SearchBudget(costs.seconds, get_memory_limit(space))
    search = SuccessiveHalving(training, space, costs.recipes, budget)
    finalists = search.select_finalists(costs.rungs)
    search.trial_seconds = budget.spent_seconds
    if not finalists:
        return SearchResult(FALLBACK, search.trials, search.report(effort))
    test = draw_test_case(
        matrices, windows.validate_from, windows.test_from, search.n_customers, training.seed
    )
    blend = select_weights(matrices, finalists, test, space["weights"], budget)
    # A part's best recipe comes first in the finalists: read backwards, it is the one that stays.
    best = {each.part: dict(each.parameters) for each in reversed(finalists)}
    report = search.report(effort, blend.was_cut)
    return SearchResult(blend.configuration, [*search.trials, *blend.trials], report, best)


class SuccessiveHalving:
    """One search: recipes that are still in, what was measured of them, and what is to be reported.

    On each rung every recipe left gets more windows or epochs; the better share of them goes on.

    Attributes:
        n_customers: of each test.
        trials: made so far.
        refused: by recipe, why it was not tried or failed.
        not_made: trials that the budget did not allow.
    """

    def __init__(
        self,
        training: TrainingRun,
        space: Mapping[str, Any],
        candidates: Sequence[Recipe],
        budget: SearchBudget,
    ) -> None:
        self.training, self.space, self.recipes, self.budget = training, space, candidates, budget
        n_items = training.matrices.training.behaviour.n_items
        fitting_in_memory = SCORES_BYTES // (CELL * n_items * max(len(self.recipes), 1))
        most = min(MOST_TEST_CUSTOMERS, max(fitting_in_memory, FEWEST_TEST_CUSTOMERS), MOST_CELLS // n_items)
        self.n_customers = max(1, most)
        self.trials: list[TrialRun] = []
        self.refused: dict[str, str] = {}
        self.not_made: list[str] = []
        self.trial_seconds = 0.0

    def select_finalists(self, rungs: Sequence[SearchRung]) -> list[ScoredRecipe]:
        """Run the rungs; of each part its best recipes, the best first."""
        training, matrices = self.training, self.training.matrices
        windows = list_validation_windows(
            training.windows, int(matrices.training.behaviour.day.min()), max(rung.windows for rung in rungs)
        )
        going, known = self.select_fittable(), {}
        quality: dict[str, float] = {}
        units: dict[str, np.ndarray] = {}
        with share_matrices(matrices, training.shared_folder) as shared:
            for n, rung in enumerate(rungs, start=1):
                trials = list_trials(going, rung, windows, training.seed)
                new = [trial for trial in trials if trial.same_fit not in known]
                outcomes = run_trials(
                    training.spark, shared, new, self.n_customers, self.budget, f"search-rung-{n}"
                )
                self.record_rung(n, outcomes, new)
                known |= {outcome.trial.same_fit: outcome.quality for outcome in outcomes}
                units |= {
                    outcome.trial.recipe.label: outcome.scores
                    for outcome in outcomes
                    if outcome.scores is not None
                }
                was_cut = len(outcomes) < len(new)
                if was_cut and quality:
                    break  # not every recipe was given more, so the rung before decides
                quality = average_quality(trials, known)
                going = select_promoted_recipes(going, quality, self.space["keep"], self.space["finalists"])
                units = {recipe.label: units[recipe.label] for recipe in going}
                if was_cut:
                    break
        last = sorted(
            select_promoted_recipes(going, quality, 0.0, self.space["finalists"]),
            key=lambda each: -quality[each.label],
        )
        return [ScoredRecipe(recipe.part, recipe.fill_defaults(), units[recipe.label]) for recipe in last]

    def select_fittable(self) -> list[Recipe]:
        """The recipes that the data and a trial's memory allow; the others are refused with a reason."""
        shape, memory_bytes = (
            DataShape.from_training(self.training.matrices.training),
            self.budget.memory_bytes,
        )
        for recipe in self.recipes:
            needed = estimate_trial_bytes(recipe, shape, self.n_customers)
            if needed > memory_bytes:
                self.refused[recipe.label] = (
                    f"would take {needed // MIB} MiB; a trial may take {memory_bytes // MIB}"
                )
            elif reason := explain_unfittable(
                build_recommender(recipe.part, recipe.parameters), shape, memory_bytes
            ):
                self.refused[recipe.label] = reason
        return [recipe for recipe in self.recipes if recipe.label not in self.refused]

    def record_rung(self, rung: int, outcomes: Sequence[TrialOutcome], planned: Sequence[Trial]) -> None:
        """Record a rung's trials, and the planned ones that were not made."""
        for outcome in outcomes:
            self.trials.append(describe_trial(outcome, rung))
            if outcome.reason:
                self.refused[outcome.trial.recipe.label] = outcome.reason
        self.not_made += [
            f"rung {rung}, window {each.window + 1}: {each.recipe.label}" for each in planned[len(outcomes) :]
        ]

    def report(self, effort: str, weights_were_cut: bool = False) -> dict[str, Any]:
        """What the search cost, and what it did not do."""
        return {
            "effort": effort,
            "budget_seconds": self.budget.seconds,
            "seconds": round(self.budget.spent_seconds, 1),
            "trial_seconds": round(self.trial_seconds, 1),
            "memory_mb": self.budget.memory_bytes // MIB,
            "n_recipes": len(self.recipes),
            "n_trials": len(self.trials),
            "n_customers_asked": self.n_customers,
            "refused": self.refused,
            "not_made": self.not_made,
            "was_cut": bool(self.not_made) or weights_were_cut,
        }


def average_quality(trials: Sequence[Trial], known: Mapping[tuple, np.ndarray | None]) -> dict[str, float]:
    """By label, the mean quality of the recipes whose trials were all made and none failed."""
    by_label: dict[str, list[np.ndarray | None]] = {}
    for trial in trials:
        by_label.setdefault(trial.recipe.label, []).append(known.get(trial.same_fit))
    return {
        label: compute_mean_quality(values)
        for label, values in by_label.items()
        if all(value is not None for value in values)
    }


def describe_trial(outcome: TrialOutcome, rung: int) -> TrialRun:
    """A trial as MLflow tracks it: parameters with part, seed, rung and days; metrics with its costs."""
    trial = outcome.trial
    parameters = {
        "part": trial.recipe.part,
        "seed": trial.seed,
        "rung": rung,
        "asked_from": trial.asked_from,
        **trial.parameters,
    }
    costs = {
        "seconds": outcome.seconds,
        "cpu_seconds": outcome.cpu_seconds,
        "peak_memory_mb": outcome.peak_bytes / MIB,
    }
    metrics = {name: round(value, 3) for name, value in costs.items()}
    if outcome.quality is None:
        return TrialRun(trial.recipe.part, {**parameters, "failed": outcome.reason}, metrics)
    quality = compute_mean_quality([outcome.quality])
    return TrialRun(trial.recipe.part, parameters, {"quality": quality, **metrics})
