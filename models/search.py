"""A configuration search as a list of trials: their order, which recipes are promoted, what fits into memory.

Successive halving (Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter
optimization", 2016): every recipe gets a little, the better share of each part's recipes gets more, and so
on. What a rung gives is windows to be asked on and, to what learns by epochs, epochs. Recipes compete within
their part only: a part that is weak alone may be worth most in a blend.

Nothing here knows Spark or a clock: the same space gives the same trials in the same order, whoever works
them off.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from models.data_shape import DataShape
from models.recommenders import build_recommender, get_parameters
from models.time_split import HoldoutWindows
from models.training_data import Behaviour

SPACE = Path(__file__).parent / "config" / "search.yml"
MIB = 1 << 20
CELL = 4  # bytes of a score
SCORE_COPIES = (
    4  # scores, the mask of what is open, the ranked copy, the part brought to 0…1: what asking holds at once
)


@dataclass(frozen=True)
class Recipe:
    """A part with one set of its parameters.

    Attributes:
        place: its line in the space; ties go to the lower one.
    """

    place: int
    part: str
    parameters: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.part} {json.dumps(dict(self.parameters), sort_keys=True)}"

    def fill_defaults(self) -> dict[str, Any]:
        """Its parameters with the defaults filled in."""
        return get_parameters(build_recommender(self.part, self.parameters))

    @property
    def learns_by_epochs(self) -> bool:
        """Such a recipe can be judged by a share of them, and what it finds depends on the seed."""
        return "epochs" in self.fill_defaults()

    def shortened(self, share: float) -> dict[str, Any]:
        """The parameters of a trial that gets this share of the epochs, at least one."""
        full = self.fill_defaults()
        return {**full, "epochs": max(1, round(full["epochs"] * share))} if "epochs" in full else full


@dataclass(frozen=True)
class SearchRung:
    """How much each recipe that is still in gets: the latest `split_into_windows`, a share of its epochs,
    seeds.
    """

    windows: int = 1
    epochs_share: float = 1.0
    seeds: int = 1


@dataclass(frozen=True)
class Trial:
    """One trial to be made: fit a recipe on the days before `asked_from`, ask it on those up to
    `asked_until`.

    Attributes:
        seed_number: 0 is the seed that is served.
    """

    recipe: Recipe
    parameters: Mapping[str, Any]
    seed: int
    seed_number: int
    window: int
    asked_from: int
    asked_until: int

    @property
    def is_weighed(self) -> bool:
        """Whether what it scored is kept: the parts are weighed against each other on the latest window, with
        the seed served.
        """
        return self.window == 0 and self.seed_number == 0

    @property
    def same_fit(self) -> tuple[str, str, int, int]:
        """Equal for trials that would fit and ask the same."""
        return self.recipe.part, json.dumps(dict(self.parameters), sort_keys=True), self.seed, self.window


@dataclass(frozen=True)
class SearchEffort:
    """The budget of a search in seconds, its recipes and its rungs."""

    seconds: float
    recipes: Sequence[Recipe]
    rungs: Sequence[SearchRung]


def read_search_space(path: Path = SPACE) -> dict[str, Any]:
    """The search space of a YAML file: recipes, budget, memory limit, parts of a learned blend."""
    return yaml.safe_load(path.read_text())


def get_memory_limit(space: Mapping[str, Any]) -> int:
    """Bytes that one fit may take beside the data."""
    return space["memory_mb"] * MIB


def compute_items_per_customer(behaviour: Behaviour) -> float:
    """How many different items a customer had, the mean over those who did anything; 0 where nobody did."""
    pairs = np.unique(behaviour.customer.astype(np.int64) * behaviour.n_items + behaviour.item)
    return len(pairs) / max(len(np.unique(behaviour.customer)), 1)


def order_recipes(space: Mapping[str, Any], density: float) -> dict[str, list[Mapping[str, Any]]]:
    """Each part's recipes in the order in which they are tried: what dense data begin with comes last in
    sparse ones.

    Args:
        space: `parts`; where it says so, under `dense` how many `compute_items_per_customer` are dense, and
            the `parts` for that.
        density: of `compute_items_per_customer`.
    """
    dense = space.get("dense", {"items_per_customer": 0, "parts": {}})
    is_dense, parts = density >= dense["items_per_customer"], {}
    for part, usual in space["parts"].items():
        first = dense["parts"].get(part, [])
        parts[part] = [*first, *usual] if is_dense else [*usual, *first]
    return parts


def list_recipes(parts: Mapping[str, Sequence[Mapping[str, Any]]], most: int | None = None) -> list[Recipe]:
    """The recipes of a space, the first of each part, then the second of each: a search that is cut short
    knows every part.

    Args:
        most: of each part; None for all.

    Raises:
        ValueError: a part or a parameter that does not exist.
    """
    listed = sorted(
        (nth, place, part) for place, part in enumerate(parts) for nth in range(len(parts[part][:most]))
    )
    recipes = [Recipe(place, part, dict(parts[part][nth])) for place, (nth, _, part) in enumerate(listed)]
    for recipe in recipes:
        recipe.fill_defaults()
    return recipes


def list_validation_windows(cut: HoldoutWindows, first: int, most: int) -> list[tuple[int, int]]:
    """The windows a search may ask on, [from, until), latest first, none of them in the test.

    Each has as many days as the one before the test and at least as many of history before it; at most
    `most`, at least one.

    Args:
        first: the first day of history.
    """
    days = cut.test_from - cut.validate_from
    windows = [(cut.validate_from - n * days, cut.test_from - n * days) for n in range(max(most, 1))]
    return [windows[0], *[window for window in windows[1:] if window[0] - first >= days]]


def list_trials(
    recipes: Sequence[Recipe], rung: SearchRung, windows: Sequence[tuple[int, int]], seed: int
) -> list[Trial]:
    """The trials of one rung in the order in which they are made: the latest window first, recipes in the
    order of the space.
    """
    return [
        Trial(recipe, recipe.shortened(rung.epochs_share), seed + n, n, window, *windows[window])
        for window in range(min(rung.windows, len(windows)))
        for n in range(rung.seeds)
        for recipe in recipes
        if n == 0 or recipe.learns_by_epochs
    ]


def select_promoted_recipes(
    recipes: Sequence[Recipe], quality: Mapping[str, float], promoted_share: float, least: int
) -> list[Recipe]:
    """Of each part the better share of the recipes that were judged, at least `least`; in the order of the
    space.

    Args:
        quality: mean quality by recipe's label; a recipe that is not in it was not judged, and does not go
            on.
        promoted_share: share that goes on, rounded up.
    """
    promoted_recipes: list[Recipe] = []
    for part in dict.fromkeys(recipe.part for recipe in recipes):
        judged = [recipe for recipe in recipes if recipe.part == part and recipe.label in quality]
        best = sorted(judged, key=lambda recipe: (-quality[recipe.label], recipe.place))
        promoted_recipes += best[: max(least, math.ceil(promoted_share * len(judged)))]
    return sorted(promoted_recipes, key=lambda recipe: recipe.place)


def estimate_trial_bytes(recipe: Recipe, shape: DataShape, n_asked: int) -> int:
    """Bytes that a trial is expected to hold at its peak beside the data: the fit, and the scores of those
    asked.
    """
    return SCORE_COPIES * CELL * n_asked * shape.n_items + build_recommender(
        recipe.part, recipe.parameters
    ).estimate_bytes(shape)


def compute_mean_quality(qualities: Sequence[np.ndarray]) -> float:
    """The mean over trials of their mean over customers; a customer who does not count (nan) is left out, 0
    when none counts.
    """
    means = [float(np.nanmean(values)) for values in qualities if (~np.isnan(values)).any()]
    return float(np.mean(means)) if means else 0.0
