"""Factors for fold-in: fitted on everything, and how far fold-in is trusted, measured cohort by cohort."""

from typing import Any, NamedTuple

from models import artifact
from models.evaluation import fold_in
from models.evaluation.fold_in import FoldInModel
from models.recommenders.als import ALS
from models.time_split import HoldoutCase
from spark_jobs.engine.shared_objects import share_object
from spark_jobs.engine.tasks import run_tasks
from spark_jobs.train.training_run import TrainingRun


class FoldInFit(NamedTuple):
    """Factors, and what was measured of them.

    Attributes:
        model: on everything, with the trust that the test measured.
        cohorts: the quality of fold-in against a refit, a row per cohort.
        early: before the test, with the same trust; None without a test.
    """

    model: FoldInModel
    cohorts: list[dict[str, Any]]
    early: FoldInModel | None = None


def fit_fold_in_factors(training: TrainingRun, test: HoldoutCase | None) -> FoldInFit:
    """The factors; without a test the trust is zero and there are no rows.

    Three fits, each a Spark task: on everything, and before the test with and without the customers who are
    treated as arriving in it.
    """
    matrices, seed = training.matrices, training.seed
    trainings = [matrices.training]
    if test is not None:
        cohorts = fold_in.draw_cohorts(test, seed)
        trainings += fold_in.split_training(matrices.training.before(training.windows.test_from), cohorts)
    with share_object(trainings, training.shared_folder) as shared:

        def fit(n: int) -> bytes:
            return artifact.pack_arrays(ALS().fit(shared.value[n], seed).arrays())

        packed = run_tasks(training.spark, fit, range(len(trainings)))
    fitted = [ALS().restore(artifact.unpack_arrays(each)) for each in packed]
    if test is None:
        return FoldInFit(FoldInModel(fitted[0]), [])
    rows = fold_in.evaluate_fold_in(test, matrices.allowed, cohorts, trainings[1], *fitted[1:])
    trust = fold_in.extract_fold_in_trust(rows)
    return FoldInFit(FoldInModel(fitted[0], trust), rows, FoldInModel(fitted[1], trust))
