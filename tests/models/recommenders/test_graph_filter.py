"""The graph filter against its differential equation, stepped on dense matrices of a shop of eight items."""

import numpy as np
import pytest
from scipy import sparse

from models.recommenders.graph_filter import GraphFilter
from models.training_data import PURCHASE, Behaviour, Customers, Training

N_CUSTOMERS, N_ITEMS = 15, 8


@pytest.fixture(scope="module")
def training():
    cells = np.argwhere(np.random.default_rng(8).random((N_CUSTOMERS, N_ITEMS)) < 0.4).astype(np.int32)
    n = len(cells)
    behaviour = Behaviour(
        N_CUSTOMERS, N_ITEMS + 1, *cells.T, np.zeros(n, np.int32), np.full(n, PURCHASE, np.int8), until=1
    )
    nothing = [sparse.csr_matrix((size, 1), dtype=np.float32) for size in (N_CUSTOMERS, N_ITEMS + 1)]
    return Training(behaviour, *nothing)


def by_the_equations(had, components, sharpening, weight, a=0.3, b=0.5):
    """Blur one Euler step, add the low pass, sharpen one step of Runge and Kutta (the 1/6, 1/3, 1/3, 1/6
    one).
    """
    graph = np.diag(had.sum(axis=1) ** -a) @ had @ np.diag(had.sum(axis=0) ** -b)
    P = graph.T @ graph
    values, vectors = np.linalg.eigh(P)
    P = P / values[-1]
    V = vectors[:, ::-1][:, :components]
    D = had.sum(axis=0) ** b
    x = had @ P + weight * (had / D) @ V @ V.T * D
    k1 = -x @ P
    k2 = -(x + sharpening / 2 * k1) @ P
    k3 = -(x + sharpening / 2 * k2) @ P
    k4 = -(x + sharpening * k3) @ P
    return x + sharpening / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


@pytest.mark.parametrize(("sharpening", "weight"), [(2.5, 0.2), (0.0, 0.3), (1.0, 0.0)])
def test_with_all_components_it_is_the_equation(training, sharpening, weight):
    everybody = Customers.from_training(training, np.arange(N_CUSTOMERS))
    R = (training.behaviour.matrix().toarray() > 0).astype(float)[:, :N_ITEMS]
    fitted = GraphFilter(components=N_ITEMS, sharpening=sharpening, low_pass_weight=weight).fit(
        training, seed=0
    )
    scores = fitted.score(everybody)
    assert scores[:, :N_ITEMS] == pytest.approx(by_the_equations(R, N_ITEMS, sharpening, weight), abs=1e-4)
    assert np.isneginf(scores[:, N_ITEMS]).all(), "nobody had the last item"


def test_without_sharpening_few_components_are_the_low_pass_of_the_paper(training):
    R = (training.behaviour.matrix().toarray() > 0).astype(float)[:, :N_ITEMS]
    fitted = GraphFilter(components=3, sharpening=0.0, low_pass_weight=0.3).fit(training, seed=0)
    scores = fitted.score(Customers.from_training(training, np.arange(N_CUSTOMERS)))[:, :N_ITEMS]
    assert scores == pytest.approx(by_the_equations(R, 3, 0.0, 0.3), abs=1e-4)
    sharpened = by_the_equations(R, 3, 2.5, 0.3)
    assert np.abs(scores - sharpened).max() > 0.05, "the control: sharpening is seen"


def test_neighbours_are_kept_and_an_item_is_not_its_own(training):
    fitted = GraphFilter(neighbours=2).fit(training, seed=0)
    assert fitted.blurring.getnnz(axis=1).max() == 2
    alike = GraphFilter().fit(training, seed=0).score_similar_items(np.arange(N_ITEMS + 1))
    assert np.isneginf(np.diag(alike)).all()
    R = (training.behaviour.matrix().toarray() > 0).astype(float)[:, :N_ITEMS]
    graph = np.diag(R.sum(axis=1) ** -0.3) @ R @ np.diag(R.sum(axis=0) ** -0.5)
    P = graph.T @ graph
    np.fill_diagonal(P, -np.inf)
    assert alike[:N_ITEMS, :N_ITEMS].argmax(axis=1).tolist() == P.argmax(axis=1).tolist()
