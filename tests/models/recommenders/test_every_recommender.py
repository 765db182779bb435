"""What every recommender owes, whatever it learns: the same tests for all of them."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from models import artifact
from models.blending.score_scale import normalise_scores
from models.inference import select_top_items
from models.recommenders import RECOMMENDERS, build_blend, build_recommender, get_parameters
from models.training_data import Customers

SMALL = {
    "als": {"components": 4},
    "cold_items": {"components": 4},
    "lightfm": {"components": 8, "epochs": 30},
}
BLEND = {
    "parts": {"lightfm": {"components": 4, "epochs": 5}},
    "weights": {"item_knn": 1.0, "lightfm": 0.2, "recent_popularity": 0.1, "user_knn": 0.5},
}
LEARNED = {
    "parts": {
        "lightfm": {"components": 4, "epochs": 5},
        "item_knn": {},
        "recent_popularity": {},
        "user_knn": {},
    },
    "ranker": {"rounds": 20},
}
BLENDS = {"blend": BLEND, "learned_blend": LEARNED}
# compare items with items
ITEM_TO_ITEM = {
    "content",
    "item_knn",
    "rp3beta",
    "ease",
    "graph_filter",
    "history_ridge",
    "transition_factors",
    "transition_ridge",
    "transitions",
}
# tell one customer from another
TASTED = ITEM_TO_ITEM | {"als", "attribute_popularity", "cold_items", "stan", "user_knn", "lightfm", *BLENDS}
# know somebody new by what they did
READ_HISTORY = ITEM_TO_ITEM | {
    "als",
    "cold_items",
    "stan",
    "user_knn",
    "own_history",
    "repeat_purchase",
    *BLENDS,
}


def build(name):
    return build_blend(BLENDS[name]) if name in BLENDS else build_recommender(name, SMALL.get(name))


@pytest.fixture(scope="module")
def fitted(checkerboard):
    return {name: build(name).fit(checkerboard, seed=3) for name in [*RECOMMENDERS, *BLENDS]}


@pytest.mark.parametrize("name", [*RECOMMENDERS, *BLENDS])
class TestEveryRecommender:
    def test_scores_have_the_shape_and_type_promised(self, fitted, checkerboard, name):
        scores = fitted[name].score(Customers.from_training(checkerboard, np.array([0, 5, 39])))
        assert scores.shape == (3, 20)
        assert scores.dtype == np.float32
        assert not np.isnan(scores).any()

    def test_the_colour_a_customer_buys_comes_first(self, fitted, checkerboard, name):
        customers = np.arange(40)
        seen = checkerboard.behaviour.matrix().toarray() > 0
        listed, _ = select_top_items(
            fitted[name].score(Customers.from_training(checkerboard, customers)), 1, ~seen
        )
        missing = [
            customer
            for customer in customers
            if (~seen[customer] & (np.arange(20) % 2 == customer % 2)).any()
        ]
        right = [listed[customer, 0] % 2 == customer % 2 for customer in missing]
        if name in TASTED:
            assert np.mean(right) > 0.9, (
                f"{name} finds the missing square for {np.mean(right):.0%} of customers"
            )
        else:  # the negative control: what tells nobody from nobody cannot know the colour
            assert np.mean(right) < 0.9, f"{name} cannot know it"

    def test_asking_for_more_than_there_is_gives_all_there_is(self, fitted, checkerboard, name):
        listed, scores = select_top_items(
            fitted[name].score(Customers.from_training(checkerboard, np.array([1]))), 100
        )
        held = listed[0][listed[0] >= 0]
        assert len(set(held)) == len(held) <= 20
        assert (np.diff(scores[0][: len(held)]) <= 0).all()

    def test_somebody_the_model_never_saw_gets_an_answer(self, fitted, checkerboard, name):
        known = Customers.from_training(checkerboard, np.array([0]))
        nothing = known.behaviour.where(np.zeros(len(known.behaviour), bool))
        nobody = Customers(np.array([-1], np.int32), nothing, sparse.csr_matrix((1, 2), dtype=np.float32))
        scores = fitted[name].score(nobody)
        assert scores.shape == (1, 20)
        assert not np.isnan(scores).any()
        if "popularity" in name or name in ("lightfm", *BLENDS):
            assert np.isfinite(scores).any(), f"{name} has something to say to everybody"

    def test_somebody_new_with_a_history_is_understood_by_it(self, fitted, checkerboard, name):
        old = Customers.from_training(checkerboard, np.array([4]))
        new = Customers(np.array([-1], np.int32), old.behaviour, old.features)
        scores = fitted[name].score(new)[0]
        if name in READ_HISTORY:
            assert scores.argmax() % 2 == 0
        else:
            stranger = replace(new, behaviour=new.behaviour.where(np.zeros(len(new.behaviour), bool)))
            assert np.array_equal(scores, fitted[name].score(stranger)[0]), (
                f"{name} reads no history at scoring"
            )

    def test_a_filtered_item_is_never_listed(self, fitted, checkerboard, name):
        allowed = np.ones(20, bool)
        allowed[[0, 1, 2, 3]] = False
        listed, _ = select_top_items(
            fitted[name].score(Customers.from_training(checkerboard, np.arange(40))), 20, allowed
        )
        assert not np.isin(listed, [0, 1, 2, 3]).any()

    def test_a_score_does_not_depend_on_who_is_beside(self, fitted, checkerboard, name):
        together = fitted[name].score(Customers.from_training(checkerboard, np.arange(40)))
        for some in (np.array([7]), np.array([39, 2, 17])):
            assert np.array_equal(
                fitted[name].score(Customers.from_training(checkerboard, some)), together[some]
            )

    def test_saved_and_restored_it_scores_the_same(self, fitted, checkerboard, name):
        restored = build(name).restore(artifact.unpack_arrays(artifact.pack_arrays(fitted[name].arrays())))
        customers = Customers.from_training(checkerboard, np.arange(40))
        assert np.array_equal(restored.score(customers), fitted[name].score(customers))

    def test_the_same_seed_gives_the_same_bytes(self, fitted, checkerboard, name):
        again = build(name).fit(checkerboard, seed=3)
        assert artifact.pack_arrays(again.arrays()) == artifact.pack_arrays(fitted[name].arrays())

    def test_similar_items_are_of_the_same_colour(self, fitted, checkerboard, name):
        alike = fitted[name].score_similar_items(np.array([6, 7]))
        if alike is None:
            assert name not in ITEM_TO_ITEM | {"lightfm", *BLENDS}
            return
        assert alike.shape == (2, 20)
        listed, _ = select_top_items(alike, 3)
        assert 6 not in listed[0] and 7 not in listed[1]
        assert (listed[0] % 2 == 0).all() and (listed[1] % 2 == 1).all()


def test_another_seed_gives_another_lightfm(fitted, checkerboard):
    """Negative control of the test of equal bytes: the seed matters where something is drawn."""
    other = build("lightfm").fit(checkerboard, seed=4)
    assert artifact.pack_arrays(other.arrays()) != artifact.pack_arrays(fitted["lightfm"].arrays())


def test_an_item_nobody_touched_is_placed_by_its_attributes(checkerboard):
    """Items 20 (even) and 21 (odd) are new: LightFM ranks the even one higher for even customers, the odd one
    for odd ones.
    """
    grown = replace(
        checkerboard,
        behaviour=replace(checkerboard.behaviour, n_items=22),
        item_features=sparse.vstack([checkerboard.item_features, checkerboard.item_features[:2]]).tocsr(),
    )
    scores = build("lightfm").fit(grown, seed=3).score(Customers.from_training(grown, np.arange(40)))
    prefers_even = scores[:, 20] > scores[:, 21]
    assert prefers_even[::2].mean() > 0.9
    assert prefers_even[1::2].mean() < 0.1


def test_unknown_names_and_parameters_are_refused():
    with pytest.raises(ValueError, match="known: als"):
        build_recommender("magic")
    with pytest.raises(ValueError, match="item_knn"):
        build_recommender("item_knn", {"halflife": 3})


def test_parameters_are_told_with_defaults():
    assert get_parameters(build_recommender("item_knn", {"neighbours": 7})) == {
        "half_life_days": 30.0,
        "neighbours": 7,
        "popularity_power": 0.5,
        "trend_power": 0.5,
    }


@pytest.mark.parametrize(
    "name", ["blend", *(name for name, kind in RECOMMENDERS.items() if kind.order_is_time_invariant)]
)
def test_order_that_is_time_invariant_has_the_same_list_a_week_later(fitted, checkerboard, name):
    assert fitted[name].order_is_time_invariant
    now = Customers.from_training(checkerboard, np.arange(40))
    later = replace(now, behaviour=replace(now.behaviour, until=now.behaviour.until + 7))
    np.testing.assert_allclose(
        normalise_scores(fitted[name].score(later)),
        normalise_scores(fitted[name].score(now)),
        rtol=1e-5,
        atol=1e-7,
    )


@pytest.mark.parametrize(
    "name", [name for name, kind in RECOMMENDERS.items() if kind.order_is_time_invariant]
)
def test_who_comes_back_after_years_has_the_list_of_before(fitted, checkerboard, name):
    """5,000 days halve a weight 333 times at a half-life of 15; float32 ends at 149."""
    now = Customers.from_training(checkerboard, np.arange(40))
    later = replace(now, behaviour=replace(now.behaviour, until=now.behaviour.until + 5000))
    lists = [select_top_items(fitted[name].score(customers), 3)[0] for customers in (now, later)]
    assert (lists[1] >= 0).any(axis=1).all(), f"{name} has nothing to say"
    assert (lists[0][:, 0] == lists[1][:, 0]).mean() > 0.9


@pytest.mark.parametrize(
    "name", ["decayed_popularity", "repeat_purchase", "rp3beta", "ease", "history_ridge", "graph_filter"]
)
def test_a_shop_where_nobody_did_anything_yet_is_no_error(checkerboard, name):
    nothing = replace(checkerboard, behaviour=checkerboard.behaviour.before(0))
    fitted = build_recommender(name).fit(nothing, seed=3)
    assert (
        np.isneginf(fitted.score(Customers.from_training(checkerboard, np.arange(40)))[:, :20]).sum()
        == 40 * 20
    )
    alike = fitted.score_similar_items(np.array([0]))
    assert alike is None or np.isneginf(alike).all()
