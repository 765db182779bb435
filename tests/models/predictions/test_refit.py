"""When a fit is due, and score drift by hand."""

import re

import numpy as np
import pytest

from models.predictions.refit import find_refit_reason, find_tenths, measure_score_drift

FITTED = {"until": 100, "n_customers": 1000, "n_away": 0, "features": "f"}


@pytest.mark.parametrize(
    ("fitted", "until", "n", "drifted", "words"),
    [
        pytest.param(None, 100, 10, {}, "nothing has been fitted", id="the first"),
        pytest.param(FITTED, 127, 1499, {"purchase_7d": 0.25}, None, id="young, alike"),
        pytest.param(FITTED, 128, 1000, {}, "28 days old, 28 are allowed", id="old"),
        pytest.param({**FITTED, "n_away": 1}, 107, 1000, {}, "7 days old, 7", id="a trait stayed away"),
        pytest.param(FITTED, 101, 1500, {}, "1,500 customers, 1,000 when", id="half as many again"),
        pytest.param(FITTED, 101, 1000, {"churn_30d": 0.3}, r"churn_30d .*PSI 0\.30", id="drifted"),
        pytest.param(FITTED, 100, 1000, {"churn_30d": 0.3}, None, id="the night of the fit itself"),
        pytest.param({**FITTED, "features": "g"}, 100, 1000, {}, "other features", id="other code"),
        pytest.param(FITTED, 90, 1000, {}, None, id="an earlier night again"),
    ],
)
def test_when_a_fit_is_due(fitted, until, n, drifted, words):
    reason = find_refit_reason(fitted, "f", until, n, drifted)
    assert reason is None if words is None else re.search(words, reason)


def test_scores_that_are_spread_alike_have_not_drifted_and_moved_ones_have():
    generator = np.random.default_rng(0)
    then, now = generator.normal(0, 1, 5000), generator.normal(0, 1, 5000)
    tenths = find_tenths(then)
    assert measure_score_drift(tenths, then) < 0.001 and measure_score_drift(tenths, now) < 0.01
    assert measure_score_drift(tenths, now + 1) > 0.25


def test_scores_that_many_share_have_not_drifted():
    same = np.repeat([0.1, 0.2, 0.9], [700, 200, 100])
    assert measure_score_drift(find_tenths(same), same) == pytest.approx(0, abs=0.01)
