"""From a history to a verdict: what can be learned passes, noise and short histories stay away."""

from dataclasses import replace

import numpy as np
import pytest

from models.artifact import DigestError
from models.predictions.artifact import PredictionArtifact
from models.predictions.cuts import HistoryTooShortError, plan_cuts
from models.predictions.features import build_features, list_features
from models.predictions.gate import judge_trait
from models.predictions.history import PURCHASE, VIEW
from models.predictions.predictor import TreeSettings
from models.predictions.reasons import LOWERS, RAISES, list_reasons
from models.predictions.scoring import score_customers
from models.predictions.training import train_trait
from models.predictions.traits import CHURN_TRAIT, PURCHASE_TRAIT, SPEND_TRAIT, Trait
from tests.models.predictions.conftest import build_history

QUICK = TreeSettings(rounds=60, seeds=1)
FEATURES = list_features()
BUYS, SPENDS = Trait(PURCHASE_TRAIT, 14), Trait(SPEND_TRAIT, 14)


@pytest.fixture(scope="module")
def fitted(shop):
    return [train_trait(shop, trait, 1, QUICK) for trait in (BUYS, SPENDS)]


def test_what_can_be_learned_is_measured_beside_the_rule_and_fitted_to_the_end(shop, fitted):
    for result in fitted:
        assert set(result.figures) == {"model", "rfm", "over rfm"}
        assert result.plan.test == shop.until - result.trait.days
        assert len(result.deciles) == 10 and result.certificate.cut == result.plan.calibrate
    assert fitted[0].figures["model"]["auc"][0] > 0.7 and fitted[0].figures["model"]["ece"][0] < 0.05


def test_noise_stays_away_and_says_why(shop):
    generator = np.random.default_rng(3)
    noise = replace(
        shop,
        customer=generator.integers(0, shop.n_customers, len(shop)).astype(np.int32),
        day=generator.integers(0, shop.until, len(shop)).astype(np.int32),
    )
    result = train_trait(noise, BUYS, 1, QUICK)
    assert result.predictor is None and result.verdict.word == "refused"
    assert "not above zero" in result.verdict.reason
    assert result.report()["verdict"] == "refused" and result.report()["figures"]


def test_a_short_history_stays_away_and_says_how_much_is_missing(shop):
    result = train_trait(shop.before(45), Trait(PURCHASE_TRAIT, 30), 1, QUICK)
    assert result.predictor is None and not result.figures
    assert result.verdict.reason.endswith(
        "days of history; 105 are needed: 3 times the horizon of 30 days and 15 before"
    )


def test_a_shop_where_nobody_buys_again_stays_away(shop):
    once = shop.where(shop.day < 20)
    quiet = replace(once, until=shop.until)
    assert train_trait(quiet, BUYS, 1, QUICK).verdict.reason.startswith("0 of 622 tested customers")
    empty = once.where(once.day < 0)
    assert "0 days of history" in train_trait(empty, BUYS, 1, QUICK).verdict.reason


def test_equal_outcomes_teach_nothing():
    never = build_history([(n, 1, VIEW, 1, 0.0, 0) for n in range(100)], 100, 100)
    assert "came out the same" in train_trait(never, BUYS, 1, QUICK).verdict.reason


def test_windows_by_hand():
    plan = plan_cuts(0, 100, 14, is_tested=True)
    assert (plan.test, plan.calibrate) == (86, 72) and plan.fit == (9, 16, 23, 30, 37, 44, 51, 58)
    newest = plan_cuts(0, 100, 14, is_tested=False)
    assert (newest.test, newest.calibrate, newest.fit[-1]) == (None, 86, 72)
    assert plan_cuts(0, 49, 14, is_tested=True).fit == (7,)
    with pytest.raises(HistoryTooShortError, match="48 days of history; 49 are needed"):
        plan_cuts(0, 48, 14, is_tested=True)


def test_who_is_asked_and_what_came_by_hand(shop):
    churn = Trait(CHURN_TRAIT, 10, active_days=20)
    asked, left = churn.find_customers(shop, 50), churn.compute_labels(shop, 50)
    bought = shop.where(shop.kind == PURCHASE)
    before = set(bought.customer[(bought.day >= 30) & (bought.day < 50)])
    after = set(bought.customer[(bought.day >= 50) & (bought.day < 60)])
    assert set(asked) == before
    assert {customer for customer in asked if left[customer]} == before - after
    with pytest.raises(ValueError, match="needs days to 121"):
        churn.compute_labels(shop, 111)


