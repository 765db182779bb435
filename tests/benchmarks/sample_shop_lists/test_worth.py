"""Worth and groups on a judge small enough to add up by hand: three customers, five items."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from benchmarks.sample_shop_lists import worth
from benchmarks.sample_shop_lists.worth import ATTRIBUTES, AUDIENCE, BROWSED, COLD, COOL, LISTED, SERVED, WARM

COLUMN_OF = {"tea": 0, "pan": 1, "soap": 2, "lamp": 3, "new-tea": 4}
EXPECTED = np.array(
    [
        [0.50, 0.10, 0.00, 0.05, 0.20],
        [0.00, 0.30, 0.30, 0.00, 0.10],
        [0.01, 0.02, 0.03, 0.04, 0.05],
    ]
)
NEW = np.array([False, False, False, False, True])


def test_a_list_that_ends_is_continued_and_no_item_counts_twice():
    ladder = [["pan", "tea"], ["tea", "lamp", "soap"]]
    assert worth.merge_ladder([["tea", "gone"], *ladder], COLUMN_OF, k=4) == [0, -1, 1, 3]
    assert worth.merge_ladder([[], *ladder], COLUMN_OF, k=2) == [1, 0]


def test_worth_is_the_sum_over_the_places_held():
    places = worth.compact_rows([[0, 4, 1], [1, -1], []], k=3)
    assert places.tolist() == [[0, 4, 1], [1, -1, -1], [-1, -1, -1]]
    assert worth.compute_list_worth(EXPECTED, places) == pytest.approx([0.8, 0.3, 0.0])
    # Of what is new, the first customer's list holds .2; the second's holds none, though .1 are there.
    assert worth.compute_list_worth(EXPECTED, places, NEW) == pytest.approx([0.2, 0.0, 0.0])


def test_the_best_are_the_most_expected_and_the_first_among_equals():
    assert worth.find_best_items(EXPECTED, k=2).tolist() == [[0, 4], [1, 2], [4, 3]]
    assert worth.compute_list_worth(EXPECTED, worth.find_best_items(EXPECTED, k=2), NEW) == pytest.approx(
        [0.2, 0.0, 0.05]
    )


def test_groups_by_days_with_a_purchase():
    n_days = np.array([5, 3, 2, 1, 0, 0, 0, 1])
    browsed = np.array([1, 1, 1, 1, 1, 0, 0, 1], bool)
    listed = np.array([1, 1, 1, 1, 1, 1, 0, 0], bool)
    found = {
        name: np.flatnonzero(mask).tolist()
        for name, mask in worth.group_customers(n_days, browsed, listed).items()
    }
    assert found == {
        LISTED: [0, 1, 2, 3, 4, 5],
        WARM: [0, 1],
        COOL: [2],
        COLD: [3],
        BROWSED: [4],
        ATTRIBUTES: [5],
        AUDIENCE: [6, 7],
    }


@given(arrays.arrays(np.int64, 20, elements=st.integers(0, 5)), st.integers(0, 2**40 - 1))
def test_everybody_is_in_one_group(n_days, drawn):
    flags = np.array([drawn >> n & 1 for n in range(40)], bool)
    found = worth.group_customers(n_days, flags[:20] | (n_days > 0), flags[20:])
    alone = [mask for name, mask in found.items() if name != LISTED]
    assert (np.sum(alone, axis=0) == 1).all()
    assert (
        found[LISTED]
        == np.any([mask for name, mask in found.items() if name not in (LISTED, AUDIENCE)], axis=0)
    ).all()


def test_the_board_compares_customer_by_customer():
    """40 customers, 20 in each group; the part is .1 behind for every warm one, .2 ahead for
    every cold one.
    """
    level = np.random.default_rng(3).random(40)
    warm = np.arange(40) < 20
    values = {SERVED: level, "part": np.where(warm, level - 0.1, level + 0.2)}
    board = worth.build_board(values, {WARM: warm, COLD: ~warm, AUDIENCE: np.zeros(40, bool)})
    assert (
        board.lists == (SERVED, "part") and board.groups == (WARM, COLD, AUDIENCE) and board.n == (20, 20, 0)
    )
    assert board.mean[0, 0, 0] == pytest.approx(level[:20].mean()) and board.mean[1, 1, 0] == pytest.approx(
        level[20:].mean() + 0.2
    )
    # The difference is one and the same for each, so its interval has no width, however wide that of the
    # means is.
    assert board.behind[1, 0] == pytest.approx([0.1, 0.1, 0.1]) and board.behind[1, 1] == pytest.approx(
        [-0.2, -0.2, -0.2]
    )
    assert board.mean[0, 0, 2] - board.mean[0, 0, 1] > 0.1
    assert np.isnan(board.mean[:, 2]).all() and board.behind[0, :2] == pytest.approx(np.zeros((2, 3)))
