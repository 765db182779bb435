"""Where time is cut: windows by length of history, nobody tested on a day that was learned from, the sample
the seed's.
"""

import numpy as np
import pytest

from models.time_split import HoldoutWindows, OverlapError, build_holdout_case, split_into_windows
from models.training_data import PURCHASE, Behaviour


def shop(rows, n_customers, n_items):
    rows = sorted(rows)
    columns = [np.array([row[n] for row in rows], np.int32) for n in range(3)]
    kind = np.full(len(rows), PURCHASE, np.int8)
    return Behaviour(n_customers, n_items, *columns, kind, until=max((row[2] for row in rows), default=0) + 1)


def test_a_test_that_shares_a_day_with_training_is_refused():
    train = shop([(0, 0, 1), (0, 1, 5)], 1, 2)
    with pytest.raises(OverlapError, match="begins on day 5"):
        build_holdout_case(train, shop([(0, 1, 5)], 1, 2), np.ones(2, bool))
    assert build_holdout_case(train, shop([(0, 1, 6)], 1, 2), np.ones(2, bool)).customers.tolist() == [0]


def test_training_before_a_day_holds_nothing_of_it():
    behaviour = shop([(0, item, day) for day, item in enumerate([0, 1, 0, 1, 1])], 1, 2)
    early = behaviour.before(3)
    assert early.day.max() == 2
    assert early.until == 3


@pytest.mark.parametrize(
    ("n_days", "window"),
    [
        pytest.param(5, None, id="too short to test anything"),
        pytest.param(6, 1, id="six days have windows of one"),
        pytest.param(45, 7, id="the sample shop's first 45 days"),
        pytest.param(374, 28, id="Online Retail"),
    ],
)
def test_windows(n_days, window):
    found = split_into_windows(100, 100 + n_days)
    assert found == (
        None
        if window is None
        else HoldoutWindows(100 + n_days - 2 * window, 100 + n_days - window, 100 + n_days)
    )


def test_the_sample_of_customers_is_the_seeds():
    train, test = shop([(c, 0, 1) for c in range(50)], 50, 2), shop([(c, 1, 5) for c in range(50)], 50, 2)
    one, same, other = (
        build_holdout_case(train, test, np.ones(2, bool), most=10, seed=seed).customers for seed in (1, 1, 2)
    )
    assert len(one) == 10
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_what_was_had_and_what_was_wanted():
    """Twice bought is one cell; `fresh` is what was wanted and not had; customers can be taken by their
    places.
    """
    train, test = (
        shop([(1, 0, 1), (1, 0, 2), (2, 1, 1)], 4, 3),
        shop([(1, 0, 5), (1, 2, 5), (2, 1, 6), (3, 1, 6)], 4, 3),
    )
    found = build_holdout_case(train, test, np.ones(3, bool), most=None)
    assert found.customers.tolist() == [1, 2] and len(found) == 2 and found.n_items == 3
    assert found.seen.toarray().tolist() == [[True, False, False], [False, True, False]]
    assert found.wanted.toarray().tolist() == [[True, False, True], [False, True, False]]
    assert found.fresh.toarray().tolist() == [[False, False, True], [False, False, False]]
    assert found.n_days_before.tolist() == [2, 1]
    assert found.rows(np.array([1])).wanted.toarray().tolist() == [[False, True, False]]
