"""Inputs of the acceptance gate beside quality: the figures a model is compared with, and its flaws."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import model_flaws
from models.gate import REMEMBERED, compute_usual_quality
from models.inference import select_top_items
from models.model_version import ModelVersion
from models.registry import ModelRegistry
from models.time_split import HoldoutCase
from spark_jobs.train.evaluate import BASELINES, SERVED, Evaluation
from spark_jobs.train.offline_tests import measure_scores, score_test_case
from spark_jobs.train.provenance import REFIT
from spark_jobs.train.training_run import TrainingRun

# Customers for whom the model to be served is scored: seconds, where the whole test would take minutes.
MOST_SAMPLED_CUSTOMERS = 300
FIRST_PAGE = 10


@dataclass(frozen=True)
class GateReference:
    """The figures a model is compared with; None where there is nothing to compare with.

    Attributes:
        quality, coverage: means so far, of the same configuration, or of the accepted one on the same
            customers.
        n_customers: customers the accepted model was fitted on.
        until: the day after the last one that the accepted model was fitted on.
    """

    quality: float | None = None
    coverage: float | None = None
    n_customers: float | None = None
    until: int | None = None


def find_refused_refits(
    registry: ModelRegistry, champion: ModelVersion, configuration: str
) -> list[ModelVersion]:
    """The refits of a configuration that were refused since its accepted version. Accepted refits that are
    newer, as after a rollback, are left out.

    Args:
        configuration: its hash, by `provenance.hash_configuration`.
    """
    return [
        later
        for later in registry.list_versions_after(champion)
        if later.kind == REFIT and not later.accepted and later.tags.get("configuration") == configuration
    ]


def build_gate_reference(
    champion: ModelVersion, refused: Sequence[ModelVersion], config_hash: str
) -> GateReference:
    """The figures that a refit of the accepted configuration is compared with.

    A level that has lasted for `REMEMBERED` nights replaces the champion's where it is lower: a shop that
    shrank for good would otherwise be served an old model for ever. A higher level does not: if labels leaked
    every night, the gate would come to demand the leaking quality.

    Args:
        refused: later refits of it, none accepted.
        config_hash: tonight's. Under other settings (another window of days) customers and coverage are not
            comparable, so these are None.
    """
    lasting = refused[-REMEMBERED:] if len(refused) >= REMEMBERED else []
    quality = _lower_level(
        compute_usual_quality(champion.qualities),
        compute_usual_quality([each.qualities[-1] for each in lasting if each.qualities]),
    )
    if champion.tags.get("config_hash") != config_hash:
        return GateReference(quality, until=champion.until)
    alike = [each for each in lasting if each.tags.get("config_hash") == config_hash]
    shares = _lower_level(
        compute_usual_quality(champion.coverages),
        compute_usual_quality([each.coverages[-1] for each in alike if each.coverages]),
    )
    customers = _lower_level(
        champion.n_customers,
        compute_usual_quality([each.n_customers for each in alike if each.n_customers is not None]),
    )
    return GateReference(quality, shares, customers, champion.until)


def _lower_level(level: float | None, lasting: float | None) -> float | None:
    """The level, or the lasting one where that is lower; None without a level."""
    return level if level is None or lasting is None else min(level, lasting)


def read_catalogue_coverage(evaluation: Evaluation, name: str = SERVED) -> float | None:
    """Share of the shop's items that are in the top of any list; None without a test."""
    return evaluation.board[name].coverage["discover"] if name in evaluation.board else None


def compute_mean_quality(evaluation: Evaluation, name: str = SERVED) -> float | None:
    """Mean quality over customers; None without a test, or where no customer counts."""
    quality = evaluation.quality(name) if name in evaluation.board else np.array([])
    return float(np.nanmean(quality)) if (~np.isnan(quality)).any() else None


def find_model_flaws(
    training: TrainingRun, evaluation: Evaluation, due_day: int, reference: GateReference
) -> list[str]:
    """Everything wrong with the model, a sentence each.

    Args:
        due_day: the newest landing date of the run, counted from 1970-01-01.
    """
    matrices, model = training.matrices, evaluation.artifact
    behaviour = matrices.training.behaviour
    unknown = tuple(name for part in [model.blend, *model.blend.parts] for name in part.nullable_arrays)
    flaws = [
        model_flaws.find_missing_numbers(model.blend.arrays(), unknown),
        model_flaws.find_renumbered_ids(model.item_ids, matrices.item_ids, "items"),
        model_flaws.find_renumbered_ids(model.customer_ids, matrices.customer_ids, "customers"),
        model_flaws.find_stale_behaviour(np.unique(behaviour.day), due_day, reference.until),
        model_flaws.find_shrunk_coverage(
            behaviour.n_customers, reference.n_customers, "the number of customers learned from"
        ),
    ]
    if training.windows and evaluation.test is not None and not any(flaws):
        flaws += find_test_flaws(training, evaluation, reference)
    return [sentence for sentence in flaws if sentence]


def find_test_flaws(
    training: TrainingRun, evaluation: Evaluation, reference: GateReference
) -> list[str | None]:
    """What the test says against the model that would be served, which was fitted on the test's days too."""
    matrices, test_from = training.matrices, training.windows.test_from
    rows, few = sample_test_customers(evaluation.test)
    scores = score_test_case(matrices, evaluation.artifact.blend, few, test_from)
    first_pages, _ = select_top_items(scores, FIRST_PAGE, np.broadcast_to(matrices.allowed, scores.shape))
    quality = evaluation.quality()
    baselines = {name: mean for name in BASELINES if (mean := compute_mean_quality(evaluation, name))}
    coverage = read_catalogue_coverage(evaluation)
    return [
        model_flaws.find_implausible_quality(quality, reference.quality, baselines),
        model_flaws.find_impersonal_lists(first_pages),
        model_flaws.find_misplaced_items(
            measure_scores(matrices, scores, few).quality,
            quality[rows],
            evaluation.quality("popularity")[rows],
        ),
        model_flaws.find_shrunk_coverage(
            coverage, reference.coverage, "the share of items that anybody is shown first"
        ),
    ]


def sample_test_customers(test: HoldoutCase, seed: int = 0) -> tuple[np.ndarray, HoldoutCase]:
    """Rows of at most `MOST_SAMPLED_CUSTOMERS` customers of a test, and the test of these alone."""
    rows = np.sort(
        np.random.default_rng(seed).choice(len(test), min(MOST_SAMPLED_CUSTOMERS, len(test)), replace=False)
    )
    return rows, test.rows(rows)
