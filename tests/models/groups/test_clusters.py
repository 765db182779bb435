"""Clusters' scale, choice, matching and names, against worked examples and planted groups."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from sklearn.cluster import KMeans

from models.artifact import DigestError
from models.groups.cluster_artifact import load_clustering, save_clustering
from models.groups.cluster_matching import label_centres, match_centres
from models.groups.clusters import (
    CLUSTERED,
    build_cluster_table,
    choose_k,
    fit_scaling,
    measure_distances,
)
from tests.models.predictions.conftest import build_history

# What four kinds of customers are like on the day of a fit, in the order of `CLUSTERED`; nan: never bought.
PROFILES = {
    "loyal": [5, 20, 900, 45, 6, 5, 300, 2, 80, 20],
    "gone": [200, 3, 150, 50, 2, 5, 300, 190, 0, 0],
    "new": [5, 1, 30, 30, 1, 0, 8, 3, 10, 2],
    "visitors": [np.nan, 0, 0, np.nan, 0, 0, 150, 10, 60, 0],
}


def draw_customers(seed, sizes=(150, 150, 150, 150), profiles=PROFILES):
    """Customers of each kind, spread by a tenth of the value, and their kinds."""
    generator, kinds = np.random.default_rng(seed), np.repeat(np.arange(len(profiles)), sizes)
    means = np.array(list(profiles.values()), float)[kinds]
    return np.maximum(means * generator.normal(1.0, 0.1, means.shape), 0.0), kinds


def fit(table, k=4, seed=1, before=None):
    """Clusters of a table by scikit-learn's k-means: an oracle of Spark's."""
    scaling = fit_scaling(table)
    centres = KMeans(k, n_init=3, random_state=seed).fit(scaling.apply(table)).cluster_centers_
    return label_centres(scaling, centres, before)


def list_labels(clustering, table):
    return np.array([each.group_id for each in clustering.clusters])[clustering.assign(table)]


def test_the_scale_fills_logs_standardises_and_undoes_it():
    table, _ = draw_customers(1)
    scaling = fit_scaling(table)
    recency, money = CLUSTERED.index("recency"), CLUSTERED.index("money")
    assert scaling.fill[recency] == np.nanmax(table[:, recency]) and scaling.fill[money] == 0
    assert scaling.is_logged[CLUSTERED.index("carts_90")] and not scaling.is_logged[CLUSTERED.index("tenure")]
    apart = scaling.apply(table)
    assert np.abs(apart).max() <= 3.0
    inside = np.abs(apart).max(axis=1) < 3.0
    known = ~np.isnan(table[inside])
    np.testing.assert_allclose(scaling.restore(apart[inside])[known], table[inside][known], atol=1e-9)
    constant = fit_scaling(np.ones((5, len(CLUSTERED))))
    assert (constant.apply(np.full((2, len(CLUSTERED)), 9.0)) == 0).all()


def test_a_skew_about_the_limit_keeps_the_choice_of_the_accepted_fit():
    values = np.random.default_rng(2).gamma(4.0, 1.0, (2_000, len(CLUSTERED)))  # a skew of 2 / √4
    first = fit_scaling(values)
    for choice in (True, False):
        before = replace(first, is_logged=np.full(len(CLUSTERED), choice))
        assert (fit_scaling(values, before).is_logged == choice).all()
    skewed = replace(first, is_logged=np.zeros(len(CLUSTERED), bool))
    assert fit_scaling(np.exp(values), skewed).is_logged.all(), "beyond the margin the skew decides"


def test_a_table_of_a_history_holds_what_was_known_that_day():
    rows = [(0, 10, 2, 1, 40.0, 0), (0, 20, 2, 2, 60.0, 1), (1, 25, 0, 3, 0.0, 0), (0, 30, 2, 1, 9.0, 0)]
    table = build_cluster_table(build_history(rows, 2, 40), 30)
    buyer, visitor = (dict(zip(CLUSTERED, row, strict=True)) for row in table)
    assert (buyer["recency"], buyer["frequency"], buyer["money"]) == (10, 2, 100)
    assert (buyer["money_a_day"], buyer["categories"], buyer["tenure"]) == (50, 2, 20)
    assert np.isnan(visitor["recency"]) and visitor["views_90"] == 3 and visitor["last_visit"] == 5


@pytest.mark.parametrize(
    "silhouettes, accepted, chosen",
    [
        ({3: 0.5, 4: 0.6, 5: 0.55}, None, 4),
        ({3: 0.5, 4: 0.6, 5: 0.6}, None, 4),  # of two as good, the fewer
        ({3: 0.5, 4: 0.6, 5: 0.585}, 5, 5),
        ({3: 0.5, 4: 0.6, 5: 0.55}, 5, 4),
        ({3: 0.5, 4: 0.6}, 9, 4),
    ],
)
def test_another_number_of_clusters_must_be_better_by_a_margin(silhouettes, accepted, chosen):
    assert choose_k(silhouettes, accepted) == chosen


def test_clusters_are_named_by_what_sets_them_apart():
    table, kinds = draw_customers(1)
    clustering = fit(table)
    names = {each.name for each in clustering.clusters}
    assert len(names) == 4
    of = {
        kind: clustering.clusters[np.bincount(clustering.assign(table[kinds == n])).argmax()].name
        for n, kind in enumerate(PROFILES)
    }
    assert len(set(of.values())) == 4
    assert "Never bought" in of["visitors"] and "never" not in of["loyal"].lower()
    assert "new" in of["new"].lower() and "not seen for long" in of["gone"].lower()
    assert "often" in of["loyal"].lower()


def test_unchanged_data_keeps_labels_whatever_the_seed():
    table, _ = draw_customers(1)
    before = fit(table)
    for seed in range(2, 6):
        after = fit(table, seed=seed, before=before)
        assert after.clusters == before.clusters
        assert np.mean(list_labels(after, table) != list_labels(before, table)) <= 0.01


def test_a_drift_of_all_is_matched_as_trying_every_pairing_matches_it():
    table, kinds = draw_customers(1)
    before = fit(table)
    drifted = draw_customers(7)[0] * np.where(np.arange(len(CLUSTERED)) < 4, 1.25, 1.1)
    after = fit(drifted, seed=3, before=before)
    distances = measure_distances(before.scaling.apply(after.scaling.restore(after.centres)), before.centres)
    best = min(permutations(range(4)), key=lambda order: sum(np.sqrt(distances[range(4), order])))
    assert [each.number for each in after.clusters] == [before.clusters[n].number for n in best]
    labels, old = list_labels(after, drifted), list_labels(before, table)
    for kind in range(4):  # each kind is called as it was
        assert set(labels[kinds == kind]) == set(old[kinds == kind])


def test_a_kind_that_went_away_and_one_that_came_have_numbers_of_their_own():
    table, kinds = draw_customers(1)
    before = fit(table)
    resellers = {
        **{name: PROFILES[name] for name in ("loyal", "new", "visitors")},
        "resellers": [30, 60, 90_000, 1_500, 30, 20_000, 900, 700, 0, 0],
    }
    table_after, kinds_after = draw_customers(2, profiles=resellers)
    after = fit(table_after, before=before)
    old, labels = list_labels(before, table), list_labels(after, table_after)
    assert set(labels[kinds_after == 3]) == {"cluster_5"} and after.last_number == 5
    assert "cluster_5" not in set(old) and len({each.name for each in after.clusters}) == 4
    gone = set(old[kinds == 1])
    assert not gone & set(labels)
    again = fit(table, before=after)  # who went away comes back as somebody new
    assert {"cluster_6"} == set(list_labels(again, table)[kinds == 1])


def test_more_and_fewer_clusters_keep_the_numbers_of_those_that_stay():
    table, _ = draw_customers(1)
    before = fit(table)
    more = fit(table, k=6, before=before)
    assert {1, 2, 3, 4} <= {each.number for each in more.clusters} and more.last_number == 6
    fewer = fit(table, k=3, before=before)
    assert {each.number for each in fewer.clusters} <= {1, 2, 3, 4, 5}
    assert len({each.name for each in more.clusters}) == 6


def test_centres_in_another_order_are_the_same_clusters():
    table, _ = draw_customers(1)
    before = fit(table)
    assert match_centres(before.scaling, before.centres[::-1], before) == [3, 2, 1, 0]
    first = label_centres(before.scaling, before.centres, None)
    assert label_centres(before.scaling, before.centres[::-1], None).clusters == first.clusters


def test_names_change_only_when_they_are_no_longer_true():
    table, kinds = draw_customers(1)
    before = fit(table)
    number = before.clusters[before.assign(table[kinds == 2])[0]].number
    older = table.copy()
    older[kinds == 2, CLUSTERED.index("tenure")] = 400  # who were new are not any more
    after = fit(older, before=before)
    by_number = {each.number: each for each in after.clusters}
    if number in by_number:
        assert "new" not in by_number[number].name.lower().split(", ")
    assert len({each.name for each in after.clusters}) == 4


def test_files_give_back_what_was_saved_and_refuse_what_was_changed(tmp_path):
    table, _ = draw_customers(1)
    clustering = fit(table)
    digests = save_clustering(clustering, tmp_path / "a")
    assert save_clustering(clustering, tmp_path / "b") == digests
    loaded = load_clustering(tmp_path / "a", digests)
    assert loaded.clusters == clustering.clusters and loaded.features == CLUSTERED
    assert (loaded.assign(table) == clustering.assign(table)).all()
    save_clustering(replace(clustering, last_number=99), tmp_path / "a")
    with pytest.raises(DigestError):
        load_clustering(tmp_path / "a", digests)