@pytest.mark.parametrize(
    ("auc", "low", "ece", "n_came", "accepted", "words"),
    [
        pytest.param(0.1, 0.02, 0.05, 200, True, "better by 0.1000", id="better and calibrated"),
        pytest.param(0.1, -0.01, 0.01, 200, False, "not above zero", id="perhaps no better"),
        pytest.param(0.1, 0.02, 0.051, 200, False, "not calibrated", id="not calibrated"),
        pytest.param(0.1, 0.02, 0.01, 29, False, "at least 30 of each", id="too few outcomes"),
    ],
)
def test_the_gate(auc, low, ece, n_came, accepted, words):
    figures = {
        "model": {"auc": [0.8, 0.7, 0.9], "ece": [ece, 0, 1]},
        "rfm": {"auc": [0.8 - auc, 0.6, 0.8], "ece": [0, 0, 0]},
        "over rfm": {"auc": [auc, low, 0.2]},
    }
    outcomes = np.zeros(500)
    outcomes[:n_came] = 1
    verdict = judge_trait(BUYS, figures, outcomes)
    assert verdict.accepted == accepted and words in verdict.reason


def test_the_gate_of_amounts_wants_less_deviance_and_a_total_that_fits():
    outcomes = np.tile([0.0, 1.0], 100)
    figures = {
        "model": {"deviance": [3.0, 2.0, 4.0], "total": [1.0, 0.9, 1.1]},
        "rfm": {"deviance": [5.0, 4.0, 6.0]},
        "over rfm": {"deviance": [-2.0, -3.0, -0.5]},
    }
    assert "better by 2.0000 [0.5000, 3.0000]" in judge_trait(SPENDS, figures, outcomes).reason
    figures["model"]["total"] = [1.4, 1.3, 1.5]
    assert not judge_trait(SPENDS, figures, outcomes).accepted
    figures["over rfm"]["deviance"] = [-2.0, -3.0, 0.5]
    assert "not above zero" in judge_trait(SPENDS, figures, outcomes).reason


def test_the_same_seed_gives_the_same_bytes_and_files_give_the_same_predictions(shop, fitted, tmp_path):
    again = [train_trait(shop, result.trait, 1, QUICK) for result in fitted]
    kept = PredictionArtifact(tuple(result.predictor for result in fitted))
    digests = kept.save(tmp_path)
    assert PredictionArtifact(tuple(result.predictor for result in again)).save(tmp_path / "again") == digests
    table = build_features(shop, shop.until)
    for before, after in zip(
        kept.predictors, PredictionArtifact.load(tmp_path, digests).predictors, strict=True
    ):
        assert before.predict(table).tobytes() == after.predict(table).tobytes()
    (tmp_path / "model.json").write_text("{}")
    with pytest.raises(DigestError):
        PredictionArtifact.load(tmp_path, digests)


def test_reasons_add_up_to_the_score_and_name_the_strongest(shop, fitted):
    table = build_features(shop, shop.until)[:50]
    for result in fitted:
        parts = result.predictor.explain(table)
        assert parts.sum(axis=1) == pytest.approx(result.predictor.score(table), abs=1e-9)
        for row, reasons, own in zip(table, list_reasons(table, parts, FEATURES), parts[:, :-1], strict=True):
            strongest = sorted(np.abs(own), reverse=True)[: len(reasons)]
            assert [abs(reason.contribution) for reason in reasons] == pytest.approx(strongest)
            for reason in reasons:
                assert reason.effect == (RAISES if reason.contribution > 0 else LOWERS)
                value = row[[feature.name for feature in FEATURES].index(reason.code)]
                assert reason.words.endswith("none" if np.isnan(value) else reason.words.split(": ")[1])


def test_reasons_in_plain_words():
    names = [feature.name for feature in FEATURES]
    table, parts = np.full((1, len(names)), np.nan, np.float32), np.zeros((1, len(names) + 1))
    for name, value, part in (("recency", 12, -0.8), ("money_30", 250.4, 1.5), ("gap", np.nan, 0.1)):
        table[0, names.index(name)], parts[0, names.index(name)] = value, part
    (reasons,) = list_reasons(table, parts, FEATURES)
    assert [(reason.words, reason.effect) for reason in reasons] == [
        ("spent in the last 30 days: 250", RAISES),
        ("days since the last purchase: 12", LOWERS),
        ("mean days between purchases: none", RAISES),
    ]


def test_scores_are_of_those_allowed_with_tenths_and_percentiles_that_follow_the_values(shop, fitted):
    allowed = np.arange(shop.n_customers) % 3 != 0
    scores = score_customers(shop, [result.predictor for result in fitted], allowed)
    assert list(scores) == ["purchase_14d", "spend_14d"]
    for each in scores.values():
        known = np.unique(shop.customer)
        assert each.customer.tolist() == known[allowed[known]].tolist()
        places = np.unique(each.percentile)
        lowest, highest = (
            np.array([pick(each.value[each.percentile == place]) for place in places]) for pick in (min, max)
        )
        assert np.all(highest[:-1] <= lowest[1:])
        assert each.percentile.min() >= 1 and each.percentile.max() <= 100
        assert each.decile.tolist() == [-(-percentile // 10) for percentile in each.percentile]
    nobody = score_customers(shop, [fitted[0].predictor], np.zeros(shop.n_customers, bool))
    assert len(nobody["purchase_14d"].customer) == 0
