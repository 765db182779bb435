"""What is fitted, on what it is tested and how its lists are measured: the small words that training is made
of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.base import Customers, Recommender, rows_at_once
from models.blending.learned import LearnedBlend
from models.blending.weighted import Blend
from models.evaluation import TASKS, Facts, Measured, measure, measure_lists
from models.evaluation.comparison import K
from models.listing.lists import tested
from models.time_split import Case, case
from spark_jobs.train.matrices import TrainingMatrices

MOST_CELLS = 50_000_000  # customers × items held at once: 200 MB a recommender


@dataclass(frozen=True)
class FitRequest:
    """One fit to be made: a recommender, its parameters, and the day before which it may look."""

    part: str
    before: int
    parameters: Mapping[str, Any] = field(default_factory=dict)


def draw_test_case(material: TrainingMatrices, first: int, until: int, most: int, seed: int) -> Case:
    """The test on the days from `first` up to `until`, of customers who were there before."""
    behaviour = material.training.behaviour
    most = max(1, min(most, MOST_CELLS // behaviour.n_items))
    return case(behaviour.before(first), behaviour.before(until).since(first), material.allowed, most, seed)


def score_test_case(
    material: TrainingMatrices, recommender: Recommender, test: Case, before: int
) -> np.ndarray:
    """float32 [customers of the test, items], from what was known before the day."""
    return recommender.score(Customers.of(material.training.before(before), test.customers))


def measure_scores(
    material: TrainingMatrices,
    scores: np.ndarray,
    test: Case,
    facts: Facts | None = None,
    item_slices: Mapping[str, np.ndarray] | None = None,
) -> Measured:
    """Lists in the order of scores: what was bought is left out unless it is a thing that is bought again."""
    excluded = test.seen.multiply(~material.consumable).tocsr()
    return measure(scores, test, material.allowed, excluded, facts=facts, item_slices=item_slices)


def measure_served_lists(
    material: TrainingMatrices,
    blend: Blend | LearnedBlend,
    test: Case,
    before: int,
    facts: Facts | None = None,
    item_slices: Mapping[str, np.ndarray] | None = None,
) -> Measured:
    """A blend's lists as they would be served: those of a learned one varied, and proposed from what may be
    shown alone.
    """
    if not isinstance(blend, LearnedBlend):
        return measure_scores(
            material, score_test_case(material, blend, test, before), test, facts, item_slices
        )
    customers = Customers.of(material.training.before(before), test.customers)
    listed = {task: [np.full((0, K), -1, np.int32)] for task in TASKS}
    for _, block in customers.blocks(rows_at_once(test.n_items)):
        for task, items in tested(blend, block, material.allowed, material.consumable).items():
            listed[task].append(
                np.pad(items[:, :K], ((0, 0), (0, max(K - items.shape[1], 0))), constant_values=-1)
            )
    lists = {task: np.concatenate(blocks) for task, blocks in listed.items()}
    return measure_lists(lists, test, int(material.allowed.sum()), facts, item_slices)
