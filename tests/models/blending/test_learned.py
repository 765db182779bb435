"""The learned blend: what it learns, what it keeps, what it refuses."""

from dataclasses import replace

import numpy as np
import pytest

from models import artifact
from models.blending.learned import LearnedBlend
from models.blending.ranker import RankerSettings
from models.blending.training_rows import (
    PartScores,
    concatenate_rows,
    draw_training_case,
    sample_unwanted,
    score_parts,
)
from models.recommenders import build_blend, build_recommender
from models.time_split import build_holdout_case
from models.training_data import Customers

CONFIGURATION = {
    "parts": {"item_knn": {}, "own_history": {}, "popularity": {}},
    "ranker": {"windows": 3, "rounds": 15, "leaves": 7},
}


@pytest.fixture(scope="module")
def blend(shop):
    return build_blend(CONFIGURATION).fit(shop.before(52), 1)


def test_it_finds_more_than_popularity(shop, blend):
    """Half of the items are of the other taste; popularity cannot know which half. Chance is .45 of the own
    half, .23 of all.
    """
    past, customers = shop.before(52), np.arange(60)
    test = build_holdout_case(past.behaviour, shop.behaviour.since(52), np.ones(30, bool))
    wanted = test.wanted.toarray()[np.searchsorted(test.customers, customers)]
    for fitted, least, most in ((blend, 0.4, 1.0), (build_recommender("popularity").fit(past, 1), 0.0, 0.3)):
        best = fitted.score(Customers.from_training(past, customers)).argsort(axis=1)[:, -5:]
        assert least < np.take_along_axis(wanted, best, axis=1).mean() < most


def test_what_no_part_proposed_has_no_score(shop, blend):
    customers = Customers.from_training(shop.before(52), np.arange(4))
    narrow = LearnedBlend(blend.parts, replace(blend.settings, candidates=3)).restore(blend.arrays())
    at, scores = narrow.score_candidates(customers)
    wide = narrow.score(customers)
    assert np.isfinite(wide).sum() == len(at) < wide.size
    assert wide[at.row, at.item].tolist() == scores.tolist()
    assert (at.sources > 0).all()


def test_a_customers_score_does_not_depend_on_who_is_beside(shop, blend):
    past = shop.before(52)
    together_, alone = (
        blend.score(Customers.from_training(past, np.arange(60))),
        blend.score(Customers.from_training(past, np.array([17]))),
    )
    assert np.array_equal(together_[17], alone[0])


def test_scored_in_blocks_as_at_once(shop, blend, monkeypatch):
    """A block has bounded memory: 60 customers in blocks of 16, the last one shorter, are the same bytes as
    all in one.
    """
    customers = Customers.from_training(shop.before(52), np.arange(60)[::-1])
    at, scores = blend.score_candidates(customers)
    whole = np.full((60, 30), -np.inf, np.float32)
    whole[at.row, at.item] = scores
    asked_for = []
    score_candidates = LearnedBlend.score_candidates
    monkeypatch.setattr(
        LearnedBlend,
        "score_candidates",
        lambda self, block: asked_for.append(len(block)) or score_candidates(self, block),
    )
    monkeypatch.setattr("models.base.BLOCK", 16)
    assert blend.score(customers).tobytes() == whole.tobytes()
    assert asked_for == [16, 16, 16, 12]


def test_kept_as_plain_numbers_it_comes_back_the_same(shop, blend):
    arrays = artifact.unpack_arrays(artifact.pack_arrays(blend.arrays()))
    assert arrays["ranker/trees/0"].dtype == np.uint8
    customers = Customers.from_training(shop, np.arange(60))
    assert np.array_equal(build_blend(CONFIGURATION).restore(arrays).score(customers), blend.score(customers))


def test_seeds_are_averaged(shop):
    one_seed = RankerSettings(windows=2, rounds=5)
    past, customers = shop.before(52), Customers.from_training(shop.before(52), np.arange(5))
    parts = [build_recommender(name).fit(past, 1) for name in ("own_history", "popularity")]
    first = LearnedBlend(parts, one_seed)
    held = [
        first.build_rows(
            past,
            window,
            test,
            PartScores(score_parts(parts, test.select_customers(past.before(window.cut))), [window.cut] * 2),
            1,
        )
        for window in first.select_windows(past)
        for test in [first.draw_case(past, window, 1)]
    ]
    both = LearnedBlend(parts, replace(one_seed, seeds=2)).fit_ranker(past, held, 1)
    single = [LearnedBlend(parts, one_seed).fit_ranker(past, held, seed) for seed in (1, 2)]
    assert both.trees == [one.trees[0] for one in single]
    assert both.trees[0] != both.trees[1]
    expected = np.mean([one.score_candidates(customers)[1] for one in single], axis=0)
    assert both.score_candidates(customers)[1] == pytest.approx(expected, abs=1e-6)


