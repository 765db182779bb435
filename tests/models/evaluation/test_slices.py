"""Slices are of what was known before the test, every customer in one of each kind; their figures are their
members'.
"""

import numpy as np
import pytest
from scipy import sparse

from models.evaluation import EvaluationOptions, evaluate_scores, slices
from models.evaluation.summary import summarise_metrics
from models.time_split import build_holdout_case
from models.training_data import PURCHASE, Behaviour


def shop(rows, n_customers, n_items):
    rows = sorted(rows)
    columns = [np.array([row[n] for row in rows], np.int32) for n in range(3)]
    return Behaviour(n_customers, n_items, *columns, np.full(len(rows), PURCHASE, np.int8), until=100)


@pytest.fixture(scope="module")
def asked():
    """Customer 0 bought on one day long ago, 1 on two days, 2 on three days and lately; 3 is not
    in the test.
    """
    before = shop([(0, 0, 1), (1, 0, 40), (1, 1, 41), (2, 0, 70), (2, 1, 80), (2, 2, 99), (3, 0, 99)], 4, 4)
    after = shop([(0, 1, 101), (1, 2, 101), (2, 3, 102)], 4, 4)
    return before, build_holdout_case(before, after, np.ones(4, bool))


def test_customers(asked):
    found = slices.slice_customers(*asked)
    members = {name: np.flatnonzero(mask).tolist() for name, mask in found.items()}
    assert members == {
        "cold customers": [0],
        "cool customers": [1],
        "warm customers": [2],
        "activity: light": [0],
        "activity: middle": [1],
        "activity: heavy": [2],
        "stage: lapsed": [0],
        "stage: cooling": [1],
        "stage: active": [2],
    }


def test_a_grouping_in_which_all_are_alike_says_nothing():
    before, after = shop([(c, c, 99) for c in range(3)], 3, 4), shop([(c, 3, 101) for c in range(3)], 3, 4)
    assert slices.slice_customers(before, build_holdout_case(before, after, np.ones(4, bool))) == {}


def test_labels_with_few_customers_are_one_slice():
    n = slices.LEAST + 2
    before, after = shop([(c, 0, 99) for c in range(n)], n, 2), shop([(c, 1, 101) for c in range(n)], n, 2)
    country = np.array(["Elsewhere", ""] + ["Here"] * slices.LEAST)
    found = slices.slice_customers(
        before, build_holdout_case(before, after, np.ones(2, bool)), {"country": country}
    )
    assert {name: int(mask.sum()) for name, mask in found.items()} == {
        "country: Here": slices.LEAST,
        "country: other": 2,
    }


def test_items_by_how_many_wanted_them():
    before = shop([(c, 0, 1) for c in range(5)] + [(c, 1, day) for c in range(4) for day in (1, 2)], 5, 3)
    found = slices.slice_items(before)
    assert found["warm items"].tolist() == [True, False, False]  # four customers on two days are four
    assert found["cold items"].tolist() == [False, True, True]


def test_words_of_a_kind_of_token():
    features = sparse.csr_matrix(np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]], np.float32))
    words = slices.extract_attribute_values(
        features, {"country=France": 0, "country=Spain": 1, "brand=Elm": 2}, "country"
    )
    assert words.tolist() == ["France", "Spain", ""]


def test_told_by_slice(asked):
    """Scores put item 3 first: only customer 2, the warm one, finds what they wanted, at the first place."""
    before, test = asked
    found = evaluate_scores(
        np.tile(np.array([0.1, 0.2, 0.3, 0.9]), (3, 1)),
        test,
        np.ones(4, bool),
        EvaluationOptions((1,), item_slices=slices.slice_items(before)),
    )
    told = summarise_metrics(found, slices.slice_customers(before, test))["next"]
    assert told["ndcg"]["mean"] == pytest.approx(1 / 3, abs=1e-5) and told["n_customers"] == 3
    by_slice = {name: (part["ndcg"]["mean"], part["n_customers"]) for name, part in told["slices"].items()}
    assert by_slice["warm customers"] == (1.0, 1) and by_slice["cold customers"] == (0.0, 1)
    assert by_slice["cold items"] == (pytest.approx(1 / 3, abs=1e-5), 3)
    assert by_slice["warm items"] == (None, 0)
    assert (
        told["slices"]["cold items"]["recall"]["low"]
        <= 1 / 3
        <= told["slices"]["cold items"]["recall"]["high"]
    )
