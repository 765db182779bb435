"""Figures by their definitions, clusters in any order, blocking and normalising by hand."""

import duckdb
import numpy as np
import pytest

from spark_jobs.linkage.cluster import Thresholds, cluster
from spark_jobs.linkage.comparisons import COMPARISONS, HISTORICAL_FIGURES, SHOP_PEOPLE, rules_for
from spark_jobs.linkage.evaluate import adjusted_rand, b_cubed, calibration_error, pairwise
from spark_jobs.linkage.labelled import neighbourhood
from spark_jobs.linkage.normalise import normalise
from spark_jobs.linkage.pairs import block


@pytest.fixture
def graph():
    rng = np.random.default_rng(3)
    n = 120
    left, right = np.triu_indices(n, 1)
    near = (left // 4 == right // 4) | (rng.random(len(left)) < 0.02)
    left, right = left[near], right[near]
    return n, left, right, rng.normal(0, 4, len(left)) + 4 * (left // 4 == right // 4)


def brute(p, t, w):
    n, both, found, true = len(p), 0.0, 0.0, 0.0
    for i in range(n):
        for j in range(i + 1, n):
            share = (w[i] + w[j]) / 2
            found += share * (p[i] == p[j])
            true += share * (t[i] == t[j])
            both += share * (p[i] == p[j]) * (t[i] == t[j])
    precision = np.mean([np.mean(t[p == p[i]] == t[i]) for i in range(n) if w[i]])
    recall = np.mean([np.mean(p[t == t[i]] == p[i]) for i in range(n) if w[i]])
    return both / found, both / true, precision, recall


def test_figures_equal_the_definition():
    rng = np.random.default_rng(0)
    p, t, w = rng.integers(0, 9, 40), rng.integers(0, 8, 40), rng.integers(0, 2, 40)
    a, b = pairwise(p, t, w), b_cubed(p, t, w)
    assert [a["precision"], a["recall"], b["precision"], b["recall"]] == pytest.approx(brute(p, t, w))
    assert adjusted_rand(p, p[::-1][::-1]) == 1.0
    assert adjusted_rand(np.zeros(40), t) == pytest.approx(0)


def test_calibration_error_of_one_bin_is_the_gap_of_means():
    assert calibration_error(np.array([0.52, 0.58]), np.array([True, False]), 10) == pytest.approx(0.05)


def test_clusters_do_not_see_the_order_of_pairs(graph):
    n, left, right, score = graph
    mixed = np.random.default_rng(1).permutation(len(left))
    want = cluster(left, right, score, n, Thresholds())
    assert np.array_equal(want, cluster(right[mixed], left[mixed], score[mixed], n, Thresholds()))
    assert 1 < len(np.unique(want)) < n


def test_contradiction_outvotes_one_strong_link():
    left, right = np.array([0, 2, 0, 0, 1, 1]), np.array([1, 3, 2, 3, 2, 3])
    score = np.array([8.0, 8.0, 5.0, -6.0, -6.0, -6.0])
    assert cluster(left, right, score, 4, Thresholds(floor=-9, small=1)).tolist() == [0, 0, 2, 2]
    assert cluster(left, right, np.abs(score), 4, Thresholds(floor=-9, small=1)).tolist() == [0, 0, 0, 0]


def test_neighbourhood_is_exact_in_any_order(graph):
    n, left, right, score = graph
    mixed = np.random.default_rng(1).permutation(len(left))
    want = neighbourhood(left, right, score, n)
    assert np.array_equal(want[mixed], neighbourhood(left[mixed], right[mixed], score[mixed], n))


def test_normalise_names_dates_and_postcodes():
    con = duckdb.connect()
    con.execute(
        """create table r as select * from (values
        ('a', 'Henry Howard, 7th Duke of Norfolk', '1655-01-11', 'EC1M 3LN', 'Camden', 'male', 'n/a'),
        ('b', 'william', '1655-01-01', 'x', null, 't2227', ''),
        ('c', 'of the', null, null, null, null, null),
        ('d', null, null, null, null, null, null)) as t(id, full_name, dob, postcode_fake, birth_place,
        gender, occupation)"""
    )
    normalise(con, "r", "id", HISTORICAL_FIGURES, "o", ["william"])
    got = con.execute(
        "select first, last, middle, ordinal, rank, outcode, sector, area, occupation from o order by"
        " record_key"
    ).fetchall()
    assert got[0] == ("henry", "norfolk", "howard", "7", "duke", "ec1m", "ec1m3", "ec", None)
    assert got[1][:3] == ("william", None, None)
    assert got[2][:3] == (None, None, None)
    assert got[3] == (None,) * 9


def test_blocking_new_against_all_is_the_rest_of_blocking_all():
    con = duckdb.connect()
    con.execute(
        "create table people as select i as idx, ['a' || (i % 7), 'b' || (i % 5)] as tokens, i % 3 as dob"
        " from range(40) t(i)"
    )
    con.execute("create table old as from people where idx % 10 <> 0")
    con.execute("create table new as from people where idx % 10 = 0")
    rules = [("tokens", "dob")]
    block(con, rules, "everything")
    block(con, rules, "before", people="old")
    block(con, rules, "late", new="new")
    both = con.execute("(from before union all from late) order by all").fetchall()
    assert both == con.execute("from everything order by all").fetchall()
    brute = {
        (i, j)
        for i in range(40)
        for j in range(i + 1, 40)
        if i % 3 == j % 3 and (i % 7 == j % 7 or i % 5 == j % 5)
    }
    assert set(both) == brute


@pytest.mark.parametrize("profile", [HISTORICAL_FIGURES, SHOP_PEOPLE])
def test_rules_name_derived_columns_only(profile):
    known = {"email", "email_user", "phone", "country"} | HISTORICAL_FIGURES.derived | SHOP_PEOPLE.derived
    assert {c for rule in profile.blocking for c in rule} | {c for x in COMPARISONS for c in x.needs} <= known
    assert rules_for(profile, profile.blocking)
