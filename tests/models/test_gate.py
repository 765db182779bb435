"""Rule 11: a refit must not be worse, a new configuration must be better."""

import numpy as np
import pytest

from models.gate import MARGIN, judge_new, judge_refit, usual

GENERATOR = np.random.default_rng(0)
POPULAR = GENERATOR.random(300) * 0.1
GOOD = POPULAR + 0.05 + GENERATOR.normal(0, 0.05, 300)


@pytest.mark.parametrize(
    ("quality", "before", "accepted", "words"),
    [
        pytest.param(GOOD, None, True, "lift over popularity", id="never measured before: popularity is the bar"),
        pytest.param(GOOD, GOOD.mean(), True, "at least", id="as good as before"),
        pytest.param(GOOD, GOOD.mean() / (1 - MARGIN) * 0.999, True, "at least", id="just inside the margin"),
        pytest.param(GOOD, GOOD.mean() / (1 - MARGIN) * 1.001, False, "inferior", id="just outside the margin"),
        pytest.param(POPULAR, POPULAR.mean(), False, "not above zero", id="no better than popularity"),
        pytest.param(POPULAR - 0.02, None, False, "not above zero", id="worse than popularity"),
        pytest.param(GOOD[:20], 1.0, True, "only 20 customers", id="too few customers to judge by"),
        pytest.param(np.full(300, np.nan), 0.1, True, "only 0 customers", id="nobody to judge by"),
    ],
)
def test_judge_refit(quality, before, accepted, words):
    verdict = judge_refit(quality, POPULAR[: len(quality)], before)
    assert (verdict.accepted, verdict.word) == (accepted, "accepted" if accepted else "refused")
    assert words in verdict.reason


def test_a_slow_fall_is_not_a_way_round_the_margin():
    """Each night 14 % below the one before it: the first passes, and the second is measured by what was usual."""
    accepted, verdicts = [GOOD.mean()] * 3, []
    for night in range(1, 4):
        fallen = judge_refit(GOOD * 0.86**night, POPULAR * 0.2, usual(accepted))
        verdicts.append(fallen.accepted)
        accepted += [(GOOD * 0.86**night).mean()] if fallen.accepted else []
    assert verdicts == [True, False, False]
    assert usual([]) is None
    assert usual([9.0, 9.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0]) == 1.0, "a level that lasts is the new usual"


def test_judge_new():
    better = judge_new(GOOD + 0.02, GOOD, POPULAR)
    assert better.accepted and "lift over the accepted configuration +0.02" in better.reason
    same = judge_new(GOOD, GOOD, POPULAR)
    assert not same.accepted and "not above zero" in same.reason
    chance = judge_new(GOOD[::-1].copy(), GOOD, POPULAR)
    assert not chance.accepted
    assert not judge_new(POPULAR - 0.01, POPULAR - 0.05, POPULAR).accepted, "better than the accepted one, worse than popularity"
