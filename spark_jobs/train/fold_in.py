"""Factors for placing customers by fresh events: fitted on everything, and what placing is worth, cohort by
cohort.
"""

from typing import Any

from pyspark.sql import SparkSession

from models import artifact
from models.evaluation import fold_in
from models.evaluation.fold_in import FoldIn
from models.recommenders.als import ALS
from models.time_split import Case, Windows
from spark_jobs.train.matrices import TrainingMatrices


def fit_fold_in(
    spark: SparkSession, material: TrainingMatrices, cut: Windows | None, test: Case | None, seed: int
) -> tuple[FoldIn, list[dict[str, Any]]]:
    """The factors, with the trust that the test gave; without a test nothing is measured and nothing is
    trusted.

    Three fits, each a Spark task: on everything, and before the test with and without those who are made to
    arrive.
    """
    trainings = [material.training]
    if cut is not None:
        cohorts = fold_in.arrivals(test, seed)
        trainings += fold_in.two_trainings(material.training.before(cut.test_from), cohorts)
    shared = spark.sparkContext.broadcast(trainings)

    def work(n: int) -> tuple[int, bytes]:
        return n, artifact.pack(ALS().fit(shared.value[n], seed).arrays())

    made = dict(spark.sparkContext.parallelize(range(len(trainings)), len(trainings)).map(work).collect())
    shared.unpersist()
    fitted = [ALS().restore(artifact.unpack(made[n])) for n in range(len(trainings))]
    if cut is None:
        return FoldIn(fitted[0]), []
    rows = fold_in.report(test, material.allowed, cohorts, trainings[1], *fitted[1:])
    return FoldIn(fitted[0], fold_in.trust_of(rows)), rows
