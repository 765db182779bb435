"""Features of small histories worked out by hand, and of random ones by a slow count."""

import itertools
import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.predictions.features import build_features, list_features
from models.predictions.history import CART, PURCHASE, RETURN, VIEW, sum_spend
from tests.models.predictions.conftest import build_history

NAMES = [feature.name for feature in list_features()]
CUT = 400


def features_of(rows, customer=0, n_customers=1, cut=CUT):
    table = build_features(build_history(rows, n_customers, cut + 100), cut)
    return dict(zip(NAMES, table[customer].tolist(), strict=True))


def test_features_of_a_history_worked_out_by_hand():
    """Bought on days 60, 300 (two lines), 340 and 390 (two categories), returned 10; then the future."""
    rows = [
        (0, 30, VIEW, 1, 0.0, 5),
        (0, 60, PURCHASE, 1, 7.0, -1),
        (0, 300, PURCHASE, 2, 40.0, 1),
        (0, 340, PURCHASE, 1, 10.0, 1),
        (0, 345, RETURN, 1, 10.0, 1),
        (0, 390, PURCHASE, 1, 20.0, 1),
        (0, 390, PURCHASE, 1, 10.0, 2),
        (0, 394, CART, 3, 0.0, 1),
        (0, 399, VIEW, 4, 0.0, 2),
        (0, 400, PURCHASE, 9, 999.0, 3),
        (0, 401, VIEW, 9, 0.0, 3),
    ]
    of = features_of(rows)
    assert (of["recency"], of["tenure"], of["first_purchase"]) == (10, 370, 340)
    assert (of["frequency"], of["money"], of["categories"]) == (4, 87, 2)
    assert of["money_a_day"] == pytest.approx(87 / 4) and of["lines_a_day"] == pytest.approx(6 / 4)
    gaps = [240, 40, 50]
    assert of["gap"] == pytest.approx(330 / 3) and of["latest_gap"] == 50
    assert of["gap_spread"] == pytest.approx(np.std(gaps) / np.mean(gaps))
    assert of["overdue"] == pytest.approx(10 / 110)
    assert (of["returned"], of["last_visit"]) == (10, 1)
    assert of["a_year_ago"] == 7  # day 60 lies 340 days back: between 365 and 323
    assert [of[f"days_bought_{days}"] for days in (7, 30, 90, 365)] == [0, 1, 2, 4]
    assert [of[f"money_{days}"] for days in (7, 30, 90, 365)] == [0, 30, 40, 87]
    assert [of[f"views_{days}"] for days in (7, 30, 90)] == [7, 7, 7]
    assert [of[f"days_seen_{days}"] for days in (7, 30, 90)] == [2, 2, 2]
    assert [of[f"carts_{days}"] for days in (7, 30, 90)] == [3, 3, 3]


def test_what_is_not_known_is_not_zero():
    of = features_of([(0, 399, VIEW, 1, 0.0, 1)])
    unknown = {name for name, value in of.items() if math.isnan(value)}
    assert unknown == {
        "recency",
        "first_purchase",
        "money_a_day",
        "lines_a_day",
        "gap",
        "latest_gap",
        "gap_spread",
        "overdue",
    }
    assert of["frequency"] == 0 and of["money"] == 0


def test_a_window_holds_its_first_day_and_not_the_one_before():
    assert features_of([(0, CUT - 7, PURCHASE, 1, 1.0, 0)])["days_bought_7"] == 1
    assert features_of([(0, CUT - 8, PURCHASE, 1, 1.0, 0)])["days_bought_7"] == 0


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 60),
        st.sampled_from([VIEW, CART, PURCHASE, RETURN]),
        st.integers(1, 5),
        st.integers(1, 50).map(float),
        st.integers(-1, 3),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 61))
