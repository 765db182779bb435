"""Fits spread over Spark's workers: one task a fit, each on one thread, the material broadcast once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from pyspark.sql import SparkSession

from models import artifact
from models.base import Customers, Recommender
from models.evaluation import Facts, Measured, measure
from models.recommenders import make
from models.split import Case, case
from spark_jobs.train.matrices import Material

MOST_CELLS = 50_000_000  # customers × items held at once: 200 MB a recommender


@dataclass(frozen=True)
class Fit:
    """One fit to be made: a recommender, its parameters, and the day before which it may look."""

    part: str
    before: int
    parameters: Mapping[str, Any] = field(default_factory=dict)


def fit_all(spark: SparkSession, material: Material, fits: Sequence[Fit], seed: int) -> list[Recommender]:
    """Every fit's recommender, in the order asked for; the costly ones are started first."""
    shared = spark.sparkContext.broadcast(material.training)
    order = sorted(range(len(fits)), key=lambda n: (fits[n].part != "lightfm", n))

    def work(n: int) -> tuple[int, bytes]:
        fit = fits[n]
        fitted = make(fit.part, fit.parameters).fit(shared.value.before(fit.before), seed)
        return n, artifact.pack(fitted.arrays())

    made = dict(spark.sparkContext.parallelize(order, len(order)).map(work).collect())
    shared.unpersist()
    return [make(fit.part, fit.parameters).restore(artifact.unpack(made[n])) for n, fit in enumerate(fits)]


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
