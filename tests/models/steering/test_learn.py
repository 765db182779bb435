"""Learning and its gate: the weights that made sessions come back; of noise none are accepted."""

import numpy as np
import pytest
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from models.steering.events import TouchedItem
from models.steering.examples import (
    N_FEATURES,
    Example,
    SteeringInputs,
    build_examples,
    build_features,
    flatten_weights,
    unflatten_weights,
)
from models.steering.gate import (
    SteeringLift,
    compute_least_lift,
    explain_verdict,
    measure_best_gain,
    measure_gain,
    measure_steering_lift,
)
from models.steering.learn import MOMENTS_A_SESSION, draw_moments, learn_weights, split_by_time
from models.steering.logit import ExampleStack, fit_logit
from models.steering.scoring import EventLists, RelatedItems, steer
from models.steering.sessions import Moment
from models.steering.weights import COHORTS, CohortWeights

N_ITEMS, POPULAR = 60, np.arange(20)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """As a night learns; BLAS's threads wait for each other where the cores are busy: 9 s in place of 1."""
    with threadpool_limits(1):
        yield


def draw_related(generator, n=8):
    items = generator.choice(N_ITEMS, n, replace=False).astype(np.int64)
    return RelatedItems(items, np.sort(generator.random(n))[::-1])


@pytest.fixture(scope="module")
def lists():
    generator = np.random.default_rng(3)
    return [(draw_related(generator), draw_related(generator)) for _ in range(N_ITEMS)]


@pytest.fixture
def inputs(lists):
    return SteeringInputs(lambda item: lists[item][0], lambda item: lists[item][1], lambda moment: None)


def draw_moments_by(weights, inputs, n, seed=0, half_life=2.0):
    """Moments whose next item is drawn with the chance that these weights give it."""
    generator, moments = np.random.default_rng(seed), []
    for session in range(n):
        touched = [
            TouchedItem(int(item), 0, 0.0)
            for item in generator.choice(N_ITEMS, generator.integers(1, 7), replace=False)
        ]
        moment = Moment(session, session, 0, touched, {})
        events = [EventLists(0, inputs.neighbours(one.item), inputs.transitions(one.item)) for one in touched]
        items, features = build_features(POPULAR, events, half_life)
        is_new = ~np.isin(items, [one.item for one in touched])
        scores = features[is_new] @ weights
        chance = np.exp(scores - scores.max())
        moments.append(
            moment._replace(wanted={int(generator.choice(items[is_new], p=chance / chance.sum())): 0})
        )
    return moments


def test_features_times_weights_are_the_scores_of_steering(lists):
    generator = np.random.default_rng(1)
    for _ in range(20):
        events = [
            EventLists(int(generator.integers(3)), *lists[item]) for item in generator.choice(N_ITEMS, 4)
        ]
        flat = generator.random(N_FEATURES)
        weights = unflatten_weights(flat, False, 5)
        assert flatten_weights(weights).tolist() == flat.tolist()
        items, features = build_features(POPULAR, events, 2.0, lambda items: items / N_ITEMS)
        steered = steer(POPULAR, events, weights, 2.0, lambda items: items / N_ITEMS)
        by_item = dict(zip(items.tolist(), (features @ flat).tolist(), strict=True))
        assert {item: by_item[item] for item in steered.items.tolist()} == pytest.approx(
            dict(zip(steered.items.tolist(), steered.scores.tolist(), strict=True))
        )


def test_the_weights_that_made_the_sessions_come_back(inputs):
    truth = np.zeros(N_FEATURES)
    truth[[0, 1, 4]] = 1.0, 2.0, 4.0  # place, neighbours of a view, transitions of a view
    examples = build_examples(
        draw_moments_by(truth, inputs, 4000), lambda moment: POPULAR, inputs, half_life_places=2.0
    )
    fitted = fit_logit(ExampleStack.of(examples))
    assert fitted[[0, 1, 4]] == pytest.approx(truth[[0, 1, 4]], rel=0.15)
    assert fitted[[2, 3, 5, 6, 7]].tolist() == [0.0] * 5, "nothing was carted or bought"


def test_the_loss_and_its_gradient_by_hand():
    features = np.zeros((3, N_FEATURES))
    features[:, 0] = 1.0, 0.5, 0.0
    stack = ExampleStack.of([Example(0, 1, features, np.array([0.0, 2.0, 0.0]), np.array([2.0]))] * 2)
    weights = np.zeros(N_FEATURES)
    weights[0] = 2.0
    loss, gradient = stack.compute_loss(weights)
    chance = np.exp([2.0, 1.0, 0.0]) / np.exp([2.0, 1.0, 0.0]).sum()
    assert loss == pytest.approx(2 * 2.0 * -np.log(chance[1]))
    assert gradient[0] == pytest.approx(2 * 2.0 * (chance @ features[:, 0] - 0.5))
    assert len(ExampleStack.of([Example(0, 1, features, np.zeros(3), np.array([1.0]))])) == 0


