"""Defaults that are read off the customers' own rhythm: how far apart two days of one session may lie."""

import numpy as np
import pytest
from scipy import sparse

from models.inference import select_top_items
from models.recommenders.sequences import build_baskets, compute_usual_gap_days
from models.recommenders.stan import STAN
from models.training_data import PURCHASE, Behaviour, Customers, Training


def behaviour(rows, n_customers, n_items):
    cells = np.array(sorted(rows), np.int32).T
    return Behaviour(
        n_customers, n_items, *cells, np.full(cells.shape[1], PURCHASE, np.int8), int(cells[2].max()) + 1
    )


@pytest.mark.parametrize(
    ("rows", "gap"),
    [
        pytest.param(
            [(0, 0, 1), (0, 1, 8), (0, 2, 15), (1, 0, 3), (1, 1, 13)],
            7,
            id="one item a visit, a week apart: 7, 7, 10",
        ),
        pytest.param([(0, 0, 1), (0, 1, 1), (0, 2, 8)], 0, id="half the days hold two items"),
        pytest.param([(0, 0, 1), (1, 1, 1), (2, 2, 9)], 0, id="nobody came twice"),
        pytest.param([(0, n, n) for n in range(9)], 1, id="days that are places"),
    ],
)
def test_the_gap_is_the_customers_usual_one(rows, gap):
    assert compute_usual_gap_days(build_baskets(behaviour(rows, 3, 9))) == gap


def test_a_tenth_of_days_with_two_items_is_enough_to_compare_days():
    rows = [(0, n % 30, 2 * n) for n in range(9)]
    assert compute_usual_gap_days(build_baskets(behaviour([*rows, (0, 20, 18), (0, 21, 18)], 1, 30))) == 0
    assert (
        compute_usual_gap_days(
            build_baskets(behaviour([*rows, (0, 20, 18), (0, 21, 20), (0, 22, 20)][:-1], 1, 30))
        )
        == 2
    )


def test_stan_has_something_to_say_where_each_day_holds_one_item():
    """Everybody walks the same way, an item every third day, from another item on; what comes next is in
    others' sessions.
    """
    rows = [(c, (c + n) % 40, 3 * n + c % 3) for c in range(40) for n in range(8)]
    held = behaviour(rows, 40, 40)
    training = Training(held, sparse.csr_matrix((40, 0)), sparse.csr_matrix((40, 0)))
    seen = held.matrix().toarray() > 0

    def next_is_listed(**parameters):
        listed, _ = select_top_items(
            STAN(**parameters).fit(training, 0).score(Customers.from_training(training, np.arange(40))),
            3,
            ~seen,
        )
        return np.mean([(c + 8) % 40 in listed[c] for c in range(40)])

    assert next_is_listed() > 0.9
    assert next_is_listed(gap_days=0) == 0.0, (
        "the control: a day a session, the default of before, lists nothing"
    )
