"""Factors for fold-in: fitted on everything, and how far fold-in is trusted, measured cohort by cohort."""

from typing import Any

from models import artifact
from models.evaluation import fold_in
from models.evaluation.fold_in import FoldIn
from models.recommenders.als import ALS
from models.time_split import Case
from spark_jobs.train.training_run import TrainingRun


def fit_fold_in_factors(training: TrainingRun, test: Case | None) -> tuple[FoldIn, list[dict[str, Any]]]:
    """The factors with the trust that the test measured, and a row per cohort; without a test the trust is
    zero and there are no rows.

    Three fits, each a Spark task: on everything, and before the test with and without the customers who are
    treated as arriving in it.
    """
    matrices, seed = training.matrices, training.seed
    trainings = [matrices.training]
    if test is not None:
        cohorts = fold_in.arrivals(test, seed)
        trainings += fold_in.two_trainings(matrices.training.before(training.windows.test_from), cohorts)
    context = training.spark.sparkContext
    shared = context.broadcast(trainings)

    def fit(n: int) -> tuple[int, bytes]:
        return n, artifact.pack(ALS().fit(shared.value[n], seed).arrays())

    packed = dict(context.parallelize(range(len(trainings)), len(trainings)).map(fit).collect())
    shared.unpersist()
    fitted = [ALS().restore(artifact.unpack(packed[n])) for n in range(len(trainings))]
    if test is None:
        return FoldIn(fitted[0]), []
    rows = fold_in.report(test, matrices.allowed, cohorts, trainings[1], *fitted[1:])
    return FoldIn(fitted[0], fold_in.trust_of(rows)), rows
