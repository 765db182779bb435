"""What the gates are told of an examined model beside its quality: what it is compared with, and
its flaws.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models import model_flaws
from models.gate import REMEMBERED, usual
from models.inference import top_n
from models.registry import Registry, Version
from models.time_split import Case, Windows
from spark_jobs.train.evaluate import BASELINES, SERVED, Evaluation
from spark_jobs.train.matrices import TrainingMatrices
from spark_jobs.train.offline_tests import measure_scores, score_test_case
from spark_jobs.train.provenance import REFIT

# customers that the model to be served is asked about; seconds, where the whole test would take minutes
MOST_SAMPLED_CUSTOMERS = 300
FIRST_PAGE = 10


@dataclass(frozen=True)
class GateReference:
    """What tonight is compared with; None where there is nothing to compare with.

    Attributes:
        quality, coverage: means so far, of the same configuration or of the accepted one on the same
        customers. n_customers: customers the accepted model was fitted on. until: the day before which what
        it learned from ends.
    """

    quality: float | None = None
    coverage: float | None = None
    n_customers: float | None = None
    until: int | None = None


def find_refused_refits(registry: Registry, champion: Version, configuration: str) -> list[Version]:
    """The refits of a configuration that were refused since its accepted one. After a rollback accepted ones
    are newer too.

    Args:
        configuration: as `provenance.hash_configuration` says it.
    """
    return [
        later
        for later in registry.after(champion)
        if later.kind == REFIT and not later.accepted and later.tags.get("configuration") == configuration
    ]


def build_gate_reference(champion: Version, refused: Sequence[Version], config_hash: str) -> GateReference:
    """What a refit of the accepted configuration is compared with.

    Args:
        refused: later refits of it, none accepted. A level that has lasted for `REMEMBERED` nights is the new
            usual where it is lower; without that a shop that shrank for good would be served the model of its
            great days for ever. A higher one is not: labels that leak every night would be what is asked of
            the eighth.
        config_hash: tonight's; under other settings (another window of days) counts and shares are of other
            things.
    """
    lasting = refused[-REMEMBERED:] if len(refused) >= REMEMBERED else []
    quality = _lower_level(
        usual(champion.qualities), usual([each.qualities[-1] for each in lasting if each.qualities])
    )
    if champion.tags.get("config_hash") != config_hash:
        return GateReference(quality, until=champion.until)
    alike = [each for each in lasting if each.tags.get("config_hash") == config_hash]
    shares = _lower_level(
        usual(champion.coverages), usual([each.coverages[-1] for each in alike if each.coverages])
    )
    customers = _lower_level(
        champion.n_customers, usual([each.n_customers for each in alike if each.n_customers is not None])
    )
    return GateReference(quality, shares, customers, champion.until)


def _lower_level(held: float | None, lasting: float | None) -> float | None:
    """What was, or what has lasted where that is lower; without a level that was, there is nothing to give
    way from.
    """
    return held if held is None or lasting is None else min(held, lasting)


def read_catalogue_coverage(examined: Evaluation, name: str = SERVED) -> float | None:
    """Share of the shop's items that anybody is shown first; None without a test."""
    return examined.board[name].coverage["discover"] if name in examined.board else None


def compute_mean_quality(examined: Evaluation, name: str = SERVED) -> float | None:
    """Mean over customers; None without a test, or where nobody counts."""
    found = examined.quality(name) if name in examined.board else np.array([])
    return float(np.nanmean(found)) if (~np.isnan(found)).any() else None


def find_model_flaws(
    material: TrainingMatrices, cut: Windows | None, examined: Evaluation, due: int, before: GateReference
) -> list[str]:
    """Everything wrong with the model, a sentence each.

    Args:
        cut: the windows the model was tested by.
        due: the newest landing day of the night, counted from 1970-01-01.
    """
    model, behaviour = examined.artifact, material.training.behaviour
    unknown = tuple(
        name for part in [model.blend, *model.blend.parts] for name in getattr(part, "may_be_unknown", ())
    )
    found = [
        model_flaws.not_numbers(model.blend.arrays(), unknown),
        model_flaws.renumbered(model.item_ids, material.item_ids, "items"),
        model_flaws.renumbered(model.customer_ids, material.customer_ids, "customers"),
        model_flaws.stale(np.unique(behaviour.day), due, before.until),
        model_flaws.narrowed(
            behaviour.n_customers, before.n_customers, "the number of customers learned from"
        ),
    ]
    if cut and examined.test is not None and not any(found):
        found += find_test_flaws(material, cut, examined, before)
    return [sentence for sentence in found if sentence]


def find_test_flaws(
    material: TrainingMatrices, cut: Windows, examined: Evaluation, before: GateReference
) -> list[str | None]:
    """What the days of the test tell of the model that would be served, which has learned from them."""
    rows, few = sample_test_customers(examined.test)
    scores = score_test_case(material, examined.artifact.blend, few, cut.test_from)
    first_pages, _ = top_n(scores, FIRST_PAGE, np.broadcast_to(material.allowed, scores.shape))
    quality = examined.quality()
    baselines = {name: mean for name in BASELINES if (mean := compute_mean_quality(examined, name))}
    return [
        model_flaws.too_good(quality, before.quality, baselines),
        model_flaws.impersonal(first_pages),
        model_flaws.misplaced(
            measure_scores(material, scores, few).quality, quality[rows], examined.quality("popularity")[rows]
        ),
        model_flaws.narrowed(
            read_catalogue_coverage(examined),
            before.coverage,
            "the share of items that anybody is shown first",
        ),
    ]


def sample_test_customers(test: Case, seed: int = 0) -> tuple[np.ndarray, Case]:
    """Rows of at most `MOST_SAMPLED_CUSTOMERS` customers of a test, and the test of these alone."""
    rows = np.sort(
        np.random.default_rng(seed).choice(len(test), min(MOST_SAMPLED_CUSTOMERS, len(test)), replace=False)
    )
    return rows, test.rows(rows)
