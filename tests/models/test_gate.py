"""Rule 11: a refit must not be worse, a new configuration must be better."""

import numpy as np
import pytest

from models.gate import (
    MARGIN,
    MIN_CUSTOMERS,
    SLICE_MARGIN,
    compare_slices,
    compute_usual_quality,
    evaluate_new_configuration_gate,
    evaluate_refit_gate,
)

GENERATOR = np.random.default_rng(0)
POPULAR = GENERATOR.random(300) * 0.1
GOOD = POPULAR + 0.05 + GENERATOR.normal(0, 0.05, 300)


@pytest.mark.parametrize(
    ("quality", "before", "accepted", "words"),
    [
        pytest.param(
            GOOD, None, True, "lift over popularity", id="never measured before: popularity is the bar"
        ),
        pytest.param(GOOD, GOOD.mean(), True, "at least", id="as good as before"),
        pytest.param(GOOD, GOOD.mean() / (1 - MARGIN) * 0.999, True, "at least", id="just inside the margin"),
        pytest.param(
            GOOD, GOOD.mean() / (1 - MARGIN) * 1.001, False, "inferior", id="just outside the margin"
        ),
        pytest.param(POPULAR, POPULAR.mean(), False, "not above zero", id="no better than popularity"),
        pytest.param(POPULAR - 0.02, None, False, "not above zero", id="worse than popularity"),
        pytest.param(GOOD[:20], 1.0, True, "only 20 customers", id="too few customers to judge by"),
        pytest.param(np.full(300, np.nan), 0.1, True, "only 0 customers", id="nobody to judge by"),
    ],
)
def test_judge_refit(quality, before, accepted, words):
    verdict = evaluate_refit_gate(quality, POPULAR[: len(quality)], before)
    assert (verdict.accepted, verdict.word) == (accepted, "accepted" if accepted else "refused")
    assert words in verdict.reason


def test_a_slow_fall_is_not_a_way_round_the_margin():
    """Each night 14 % below the one before it: the first passes, and the second is measured by what was
    usual.
    """
    accepted, verdicts = [GOOD.mean()] * 3, []
    for night in range(1, 4):
        fallen = evaluate_refit_gate(GOOD * 0.86**night, POPULAR * 0.2, compute_usual_quality(accepted))
        verdicts.append(fallen.accepted)
        accepted += [(GOOD * 0.86**night).mean()] if fallen.accepted else []
    assert verdicts == [True, False, False]
    assert compute_usual_quality([]) is None
    assert compute_usual_quality([9.0, 9.0, 9.0, 1.0, 1.0, 1.0, 1.0, 1.0]) == 1.0, (
        "a level that lasts is the new usual"
    )


def test_judge_new():
    better = evaluate_new_configuration_gate(GOOD + 0.02, GOOD, POPULAR)
    assert better.accepted and "lift over the accepted configuration +0.02" in better.reason
    same = evaluate_new_configuration_gate(GOOD, GOOD, POPULAR)
    assert not same.accepted and "not above zero" in same.reason
    chance = evaluate_new_configuration_gate(GOOD[::-1].copy(), GOOD, POPULAR)
    assert not chance.accepted
    assert not evaluate_new_configuration_gate(POPULAR - 0.01, POPULAR - 0.05, POPULAR).accepted, (
        "better than the accepted one, worse than popularity"
    )


EVERYBODY, FEW = np.ones(300, bool), np.arange(300) < 60


@pytest.mark.parametrize(
    ("of_the_few", "accepted"),
    [
        pytest.param(-0.05, False, id="one slice pays for the gain of the others"),
        pytest.param(-0.001, True, id="within the margin"),
        pytest.param(0.0, True, id="as before"),
        pytest.param(0.03, True, id="better everywhere"),
    ],
)
def test_no_guarded_slice_may_fall(of_the_few, accepted):
    new = np.where(FEW, GOOD + of_the_few, GOOD + 0.05)
    verdict = evaluate_new_configuration_gate(new, GOOD, POPULAR, {"country France": FEW, "warm": ~FEW})
    assert verdict.accepted is accepted
    if not accepted:
        assert (
            f"a guarded slice falls by more than {SLICE_MARGIN:.0%}: country France -0.0500 [-0.0500,"
            " -0.0500]" in verdict.reason
        )
        assert "warm" not in verdict.reason
        assert evaluate_new_configuration_gate(new, GOOD, POPULAR).accepted, (
            "the control: over all it is a gain"
        )
    else:
        assert "none of 2 guarded slices falls" in verdict.reason


def test_a_fall_that_may_be_chance_is_no_fall():
    noise = np.random.default_rng(3).normal(0, 0.2, 300)
    new = np.where(FEW, GOOD - 0.03 + noise, GOOD + 0.05)
    [few] = compare_slices(new, GOOD, {"few": FEW})
    assert few.lift < -SLICE_MARGIN * few.accepted and few.high > 0 and not few.has_fallen
    assert evaluate_new_configuration_gate(new, GOOD, POPULAR, {"few": FEW}).accepted


def test_a_slice_of_few_is_not_judged_and_many_slices_widen_each_interval():
    small = np.arange(300) < MIN_CUSTOMERS - 1
    assert compare_slices(GOOD - 1, GOOD, {"small": small}) == []
    noisy = GOOD + np.random.default_rng(4).normal(0, 0.1, 300)
    [alone] = compare_slices(noisy, GOOD, {"all": EVERYBODY})
    among = compare_slices(noisy, GOOD, {str(n): EVERYBODY for n in range(10)})
    assert all(each.low < alone.low and each.high > alone.high for each in among)


def test_a_flaw_refuses_whatever_the_quality():
    for verdict in (
        evaluate_refit_gate(GOOD, POPULAR, None, ["stale"]),
        evaluate_new_configuration_gate(GOOD + 1, GOOD, POPULAR, {}, ["stale", "leaky"]),
    ):
        assert not verdict.accepted and verdict.reason.startswith("stale")
