"""What is fitted, on what it is tested and how its lists are measured: the small words that training is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.base import Customers, Recommender
from models.evaluation import Facts, Measured, measure
from models.split import Case, case
from spark_jobs.train.matrices import Material

MOST_CELLS = 50_000_000  # customers × items held at once: 200 MB a recommender


@dataclass(frozen=True)
class Fit:
    """One fit to be made: a recommender, its parameters, and the day before which it may look."""

    part: str
    before: int
    parameters: Mapping[str, Any] = field(default_factory=dict)


def test_case(material: Material, first: int, until: int, most: int, seed: int) -> Case:
    """The test on the days from `first` up to `until`, of customers who were there before."""
    behaviour = material.training.behaviour
    most = max(1, min(most, MOST_CELLS // behaviour.n_items))
    return case(behaviour.before(first), behaviour.before(until).since(first), material.allowed, most, seed)


def score(material: Material, recommender: Recommender, test: Case, before: int) -> np.ndarray:
    """float32 [customers of the test, items], from what was known before the day."""
    return recommender.score(Customers.of(material.training.before(before), test.customers))


def measured(
    material: Material, scores: np.ndarray, test: Case, facts: Facts | None = None,
    item_slices: Mapping[str, np.ndarray] | None = None,
) -> Measured:  # fmt: skip
    """The lists as they would be served: what was bought is left out unless it is a thing that is bought again."""
    excluded = test.seen.multiply(~material.consumable).tocsr()
    return measure(scores, test, material.allowed, excluded, facts=facts, item_slices=item_slices)
