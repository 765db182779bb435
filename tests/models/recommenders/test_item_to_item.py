"""RP3beta, EASE and the ridge from histories, against loops and a general solver on a shop of seven items."""

import numpy as np
import pytest
from scipy import sparse

from models.recommenders.dense import CatalogueTooLargeError, check_memory_limit, invert_in_place
from models.recommenders.ease import EASE
from models.recommenders.history_ridge import HistoryRidge
from models.recommenders.rp3beta import RP3Beta
from models.training_data import PURCHASE, Behaviour, Customers, Training

N_CUSTOMERS, N_ITEMS, UNTIL = 12, 7, 60  # item 6 is never touched


@pytest.fixture(scope="module")
def training():
    generator = np.random.default_rng(5)
    cells = np.argwhere(generator.random((N_CUSTOMERS, N_ITEMS - 1, UNTIL)) < 0.03)
    behaviour = Behaviour(
        N_CUSTOMERS, N_ITEMS, *cells.T.astype(np.int32), np.full(len(cells), PURCHASE, np.int8), until=UNTIL
    )
    nothing = [sparse.csr_matrix((n, 1), dtype=np.float32) for n in (N_CUSTOMERS, N_ITEMS)]
    return Training(behaviour, *nothing)


def histories(behaviour, half_life=None):
    """Dense: a purchase of today is 1, halved every half-life."""
    found = np.zeros((behaviour.n_customers, behaviour.n_items))
    for customer, item, day in zip(behaviour.customer, behaviour.item, behaviour.day, strict=True):
        found[customer, item] += 0.5 ** ((behaviour.until - 1 - day) / half_life) if half_life else 1.0
    return found


def everybody(training):
    return Customers.from_training(training, np.arange(N_CUSTOMERS))


def positive(scores):
    return np.where(np.isfinite(scores), scores, 0.0)


def test_rp3beta_is_a_walk_of_three_steps(training):
    faded, whole = histories(training.behaviour, 20.0), histories(training.behaviour)
    wanted = np.zeros((N_ITEMS, N_ITEMS))
    for i in range(N_ITEMS):
        for j in range(N_ITEMS):
            for u in range(N_CUSTOMERS):
                if faded[u, i] and faded[u, j]:
                    back = (5 * faded[u, i] / (5 * whole[:, i].sum())) ** 0.7
                    forth = (5 * faded[u, j] / (5 * whole[u].sum())) ** 0.7
                    wanted[i, j] += back * forth / (5 * whole[:, j].sum()) ** 0.3  # a purchase weighs 5
    fitted = RP3Beta(half_life_days=20.0, walk_power=0.7, popularity_power=0.3).fit(training, seed=0)
    assert fitted.similarity.toarray() == pytest.approx(wanted, rel=1e-5)
    assert positive(fitted.score(everybody(training))) == pytest.approx(5 * faded @ wanted, rel=1e-4)
    alike = fitted.score_similar_items(np.arange(N_ITEMS))
    assert np.isneginf(np.diag(alike)).all(), (
        "an item is not its own neighbour, though a walk comes back to it"
    )
    few = RP3Beta(half_life_days=20.0, neighbours=2).fit(training, seed=0)
    assert few.similarity.getnnz(axis=1).max() == 2


def test_ease_predicts_each_item_from_all_others(training):
    """Column j of the weights is the ridge regression of item j on the other items; solved here
    one by one.
    """
    X = histories(training.behaviour, 30.0)[:, :6]
    X /= np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12) ** 0.5
    wanted = np.zeros((6, 6))
    for j in range(6):
        others = [i for i in range(6) if i != j]
        A = X[:, others]
        wanted[others, j] = np.linalg.solve(A.T @ A + 3.0 * np.eye(5), A.T @ X[:, j])
    fitted = EASE(half_life_days=30.0, ridge=3.0, length_power=0.5).fit(training, seed=0)
    assert fitted.weights == pytest.approx(wanted, abs=1e-5)
    scores = fitted.score(everybody(training))
    assert positive(scores[:, :6]) == pytest.approx(np.maximum(X @ wanted, 0.0), abs=1e-5)
    assert np.isneginf(scores[:, 6]).all(), "nobody touched item 6"
    assert np.isneginf(fitted.score_similar_items(np.array([6]))).all()


def test_a_catalogue_that_does_not_fit_is_refused_before_anything_is_allocated(training):
    with pytest.raises(CatalogueTooLargeError, match=r"ease: 40,981 items need 20.2 GB .* 2 GB are granted"):
        check_memory_limit(40_981, 1.5, 2.0, "ease")
    check_memory_limit(11_000, 1.5, 2.0, "ease")
    for kind in (EASE, HistoryRidge):
        with pytest.raises(CatalogueTooLargeError, match=kind.name):
            kind(memory_limit_gb=1e-9).fit(training, seed=0)


def test_history_ridge_is_the_regression_of_every_cut_on_what_came_after(training):
    """A horizon is a sixth of the 60 days or so. Solved as one least-squares problem of weighted rows."""
    behaviour = training.behaviour
    fitted = HistoryRidge(half_life_days=15.0, ridge=0.5, cut_half_life_days=20.0).fit(training, seed=0)
    left, right = [], []
    first = int(behaviour.day.min())
    horizon = (UNTIL - first) // 6
    for cut in range(UNTIL - horizon, first + horizon - 1, -horizon):
        past = histories(behaviour.before(cut), 15.0)[:, :6]
        after = behaviour.since(cut)
        ahead = (histories(after.where(after.day < cut + horizon)) > 0)[:, :6].astype(float)
        for u in range(N_CUSTOMERS):
            if past[u].any() and ahead[u].any():
                weight = 0.5 ** ((UNTIL - horizon - cut) / 20.0 / 2)  # squared by the regression
                left.append(weight * past[u] / np.linalg.norm(past[u]))
                right.append(weight * ahead[u] / np.sqrt(ahead[u].sum()))
    left.append(np.sqrt(0.5) * np.eye(6))
    right.append(np.zeros((6, 6)))
    wanted, *_ = np.linalg.lstsq(np.vstack(left), np.vstack(right), rcond=None)
    assert fitted.weights == pytest.approx(wanted, abs=1e-5)


def test_history_ridge_of_a_shop_on_its_first_day_says_nothing(training):
    behaviour = training.behaviour.since(UNTIL - 1)
    fitted = HistoryRidge().fit(
        Training(behaviour, training.customer_features, training.item_features), seed=0
    )
    assert np.isneginf(fitted.score(Customers.from_training(training, np.arange(N_CUSTOMERS)))).all()


def test_an_inverse_takes_the_memory_it_is_given():
    generator = np.random.default_rng(2)
    square = generator.random((1030, 20))
    matrix = square @ square.T + np.eye(1030)  # more than one block of the mirror
    wanted = np.linalg.inv(matrix)
    found = invert_in_place(matrix)
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert np.shares_memory(found, matrix)
    with pytest.raises(ValueError, match="not positive definite"):
        invert_in_place(np.array([[1.0, 2.0], [2.0, 1.0]]))
