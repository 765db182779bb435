"""One trait from a history to a verdict: fitted, calibrated, tested on days kept out, and fitted again to be
used.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.gate import GateVerdict
from models.predictions.cuts import (
    CutPlan,
    HistoryTooShortError,
    build_examples,
    join_examples,
    plan_cuts,
)
from models.predictions.features import list_features
from models.predictions.gate import judge_trait, refuse_few_outcomes
from models.predictions.history import CustomerHistory
from models.predictions.leak_certificate import LeakCertificate, certify_features
from models.predictions.measures import (
    PROBABILITY_MEASURES,
    SPEND_MEASURES,
    list_deciles,
    measure_with_intervals,
)
from models.predictions.past_rows import Feature, LeakError
from models.predictions.predictor import Predictor, TreeSettings, UnlearnableError, fit_predictor
from models.predictions.rfm_rule import fit_rfm_rule
from models.predictions.traits import Trait

MODEL, RFM = "model", "rfm"
# Twelve cuts of them are 240,000 rows: beyond, what a fit costs does not grow with the shop.
MOST_CUSTOMERS = 20_000


@dataclass(frozen=True)
class TestedTrait:
    """A trait fitted before a test window, and how it and the rule did in it.

    Attributes:
        customers: int [n]: who was tested.
        outcomes, predicted, by_rule: float [n].
        certificate: what each feature reads, and that it reads no more.
    """

    plan: CutPlan
    customers: np.ndarray
    outcomes: np.ndarray
    predicted: np.ndarray
    by_rule: np.ndarray
    certificate: LeakCertificate


@dataclass(frozen=True)
class TraitResult:
    """What came of one trait.

    Attributes:
        predictor: to be used; None where the trait stays away.
        verdict: why.
        figures: measures of the test window, by prediction.
    """

    trait: Trait
    verdict: GateVerdict
    predictor: Predictor | None = None
    figures: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    deciles: list[dict[str, float]] = field(default_factory=list)
    certificate: LeakCertificate | None = None
    plan: CutPlan | None = None

    def report(self) -> dict[str, Any]:
        """The result as JSON's types."""
        return {
            "trait": self.trait.name,
            "verdict": self.verdict.word,
            "reason": self.verdict.reason,
            "figures": self.figures,
            "deciles": self.deciles,
            "cuts": vars(self.plan) if self.plan else {},
            "certificate": self.certificate.report() if self.certificate else {},
        }


def train_trait(
    history: CustomerHistory, trait: Trait, seed: int, settings: TreeSettings | None = None
) -> TraitResult:
    """Test the trait on the last days, and fit it on all of them where it passed. A leak is a refusal.

    Of a larger shop `MOST_CUSTOMERS` are learned from and tested.
    """
    settings = settings or TreeSettings()
    history = history.sample_customers(MOST_CUSTOMERS, seed)
    first = int(history.day.min()) if len(history) else history.until
    try:
        plan = plan_cuts(first, history.until, trait.days, is_tested=True)
        tested = evaluate_trait(history, trait, plan, seed, settings)
    except HistoryTooShortError as short:
        return TraitResult(trait, GateVerdict(False, f"history is too short: {short}"))
    except (UnlearnableError, LeakError) as refused:
        return TraitResult(trait, GateVerdict(False, str(refused)))
    few = refuse_few_outcomes(tested.outcomes)
    if few:
        return TraitResult(trait, few, certificate=tested.certificate, plan=plan)
    figures = measure_trait(tested, trait, seed)
    verdict = judge_trait(trait, figures, tested.outcomes)
    predictor = fit_newest(history, trait, first, seed, settings) if verdict.accepted else None
    deciles = list_deciles(tested.predicted, tested.outcomes)
    return TraitResult(trait, verdict, predictor, figures, deciles, tested.certificate, plan)


def evaluate_trait(
    history: CustomerHistory,
    trait: Trait,
    plan: CutPlan,
    seed: int,
    settings: TreeSettings,
    features: tuple[Feature, ...] | None = None,
) -> TestedTrait:
    """Fit before the test window, and predict into it.

    Args:
        features: other features than `list_features`.

    Raises:
        LeakError: a feature knows what came after a cut.
    """
    features = list_features() if features is None else features
    names = tuple(feature.name for feature in features)
    certificate = certify_features(history, features, plan.calibrate, trait)
    fit = [build_examples(history, trait, (cut,), features) for cut in plan.fit]
    calibrate, test = (
        build_examples(history, trait, (cut,), features) for cut in (plan.calibrate, plan.test)
    )
    predictor = fit_predictor(trait, names, join_examples(fit), calibrate, settings, seed)
    rule = fit_rfm_rule([*fit, calibrate], names)
    return TestedTrait(
        plan,
        test.customer,
        test.labels,
        predictor.predict(test.table),
        rule.predict(test.table, names),
        certificate,
    )


def measure_trait(tested: TestedTrait, trait: Trait, seed: int) -> dict[str, dict[str, list[float]]]:
    """Every measure of the model, of the rule, and of the first over the second."""
    predictions = {MODEL: tested.predicted, RFM: tested.by_rule}
    measures = PROBABILITY_MEASURES if trait.is_probability else SPEND_MEASURES
    return measure_with_intervals(predictions, tested.outcomes, measures, seed)


def fit_newest(
    history: CustomerHistory, trait: Trait, first: int, seed: int, settings: TreeSettings
) -> Predictor:
    """The predictor to be used: fitted as the tested one, on cuts one horizon later."""
    plan = plan_cuts(first, history.until, trait.days, is_tested=False)
    names = tuple(feature.name for feature in list_features())
    fit, calibrate = (build_examples(history, trait, cuts) for cuts in (plan.fit, (plan.calibrate,)))
    return fit_predictor(trait, names, fit, calibrate, settings, seed)