def test_a_fit_is_the_lowest_loss_whatever_the_start(inputs):
    truth = np.full(N_FEATURES, 1.0)
    examples = build_examples(draw_moments_by(truth, inputs, 300), lambda moment: POPULAR, inputs, 2.0)
    stack = ExampleStack.of(examples)
    fitted = fit_logit(stack)

    def penalised(weights):
        loss, gradient = stack.compute_loss(weights)
        return loss + 5e-4 * weights @ weights, gradient + 1e-3 * weights

    for seed in range(3):
        start = np.random.default_rng(seed).random(N_FEATURES) * 5
        bounds = [(0, None)] * N_FEATURES
        other = minimize(penalised, start, jac=True, method="L-BFGS-B", bounds=bounds)
        assert stack.compute_loss(fitted)[0] <= other.fun + 1e-2


def test_sessions_that_follow_events_are_steered_and_noise_is_not(inputs):
    truth = np.zeros(N_FEATURES)
    truth[[0, 4]] = 1.0, 5.0
    popular_alone = np.zeros(N_FEATURES)
    popular_alone[0] = 3.0
    bases = {False: lambda moment: POPULAR, True: lambda moment: None}
    followed = learn_weights(draw_moments_by(truth, inputs, 500), bases, inputs, seed=1)
    assert [cohort.most_events for cohort in followed.weights.cohorts] == [*COHORTS]
    assert not any(cohort.is_personal for cohort in followed.weights.cohorts)
    assert followed.report["popular"]["verdict"] == "accepted" and followed.report["popular"]["low"] > 0
    assert followed.report["personal"]["verdict"] == "refused", "nobody has a list of their own"
    assert "only 0 sessions" in followed.report["personal"]["reason"]
    for seed in range(3):
        noise = learn_weights(draw_moments_by(popular_alone, inputs, 500, seed), bases, inputs, seed=1)
        assert noise.weights.cohorts == ()
        assert "not above zero" in noise.report["popular"]["reason"]


def test_learning_is_the_same_for_the_same_seed(inputs):
    truth = np.full(N_FEATURES, 1.5)
    moments = draw_moments_by(truth, inputs, 200)
    bases = {False: lambda moment: POPULAR}
    assert learn_weights(moments, bases, inputs, 5) == learn_weights(moments, bases, inputs, 5)
    nothing = learn_weights([], bases, inputs, 5)
    assert nothing.weights.cohorts == () and nothing.report["popular"]["verdict"] == "refused"


def test_no_session_teaches_and_judges():
    moments = [Moment(session, 0, 0, [], {}) for session in range(10) for _ in range(7)]
    drawn = draw_moments(moments, seed=2)
    assert np.bincount([one.session for one in drawn]).tolist() == [MOMENTS_A_SESSION] * 10
    earlier, later = split_by_time(drawn)
    assert {one.session for one in earlier} == set(range(6)) and {one.session for one in later} == {
        6,
        7,
        8,
        9,
    }


def test_gains_and_lift_by_hand():
    features = np.zeros((4, N_FEATURES))
    features[:3, 0] = 1.0, 0.7, 0.3  # the list holds three; the fourth is proposed by an event alone
    features[3, 4] = 1.0
    bought = Example(0, 1, features, np.array([0.0, 1.0, 0.0, 5.0]), np.array([5.0, 1.0]))
    viewed = Example(1, 1, features, np.array([1.0, 0.0, 0.0, 0.0]), np.array([1.0]))
    best = 5.0 + 1.0 / np.log2(3)
    assert measure_gain(bought, bought.unsteered) == pytest.approx(1 / np.log2(3) + 5 / np.log2(5))
    assert measure_best_gain(bought) == pytest.approx(best)
    weights = CohortWeights(False, 1, 1.0, (0.0,) * 3, (2.0, 0.0, 0.0), 0.0)
    measured = measure_steering_lift([bought, viewed], {1: weights})
    # steered, the fourth comes first: what was bought gains, what was viewed falls to the second place
    steered = (5.0 + 1.0 / np.log2(4) + 1.0 / np.log2(3)) / (best + 1.0)
    unsteered = (1 / np.log2(3) + 5 / np.log2(5) + 1.0) / (best + 1.0)
    assert (measured.unsteered, measured.steered) == pytest.approx((unsteered, steered))
    assert measured.lift == pytest.approx(steered - unsteered)
    assert (measured.hits_unsteered, measured.hits_steered) == (1.0, 1.0)
    assert (measured.n_sessions, measured.n_moments) == (2, 2)


def test_lists_of_their_own_must_gain_a_share_of_what_they_hold():
    measured = SteeringLift(
        100, 200, 0.3, 0.4, unsteered=0.2, steered=0.215, lift=0.015, low=0.009, high=0.02
    )
    own, popular = (
        [CohortWeights(is_personal, 1, 1.0, (0.0,) * 3, (0.0,) * 3, 0.0)] for is_personal in (True, False)
    )
    assert compute_least_lift(measured, popular) == compute_least_lift(None, own) == 0.0
    assert compute_least_lift(measured, own) == pytest.approx(0.01)
    assert "not above 0.0100, 5% of what the list holds" in explain_verdict(measured, 0.01)
    assert (
        explain_verdict(measured, 0.0)
        == "lift over the list alone +0.0150 [+0.0090, +0.0200] over 100 sessions"
    )
