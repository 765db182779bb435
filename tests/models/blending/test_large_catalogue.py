"""A catalogue of more items than are scored for many customers at once has a learned blend all the same."""

import numpy as np
import pytest
from scipy import sparse

from models.blending.learned import LearnedBlend
from models.blending.ranker import RankerSettings
from models.inference import select_top_items
from models.recommenders import build_blend
from models.training_data import PURCHASE, Behaviour, Customers, Training

N_CUSTOMERS, N_ITEMS, N_DAYS = 320, 31_000, 40
LEARNED = {
    "parts": {"item_knn": {}, "recent_popularity": {}},
    "ranker": {"windows": 1, "rounds": 5, "leaves": 7},
}


@pytest.fixture(scope="module")
def training():
    """Two tastes of 60 items each, an item every second day; all else in the catalogue is touched
    by nobody.
    """
    generator = np.random.default_rng(1)
    places = generator.permutation(N_ITEMS)[:120]
    customer = np.repeat(np.arange(N_CUSTOMERS), N_DAYS // 2)
    day = np.tile(np.arange(0, N_DAYS, 2), N_CUSTOMERS)
    item = places[60 * (customer % 2) + generator.integers(0, 60, len(customer))]
    cells = np.unique(np.stack([customer, item, day]), axis=1).astype(np.int32)
    held = Behaviour(N_CUSTOMERS, N_ITEMS, *cells, np.full(cells.shape[1], PURCHASE, np.int8), N_DAYS)
    nothing = [sparse.csr_matrix((n, 0), dtype=np.float32) for n in (N_CUSTOMERS, N_ITEMS)]
    return Training(held, *nothing)


def test_enough_are_asked_and_the_scores_of_all_parts_stay_within_bounds(training):
    """Six million cells were 193 customers here, fewer than the 200 that a learned blend is tried from."""
    blend = build_blend(LEARNED)
    [window, *_] = blend.select_windows(training)
    assert len(blend.draw_case(training, window, 0)) == 300
    many = LearnedBlend([None] * 100, RankerSettings())
    assert len(many.draw_case(training, window, 0)) == 193, (
        "a hundred parts of 31,000 float32 each fit for 48, six million cells for 193"
    )


def test_it_learns_whose_taste_is_whose(training):
    blend = build_blend(LEARNED).fit(training, 0)
    few = np.arange(40)
    listed, _ = select_top_items(blend.score(Customers.from_training(training, few)), 5)
    taste = {
        int(item): customer % 2
        for customer, item in zip(training.behaviour.customer, training.behaviour.item, strict=True)
    }
    right = [taste.get(int(item)) == customer % 2 for customer in few for item in listed[customer]]
    assert np.mean(right) > 0.95
