"""A planted feature that knows the future makes the fit refuse, by name; the honest ones pass."""

from dataclasses import replace

import numpy as np
import pytest

from models.predictions.cuts import CutPlan
from models.predictions.features import build_features, list_features
from models.predictions.history import PURCHASE, VIEW
from models.predictions.leak_certificate import certify_features, exchange_later_rows
from models.predictions.past_rows import Feature, LeakError
from models.predictions.predictor import TreeSettings
from models.predictions.training import evaluate_trait
from models.predictions.traits import PURCHASE_TRAIT, Trait
from models.time_split import OverlapError

TRAIT, CUT = Trait(PURCHASE_TRAIT, 30), 80
HONEST = list_features()


def plant(name="planted", columns=("day",), **more):
    """A feature like an honest one."""
    return Feature(
        name, "planted", (PURCHASE,), columns, None, lambda rows: np.zeros(rows.n_customers), **more
    )


def test_honest_features_get_a_certificate_that_names_what_each_reads(shop):
    certificate = certify_features(shop, HONEST, CUT, TRAIT)
    rows = {row["feature"]: row for row in certificate.report()["features"]}
    assert list(rows) == [feature.name for feature in HONEST]
    assert rows["money_30"] == {
        "feature": "money_30",
        "kinds": ["purchase"],
        "columns": ["amount"],
        "from_days_before": 30,
        "until_days_before": 1,
        "area_alone": rows["money_30"]["area_alone"],
    }
    assert min(certificate.areas.values()) >= 0.5 and 0.6 < max(certificate.areas.values()) < 0.99
    assert certificate.n_later_rows == (shop.day >= CUT).sum() > 0


def test_a_column_that_no_history_has_is_refused():
    with pytest.raises(LeakError, match=r"planted reads next_order_day"):
        plant(columns=("day", "next_order_day"))


@pytest.mark.parametrize("until", [0, -7])
def test_a_day_from_the_cut_on_is_refused(until):
    with pytest.raises(LeakError, match=rf"planted reads up to {until} days before the cut"):
        plant(until=until)


def test_a_column_that_is_not_declared_is_refused(shop):
    sly = replace(plant(), compute=lambda rows: rows.sum_by_customer(rows.column("amount")))
    with pytest.raises(LeakError, match="amount is read and not declared"):
        build_features(shop, CUT, (sly,))


def test_features_that_see_the_day_of_the_cut_are_refused(shop):
    def build_a_day_late(history, cut, features):
        return build_features(history, cut + 1, features)

    with pytest.raises(LeakError, match="read days from the cut on: recency"):
        certify_features(shop, HONEST, CUT, TRAIT, build_a_day_late)


def test_a_feature_that_has_the_outcome_from_elsewhere_is_refused_by_the_fit(shop):
    plan, settings = CutPlan((20,), 50, CUT, 30), TreeSettings(rounds=1, seeds=1)
    known = TRAIT.compute_labels(shop, plan.calibrate)  # as a column of a customer table would hold it
    told = replace(plant(), compute=lambda rows: known)
    with pytest.raises(LeakError, match="must know it: planted"):
        evaluate_trait(shop, TRAIT, plan, 1, settings, (*HONEST, told))
    assert len(evaluate_trait(shop, TRAIT, plan, 1, settings).predicted) > 500  # without it, it is fitted


def test_rows_before_the_cut_are_not_exchanged(shop):
    exchanged = exchange_later_rows(shop, CUT)
    past = shop.day < CUT
    for name in ("customer", "day", "kind", "n", "amount", "category"):
        before, after = getattr(shop, name), getattr(exchanged, name)
        assert np.array_equal(before[past], after[past]) and before.dtype == after.dtype
    assert not np.any(shop.customer[~past] == exchanged.customer[~past])
    assert set(exchanged.kind[~past]) <= {PURCHASE + 1, VIEW + 1}


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        pytest.param(
            ((40, 51), 80, 110, 30), "outcomes to day 81 are learned", id="fit reaches the calibration"
        ),
        pytest.param(
            ((40,), 81, 110, 30), "outcomes to day 111 are learned", id="calibration reaches the test"
        ),
    ],
)
def test_windows_that_share_days_are_refused(plan, words):
    with pytest.raises(OverlapError, match=words):
        CutPlan(*plan)
