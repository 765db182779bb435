"""Recommenders of sequences against their definitions written out as loops."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from models.recommenders.sequences import build_anonymous_customer, build_baskets, link_later_baskets
from models.recommenders.stan import STAN
from models.recommenders.transition_factors import TransitionFactors
from models.recommenders.transition_ridge import TransitionRidge
from models.recommenders.transitions import Transitions
from models.training_data import PURCHASE, Behaviour, Customers, Training

N_CUSTOMERS, N_ITEMS, UNTIL = 4, 6, 40
ROWS = st.sets(
    st.tuples(
        st.integers(0, N_CUSTOMERS - 1), st.integers(0, N_ITEMS - 1), st.sampled_from([1, 2, 3, 17, 30, 39])
    ),
    min_size=1,
    max_size=25,
)


def training(rows):
    customer, item, day = (np.array(column, np.int32) for column in zip(*sorted(rows), strict=True))
    held = Behaviour(N_CUSTOMERS, N_ITEMS, customer, item, day, np.full(len(item), PURCHASE, np.int8), UNTIL)
    return Training(held, sparse.csr_matrix((N_CUSTOMERS, 0)), sparse.csr_matrix((N_ITEMS, 0)))


def days_of(rows):
    """By customer, the sorted list of (day, items)."""
    days = defaultdict(lambda: defaultdict(set))
    for customer, item, day in rows:
        days[customer][day].add(item)
    return {customer: sorted(held.items()) for customer, held in days.items()}


def everybody(found):
    return Customers.from_training(found, np.arange(N_CUSTOMERS))


def as_zero(scores):
    return np.where(np.isfinite(scores), scores, 0.0)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_baskets_are_days_in_order(rows):
    of = build_baskets(training(rows).behaviour)
    expected = [
        (customer, day, place, len(held) - 1 - place, sorted(items))
        for customer, held in sorted(days_of(rows).items())
        for place, (day, items) in enumerate(held)
    ]
    found = zip(
        of.customer,
        of.day,
        of.place,
        of.from_end,
        (sorted(row.indices.tolist()) for row in of.held),
        strict=True,
    )
    assert [tuple(row) for row in found] == expected
    following = link_later_baskets(of, [1.0, 0.5]).toarray()
    for row, column in np.ndindex(following.shape):
        gap = column - row if of.customer[row] == of.customer[column] else 0
        assert following[row, column] == {1: 1.0, 2: 0.5}.get(gap, 0.0)


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_transitions_are_the_decayed_pairs(rows):
    """Followers, those before, those beside; rows and columns divided by demand; the profile fading by
    baskets and days.
    """
    model = Transitions(
        half_life_places=2.0,
        reach=2,
        backward_weight=0.5,
        same_weight=0.25,
        size_power=0.5,
        row_power=0.5,
        popularity_power=0.25,
        profile_half_life_places=1.0,
        half_life_days=None,
        neighbours=N_ITEMS,
    )
    demand = np.zeros(N_ITEMS)
    for _, item, _ in rows:
        demand[item] += 1
    weights = np.zeros((N_ITEMS, N_ITEMS))
    for held in days_of(rows).values():
        for at, (_, items) in enumerate(held):
            for other_at, (_, others) in enumerate(held):
                gap = other_at - at
                if abs(gap) > 2:
                    continue
                weight = 0.25 if gap == 0 else (1.0 if gap > 0 else 0.5) * 0.5 ** ((abs(gap) - 1) / 2.0)
                for item in items:
                    for other in others:
                        weights[item, other] += weight * len(items) ** -0.5 * len(others) ** -0.5
    weights *= np.maximum(demand, 1)[:, None] ** -0.5 * np.maximum(demand, 1)[None] ** -0.25
    expected = np.zeros((N_CUSTOMERS, N_ITEMS))
    for customer, held in days_of(rows).items():
        for from_end, (_, items) in enumerate(reversed(held)):
            for item in items:
                expected[customer] += 0.5**from_end * len(items) ** -0.5 * weights[item]
    found = training(rows)
    assert as_zero(model.fit(found, 0).score(everybody(found))) == pytest.approx(expected, rel=1e-5)


def test_what_is_wanted_lately_gains():
    """Two items follow the first equally often, one of them long ago: with a trend the other comes first,
    without it neither.
    """
    rows = [(0, 0, 1), (0, 1, 2), (1, 0, 30), (1, 2, 31), (2, 0, 39), (3, 0, 39)]
    found = training(rows)
    for power, wins in ((0.5, True), (0.0, False)):
        scores = Transitions(half_life_days=10.0, trend_power=power).fit(found, 0).score(everybody(found))
        assert (scores[2, 2] > scores[2, 1]) == wins


@settings(max_examples=30, deadline=None)
@given(ROWS)
def test_all_factors_together_are_the_matrix_and_fewer_its_nearest(rows):
    """With as many components as items the factors give back the scaled pairs; with two, numpy's own
    truncated SVD of it.
    """
    as_counted = {
        "half_life_places": 2.0,
        "reach": 2,
        "backward_weight": 0.5,
        "same_weight": 0.25,
        "neighbours": N_ITEMS,
    }
    found = training(rows)
    plain = (
        Transitions(**as_counted, row_power=0.0, popularity_power=0.0, half_life_days=None)
        .fit(found, 0)
        .similarity.toarray()
    )
    scale = [np.maximum(plain.sum(axis=axis), 1e-12) ** -0.5 for axis in (1, 0)]
    left, values, right = np.linalg.svd(scale[0][:, None] * plain * scale[1])
    for components in (N_ITEMS, 2):
        model = TransitionFactors(components=components, size_power=0.8, **as_counted).fit(found, 0)
        nearest = (left[:, :components] * values[:components]) @ right[:components]
        if components == N_ITEMS or values[1] - values[2] > 1e-3:  # else which two is open
            assert model.before @ model.after.T == pytest.approx(nearest, abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(ROWS)
def test_the_ridge_solves_its_normal_equations(rows):
    """Every cut of every customer as a row of X and Y, weighted by age, solved by an ordinary solver."""
    model = TransitionRidge(
        profile_half_life_places=1.0,
        half_life_places=2.0,
        reach=10,
        half_life_days=20.0,
        size_power=0.0,
        length_power=1.0,
        ridge=0.5,
    )
    past, after, weight = [], [], []
    for held in days_of(rows).values():
        for cut in range(1, len(held)):
            before, then = np.zeros(N_ITEMS), np.zeros(N_ITEMS)
            for at, (_, items) in enumerate(held):
                for item in items:
                    (before if at < cut else then)[item] += (
                        0.5 ** (cut - 1 - at) if at < cut else 0.5 ** ((at - cut) / 2.0)
                    )
            past.append(before / np.linalg.norm(before))
            after.append(then)
            weight.append(0.5 ** ((UNTIL - 1 - held[cut - 1][0]) / 20.0))
    found = training(rows)
    model.fit(found, 0)
    if not past:  # nobody came twice
        assert not model.weights.any()
        return
    x, y, w = (np.array(part).reshape(len(past), -1) for part in (past, after, weight))
    expected = np.linalg.solve(x.T @ (w * x) + 0.5 * np.eye(N_ITEMS), x.T @ (w * y))
    assert model.weights == pytest.approx(expected[np.ix_(model.items, model.items)], abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.sampled_from([0, 1, 14]), st.sampled_from([None, 2.0]))
def test_stan_is_its_definition(rows, gap_days, half_life_places):
    model = STAN(
        profile_half_life_places=1.0,
        session_half_life_days=20.0,
        half_life_places=half_life_places,
        gap_days=gap_days,
        size_power=0.0,
        popularity_power=0.0,
        neighbours=10**6,
    )
    sessions = []  # (owner, last day, {item: mean place})
    for customer, held in days_of(rows).items():
        before, places = None, defaultdict(list)
        for day, items in held:
            if before is not None and day - before > gap_days:
                sessions.append((customer, before, places))
                places = defaultdict(list)
            place = max((p for seen in places.values() for p in seen), default=-1) + 1
            for item in items:
                places[item].append(place)
            before = day
        sessions.append((customer, before, places))
    expected = np.zeros((N_CUSTOMERS, N_ITEMS))
    for customer, held in days_of(rows).items():
        profile = defaultdict(float)
        for from_end, (_, items) in enumerate(reversed(held)):
            for item in items:
                profile[item] += 0.5**from_end
        for owner, last, places in sessions:
            matching = [item for item in places if item in profile]
            if owner == customer or not matching:
                continue
            where = {item: float(np.mean(seen)) for item, seen in places.items()}
            total = sum(profile[item] for item in matching)
            middle = sum(profile[item] * where[item] for item in matching) / total
            weight = total / len(places) ** 0.5 * 0.5 ** ((UNTIL - 1 - last) / 20.0)
            for item, place in where.items():
                expected[customer, item] += weight * (
                    0.5 ** (abs(place - middle) / 2.0) if half_life_places else 1.0
                )
    found = training(rows)
    assert as_zero(model.fit(found, 0).score(everybody(found))) == pytest.approx(expected, rel=1e-4)


def test_stan_asks_the_nearest_alone():
    """Of two neighbours with the same match the fresher is asked when one may be."""
    rows = [(0, 0, 39), (1, 0, 30), (1, 1, 30), (2, 0, 1), (2, 2, 1)]
    found = training(rows)
    scores = STAN(neighbours=1).fit(found, 0).score(everybody(found))
    assert np.isfinite(scores[0]).tolist() == [True, True, False, False, False, False]
    both = STAN(neighbours=2).fit(found, 0).score(everybody(found))
    assert np.isfinite(both[0]).tolist() == [True, True, True, False, False, False]


def test_stan_reads_a_history_longer_than_a_float32_can_fade():
    """200 days at a half-life of one: the first day's weight, 2 ** -199, is nought as float32."""
    n_days = 200
    rows = [(0, 0, 0)] + [(0, 1, day) for day in range(1, n_days)] + [(1, 0, 5), (1, 2, 6)]
    customer, item, day = (np.array(column, np.int32) for column in zip(*sorted(rows), strict=True))
    held = Behaviour(2, 3, customer, item, day, np.full(len(item), PURCHASE, np.int8), n_days)
    found = Training(held, sparse.csr_matrix((2, 0)), sparse.csr_matrix((3, 0)))
    scores = (
        STAN(profile_half_life_places=1.0, gap_days=1)
        .fit(found, 0)
        .score(Customers.from_training(found, np.array([0])))
    )
    assert np.isfinite(scores[0]).tolist() == [True, False, True]


def test_clicks_of_a_stranger_are_a_history_in_order():
    """An item clicked twice keeps its latest place; what the model never saw is passed over."""
    stranger = build_anonymous_customer([3, 1, 99, 3, -1], N_ITEMS, 2)
    of = build_baskets(stranger.behaviour)
    assert [row.indices.tolist() for row in of.held] == [[1], [3]]
    assert stranger.known.tolist() == [-1] and stranger.features.shape == (1, 2)
    assert len(build_anonymous_customer([], N_ITEMS, 2).behaviour) == 0
