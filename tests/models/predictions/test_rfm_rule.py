"""The RFM rule's fifths and means, by hand."""

import numpy as np
import pytest

from models.predictions.cuts import Examples
from models.predictions.rfm_rule import PRIOR, find_cells, fit_rfm_rule

NAMES = ("recency", "frequency", "money")


def test_the_latest_the_most_frequent_and_the_dearest_are_the_fifth_fifth():
    table = np.array([[day, 11 - day, 10.0 * (11 - day)] for day in range(1, 11)], np.float32)
    cells = find_cells(table, NAMES)
    digits = [(cell // 36, cell // 6 % 6, cell % 6) for cell in cells]
    assert digits[0] == (5, 5, 5) and digits[-1] == (1, 1, 1)
    assert [recency for recency, _, _ in digits] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]


def test_who_never_bought_has_a_cell_of_their_own():
    table = np.array([[np.nan, 0, 0], [3, 1, 10]], np.float32)
    assert find_cells(table, NAMES)[0] == 0 != find_cells(table, NAMES)[1]


def test_a_cell_predicts_its_mean_drawn_to_the_mean_of_all():
    table = np.array([[np.nan, 0, 0]] * 10 + [[1, 1, 1]] * 30, np.float32)
    labels = np.array([0.0] * 10 + [1.0] * 30)
    rule = fit_rfm_rule([Examples(np.arange(40), table, labels)], NAMES)
    never, once = rule.predict(table, NAMES)[[0, -1]]
    assert never == pytest.approx((0 + PRIOR * 0.75) / (10 + PRIOR))
    assert once == pytest.approx((30 + PRIOR * 0.75) / (30 + PRIOR))