def test_features_of_random_histories_are_those_of_a_slow_count(rows, cut):
    table = build_features(build_history(rows, 4, 70), cut)
    for customer in range(4):
        expected = count_slowly([row for row in rows if row[0] == customer and row[1] < cut], cut)
        got = dict(zip(NAMES, table[customer].tolist(), strict=True))
        assert {name: got[name] for name in expected} == pytest.approx(expected, rel=1e-5, nan_ok=True)


@settings(max_examples=60, deadline=None)
@given(ROWS, ROWS, st.integers(1, 60))
def test_no_feature_changes_with_what_comes_after_the_cut(rows, later, cut):
    past = [row for row in rows if row[1] < cut]
    future = [(customer, max(day, cut), *rest) for customer, day, *rest in later]
    assert (
        build_features(build_history(past, 4, 70), cut).tobytes()
        == build_features(build_history(past + future, 4, 70), cut).tobytes()
    )


def test_a_sample_of_customers_has_their_whole_history_and_no_one_elses():
    rows = [(n, day, PURCHASE, 1, float(n), 0) for n in range(50) for day in range(n % 4 + 1)]
    history = build_history(rows, 50, 10)
    sample = history.sample_customers(20, seed=1)
    assert history.sample_customers(50, seed=1) is history
    assert sample.n_customers == 20 and set(sample.customer) == set(range(20))
    who = {
        int(customer): int(amount) for customer, amount in zip(sample.customer, sample.amount, strict=True)
    }
    assert list(who.values()) == sorted(set(who.values()))
    for customer, n in who.items():
        assert (sample.customer == customer).sum() == (history.customer == n).sum()


def test_spend_is_what_was_paid_and_not_paid_back_from_the_cut_on():
    rows = [
        (0, 9, PURCHASE, 1, 100.0, 0),
        (0, 10, PURCHASE, 1, 30.0, 0),
        (0, 12, RETURN, 1, 10.0, 0),
        (0, 17, PURCHASE, 1, 500.0, 0),
        (1, 10, RETURN, 1, 10.0, 0),
        (1, 11, VIEW, 1, 0.0, 0),
    ]
    assert sum_spend(build_history(rows, 2, 20), 10, 17).tolist() == [20.0, 0.0]


def count_slowly(rows, cut):
    """The features of one customer's rows before the cut, row by row."""
    bought = [row for row in rows if row[2] == PURCHASE]
    seen = [row for row in rows if row[2] in (VIEW, CART)]
    days = sorted({row[1] for row in bought})
    gaps = [after - before for before, after in itertools.pairwise(days)]
    gap = sum(gaps) / len(gaps) if gaps else math.nan
    spread = (
        math.sqrt(max(sum(g * g for g in gaps) / len(gaps) - gap**2, 0)) / gap if len(gaps) > 1 else math.nan
    )
    of = defaultdict(float)
    of |= {
        "recency": cut - days[-1] if days else math.nan,
        "tenure": cut - min(row[1] for row in rows) if rows else math.nan,
        "frequency": len(days),
        "money": sum(row[4] for row in bought),
        "lines_a_day": sum(row[3] for row in bought) / len(days) if days else math.nan,
        "gap": gap,
        "latest_gap": gaps[-1] if gaps else math.nan,
        "gap_spread": spread,
        "overdue": (cut - days[-1]) / gap if gaps else math.nan,
        "categories": len({row[5] for row in bought} - {-1}),
        "returned": sum(row[4] for row in rows if row[2] == RETURN),
        "last_visit": cut - max(row[1] for row in seen) if seen else math.nan,
    }
    for width in (7, 30):
        inside = [row for row in rows if row[1] >= cut - width]
        of[f"days_bought_{width}"] = len({row[1] for row in inside if row[2] == PURCHASE})
        of[f"money_{width}"] = sum(row[4] for row in inside if row[2] == PURCHASE)
        of[f"views_{width}"] = sum(row[3] for row in inside if row[2] in (VIEW, CART))
        of[f"days_seen_{width}"] = len({row[1] for row in inside if row[2] in (VIEW, CART)})
        of[f"carts_{width}"] = sum(row[3] for row in inside if row[2] == CART)
    return dict(of)
