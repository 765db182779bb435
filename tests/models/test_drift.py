"""Drift is named on the day it comes, and a clean month names next to none."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from benchmarks import drift as bench
from models import drift
from models.training_data import PURCHASE, Behaviour

DAYS, PEOPLE, ITEMS = 90, 200, 60
CATEGORY = np.arange(ITEMS) % 6
PRICE = (10.0 * 1.1 ** np.arange(ITEMS)).astype(np.float32)


def month(seed: int) -> Behaviour:
    """A shop with weekends, noise, and demand that falls with an item's number."""
    rng, rows = np.random.default_rng(seed), []
    taste = 1 / np.arange(1, ITEMS + 1)
    for day in range(DAYS):
        n = rng.poisson(400 if day % 7 < 5 else 600)
        rows.append(
            np.stack(
                [
                    rng.integers(0, PEOPLE, n),
                    rng.choice(ITEMS, n, p=taste / taste.sum()),
                    np.full(n, day),
                    rng.choice(3, n, p=[0.7, 0.1, 0.2] if day % 7 < 5 else [0.65, 0.1, 0.25]),
                ],
                axis=1,
            )
        )
    table = np.unique(np.concatenate(rows), axis=0).astype(np.int32)
    return Behaviour(PEOPLE, ITEMS, table[:, 0], table[:, 1], table[:, 2], table[:, 3].astype(np.int8), DAYS)


@pytest.fixture(scope="module")
def clean() -> Behaviour:
    return month(1)


def test_psi_and_ks_against_hand_and_scipy():
    # (.25 − .5) ln(.25 / .5) + (.75 − .5) ln(.75 / .5) = .25 ln 3; half a count in 10,000 does not show
    assert drift.compute_psi(np.array([5e6, 5e6]), np.array([2.5e6, 7.5e6])) == pytest.approx(
        0.25 * np.log(3), rel=1e-5
    )
    assert drift.compute_psi(np.array([3, 4]), np.array([3, 4])) == 0
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, 9, 300), rng.integers(2, 9, 200)
    counted = [np.bincount(each, minlength=9) for each in (a, b)]
    assert drift.compute_ks_distance(*counted) == pytest.approx(stats.ks_2samp(a, b).statistic)
    assert np.isnan(drift.compute_ks_distance(np.zeros(3), np.ones(3)))


def test_thirty_clean_nights_raise_at_most_one_alarm(clean):
    nights = [
        drift.compute_drift_signals(clean.before(day + 1), day, CATEGORY, PRICE)
        for day in range(DAYS - 30, DAYS)
    ]
    assert sum(any(each.is_alarm for each in night) for night in nights) <= 1
    assert all(not np.isnan(each.value) for night in nights for each in night), "and every signal could have"
    assert len(nights[0]) == 7


@pytest.mark.parametrize("kind", ["label", "feature: prices", "feature: categories", "catalogue", "feedback"])
@pytest.mark.parametrize("day", [DAYS - 1, DAYS - 3])
def test_a_planted_drift_is_found_in_its_first_night(clean, kind, day):
    known = clean.before(day + 1)
    planted = bench.plant_drift(known, CATEGORY, PRICE, day, np.random.default_rng(3))
    drifted = next(each for name, each in planted.items() if name.startswith(kind))
    assert any(
        each.name.startswith(kind.partition(":")[0])
        for each in bench.detect_drift_alarms(drifted, CATEGORY, PRICE, day)
    )
    assert bench.detect_drift_alarms(known, CATEGORY, PRICE, day) == [], (
        "the control: the same day without it"
    )


def test_baskets_and_answers(clean):
    today = (clean.day == DAYS - 1) & (clean.kind == PURCHASE)
    more = np.repeat(np.flatnonzero(today), 3)  # everybody buys four times as much
    extra = clean.where(np.concatenate([np.arange(len(clean)), more]))
    basket = next(
        each for each in drift.compute_drift_signals(extra, DAYS - 1) if "items per customer" in each.name
    )
    assert basket.is_alarm and basket.value == pytest.approx(np.log(4), abs=0.2)
    answered = {day: (1000, 300 + day % 5) for day in range(DAYS)}
    [quiet] = [
        each
        for each in drift.compute_drift_signals(clean, DAYS - 1, answers=answered)
        if "answers" in each.name
    ]
    [loud] = [
        each
        for each in drift.compute_drift_signals(clean, DAYS - 1, answers=answered | {DAYS - 1: (1000, 800)})
        if "answers" in each.name
    ]
    assert (quiet.is_alarm, loud.is_alarm, round(loud.value, 1)) == (False, True, 0.5)
    assert not [
        each
        for each in drift.compute_drift_signals(clean, DAYS - 1, answers={3: (10, 0)})
        if "answers" in each.name
    ]


def test_a_young_shop_says_nothing(clean):
    assert not any(
        each.is_alarm for each in drift.compute_drift_signals(clean.before(20), 19, CATEGORY, PRICE)
    )
    empty = replace(clean.before(1), until=40).where(np.zeros(len(clean.before(1)), bool))
    assert not any(each.is_alarm for each in drift.compute_drift_signals(empty, 39, CATEGORY, PRICE))


def test_tables_are_held_to_the_customary_limit():
    before = {
        "feat_items.brand": {"Elm": 500, "Oak": 500},
        "feat_items.price": {"7.0": 20},
        "gone": {"a": 900},
    }
    now = {"feat_items.brand": {"Elm": 520, "Oak": 490, "Ash": 10}, "feat_items.price": {"14.0": 20}}
    [brand] = drift.compare_tables(before, now)  # 20 prices say nothing
    assert not brand.is_alarm
    [brand] = drift.compare_tables(before, {"feat_items.brand": {"None": 1000}})
    assert brand.is_alarm and brand.name == "feature: feat_items.brand (PSI)"
