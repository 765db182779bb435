"""Density chooses where a search starts: broad tastes where customers had a hundred items each, neighbours
where they had few.
"""

import numpy as np
import pytest
from scipy import sparse

from models.evaluation import evaluate_scores
from models.recommenders import build_recommender
from models.search import compute_items_per_customer, order_recipes, read_search_space
from models.time_split import build_holdout_case
from models.training_data import PURCHASE, Behaviour, Customers, Training

DAYS, CUT = 60, 50
FIRST_NIGHT = 2  # recipes a part
FEW, MANY = 1.0, 100.0  # items a customer


def shop(liking, n_each, seed):
    """Everybody has so many items, drawn by how much they are liked; the last sixth of the days is asked for.

    Args:
        liking: float [customers, items].
    """
    generator = np.random.default_rng(seed)
    order = np.argsort(-(liking + generator.gumbel(size=liking.shape)), axis=1)[:, :n_each]
    customer, item = np.repeat(np.arange(len(liking)), n_each), order.ravel()
    cells = np.unique(np.stack([customer, item, generator.integers(0, DAYS, len(item))]), axis=1).astype(
        np.int32
    )
    whole = Behaviour(*liking.shape, *cells, np.full(cells.shape[1], PURCHASE, np.int8), DAYS)
    nothing = [sparse.csr_matrix((n, 0), dtype=np.float32) for n in liking.shape]
    training = Training(whole.before(CUT), *nothing)
    return training, build_holdout_case(
        training.behaviour, whole.since(CUT), np.ones(liking.shape[1], bool), most=200
    )


@pytest.fixture(scope="module")
def dense():
    """150 customers with 120 of 250 items each, by eight broad tastes and by how popular an item is."""
    generator = np.random.default_rng(2)
    tastes, items = generator.normal(size=(150, 8)), generator.normal(size=(250, 8)) / np.sqrt(8)
    return shop(1.5 * tastes @ items.T + generator.normal(size=250), 120, 3)


@pytest.fixture(scope="module")
def thin():
    """The same customers with four items each."""
    generator = np.random.default_rng(2)
    return shop(generator.normal(size=(150, 250)), 4, 3)


def best_of_a_first_night(part, density, held):
    training, asked = held
    found = []
    for parameters in order_recipes(read_search_space(), density)[part][:FIRST_NIGHT]:
        scores = (
            build_recommender(part, parameters)
            .fit(training, 0)
            .score(Customers.from_training(training, asked.customers))
        )
        found.append(
            np.nanmean(evaluate_scores(scores, asked, np.ones(asked.n_items, bool)).ndcg["discover"])
        )
    return max(found)


def test_density_is_different_items_a_customer(checkerboard):
    assert compute_items_per_customer(checkerboard.behaviour) == 9.0
    assert compute_items_per_customer(checkerboard.behaviour.before(0)) == 0.0


def test_the_space_holds_both_in_the_order_of_the_data():
    space = read_search_space()
    few, many = order_recipes(space, FEW), order_recipes(space, MANY)
    assert list(few) == list(many) == list(space["parts"])
    for part in space["parts"]:
        assert sorted(map(str, few[part])) == sorted(map(str, many[part])), (
            f"{part}: the same recipes, whatever the density"
        )
    assert order_recipes(space, 99.9) == few and few["rp3beta"][0] == {"half_life_days": 45}
    plain = {
        "half_life_days": None,
        "customer_power": 0.5,
        "low_pass_weight": 1.0,
        "sharpening": 0.0,
        "components": 64,
    }
    assert many["graph_filter"][0] == few["graph_filter"][-2] == plain
    assert order_recipes({"parts": {"ease": [{}]}}, 500.0) == {"ease": [{}]}, (
        "a space need not tell the two apart"
    )


def test_where_customers_had_many_items_a_first_night_finds_what_is_better_there(dense):
    assert compute_items_per_customer(dense[0].behaviour) > MANY
    for part, least in (("graph_filter", 1.02), ("rp3beta", 1.02)):
        assert best_of_a_first_night(part, MANY, dense) > least * best_of_a_first_night(part, FEW, dense), (
            part
        )


def test_where_they_had_few_it_starts_where_it_did(thin):
    """With what was best on Gowalla (27 items each: NDCG@20 .1618, a plain low pass with neighbours .1518)
    and Online Retail.
    """
    found = order_recipes(read_search_space(), compute_items_per_customer(thin[0].behaviour))
    assert found["graph_filter"][:FIRST_NIGHT] == read_search_space()["parts"]["graph_filter"][:FIRST_NIGHT]
    assert found["rp3beta"][:FIRST_NIGHT] == read_search_space()["parts"]["rp3beta"][:FIRST_NIGHT]
