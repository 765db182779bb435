"""Lookalikes of planted segments: hidden members are found, sizes are nested, and what the table says."""

import numpy as np
import pytest
from scipy import sparse

from models.groups.customer_table import build_customer_table, place_by_taste, sum_category_shares
from models.groups.lookalikes import FEWEST_SEEDS, TooFewSeedsError, score_likeness, select_best
from models.predictions.features import list_features
from models.predictions.measures import compute_auc
from tests.models.predictions.conftest import build_history

N = 900


def draw_shop(seed=1, n=N):
    """Customers of two tastes who buy as often and as dear: the first third from one shelf of 30 items, the
    rest from the other; both from a middle shelf.
    """
    generator = np.random.default_rng(seed)
    rows, pairs = [], set()
    for customer in range(n):
        shelf = 0 if customer < n // 3 else 1
        for day in generator.choice(60, 6, replace=False):
            rows.append((customer, int(day), 2, 1, float(generator.gamma(4, 10)), 0))
            middle = generator.random() < 0.4
            pairs.add((customer, int(generator.integers(30)) + 30 * (2 if middle else shelf)))
    row, column = zip(*sorted(pairs), strict=True)
    items = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(n, 90))
    return build_history(rows, n, 60), items


@pytest.fixture(scope="module")
def table():
    return build_customer_table(*draw_shop(), attributes=[["de"] * N, ["web", None] * (N // 2)], seed=3)


def test_hidden_members_are_found_by_taste_where_habits_say_nothing(table):
    is_member = np.arange(N) < N // 3
    is_hidden = is_member & (np.random.default_rng(0).random(N) < 0.3)
    scores = score_likeness(table, is_member & ~is_hidden, seed=3)
    asked = ~np.isnan(scores)
    assert (asked == (~is_member | is_hidden)).all()
    assert compute_auc(scores[asked], is_hidden[asked].astype(float)) > 0.95
    habits = table[:, : len(list_features())]
    blind = score_likeness(habits, is_member & ~is_hidden, seed=3)
    assert abs(compute_auc(blind[asked], is_hidden[asked].astype(float)) - 0.5) < 0.1, "a negative control"


def test_the_same_table_and_seed_give_the_same_scores(table):
    is_member = np.arange(N) < 50
    first, again = (score_likeness(table, is_member, seed=3) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_a_larger_size_holds_the_smaller_one():
    scores = np.array([0.5, np.nan, 0.9, 0.5, -1.0, np.nan])
    assert [select_best(scores, n).tolist() for n in range(6)] == [
        [],
        [2],
        [2, 0],
        [2, 0, 3],
        [2, 0, 3, 4],
        [2, 0, 3, 4],
    ]


@pytest.mark.parametrize("n_members", [FEWEST_SEEDS - 1, N - FEWEST_SEEDS + 1])
def test_a_segment_of_few_or_of_nearly_all_teaches_nothing(table, n_members):
    with pytest.raises(TooFewSeedsError, match=f"{n_members} members and {N - n_members} others"):
        score_likeness(table, np.arange(N) < n_members, seed=3)


def test_shares_of_categories_are_of_what_was_bought_and_of_what_was_looked_at():
    rows = [
        (0, 1, 2, 3, 9.0, 1),
        (0, 2, 2, 1, 9.0, 0),
        (0, 3, 0, 5, 0.0, 0),
        (1, 3, 1, 2, 0.0, -1),
        (1, 4, 3, 1, 2.0, 0),
    ]
    shares = sum_category_shares(build_history(rows, 2, 10))
    # The commonest first: seven of category 0 (four lines, five views … a return), three of category 1.
    np.testing.assert_allclose(shares, [[0.25, 0.75, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]])


def test_customers_of_one_taste_stand_together():
    _, items = draw_shop(n=300)
    taste = place_by_taste(items, seed=1)
    unit = taste / np.linalg.norm(taste, axis=1, keepdims=True)
    alike = unit @ unit.T
    assert alike[:100, :100].mean() > 2 * alike[:100, 100:].mean()
    assert place_by_taste(sparse.csr_matrix((5, 0)), seed=1).shape == (5, 0)
    assert place_by_taste(sparse.csr_matrix((5, 7)), seed=1).shape == (5, 0)