def test_fitted_or_restored_anew_it_asks_its_new_trees(shop, blend):
    customers = Customers.from_training(shop.before(52), np.arange(60))
    again = build_blend(CONFIGURATION).fit(shop.before(48), 1)
    earlier, said = again.score(customers), blend.score(customers)
    assert not np.array_equal(earlier, said), "the negative control"
    np.testing.assert_array_equal(again.fit(shop.before(52), 1).score(customers), said)
    again.fit(shop.before(48), 1).score(customers)
    np.testing.assert_array_equal(again.restore(blend.arrays()).score(customers), said)


def test_too_short_a_history_is_said_so(shop):
    with pytest.raises(ValueError, match="too short"):
        build_blend(CONFIGURATION).fit(shop.before(5), 1)


def test_a_ranker_of_other_columns_is_refused(shop, blend):
    other = build_blend({**CONFIGURATION, "parts": {"item_knn": {}, "popularity": {}}}).restore(
        blend.arrays()
    )
    with pytest.raises(
        ValueError, match=r"no more \(own_history\.share, own_history\.score, own_history\.place\)"
    ):
        other.score(Customers.from_training(shop, np.arange(2)))


def test_a_ranker_grown_before_a_column_came_is_served_and_where_nobody_browses_it_says_the_same(shop):
    past, fitted = shop.before(52), build_blend(CONFIGURATION)
    window = fitted.select_windows(past)[0]
    before_it = past.before(window.cut)
    test = fitted.draw_case(past, window, 1)
    scores = score_parts([part.fit(before_it, 1) for part in fitted.parts], test.select_customers(before_it))
    held = fitted.build_rows(past, window, test, PartScores(scores, [window.cut] * 3), 1)
    kept = [n for n, name in enumerate(held.names) if not name.startswith(("view.", "cart."))]
    assert len(held.names) == len(kept) + 4
    older = replace(held, table=held.table[:, kept], names=tuple(held.names[n] for n in kept))
    said = []
    for rows in (held, older):
        said.append(fitted.fit_ranker(past, [rows], 1).score(Customers.from_training(past, np.arange(60))))
    np.testing.assert_array_equal(*said)
    assert len(np.unique(said[0][np.isfinite(said[0])])) > 50


def test_unknown_settings_are_refused():
    with pytest.raises(ValueError, match="ranker"):
        build_blend({"parts": {}, "ranker": {"magic": 1}})
    with pytest.raises(ValueError, match="one part of a kind: item_knn:wide"):
        build_blend({"parts": {"item_knn": {}, "item_knn:wide": {}}, "ranker": {}})


def test_thinned_keeps_all_wanted_and_so_many_others_of_each():
    row = np.repeat(np.arange(5), 20)
    wanted = np.random.default_rng(0).random(100) < 0.3
    kept = sample_unwanted(row, wanted, 4, seed=1)
    assert kept[wanted].all()
    assert np.bincount(row[kept & ~wanted]).tolist() == [4] * 5
    assert (
        kept.tolist()
        == sample_unwanted(row, wanted, 4, seed=1).tolist()
        != sample_unwanted(row, wanted, 4, seed=2).tolist()
    )


def test_the_same_customer_in_two_windows_is_two_queries(blend, shop):
    windows = blend.select_windows(shop)[:2]
    fitted = [[replace(part).fit(shop.before(w.cut), 1) for part in blend.parts] for w in windows]
    held = [
        blend.build_rows(
            shop,
            w,
            test,
            PartScores(score_parts(parts, test.select_customers(shop.before(w.cut))), [w.cut] * 3),
            1,
        )
        for w, parts in zip(windows, fitted, strict=True)
        for test in [draw_training_case(shop, w, 1500, 1)]
    ]
    both = concatenate_rows(held)
    assert len(np.unique(both.query)) == sum(len(np.unique(one.query)) for one in held)
    assert (np.diff(both.query) >= 0).all()
