"""The lists as served, against a plain reading of the rules for each customer and item."""

from copy import copy

import numpy as np
import pytest

from models.base import Recommender
from models.blending.blend_lists import build_personal_lists, build_similar_lists
from models.blending.learned import LearnedBlend
from models.blending.score_scale import normalise_scores
from models.blending.weighted import WeightedBlend
from models.listing import lists
from models.recommenders import RECOMMENDERS, build_blend, build_recommender
from models.training_data import Customers

CONFIGURATION = {
    "parts": {"lightfm": {"components": 4, "epochs": 3}},
    "weights": {"item_knn": 0.5, "lightfm": 0.1, "own_history": 1.0, "recent_popularity": 0.1},
}


@pytest.fixture(scope="module")
def blend(checkerboard) -> WeightedBlend:
    return build_blend(CONFIGURATION).fit(checkerboard, seed=1)


def plain(scores, bought, allowed, consumable, n):
    """One customer's list by the rules: no forbidden item, repeats only of consumables, at most half of a
    list of repeats.
    """
    order = sorted(
        (i for i in range(len(scores)) if allowed[i] and np.isfinite(scores[i])),
        key=lambda i: (-scores[i], i),
    )
    fresh = [i for i in order if not bought[i]][:n]
    repeats = [i for i in order if bought[i] and consumable[i]][: n // 2]
    return sorted(fresh + repeats, key=lambda i: (-scores[i], i))[:n]


@pytest.mark.parametrize("n", [4, 7, 100])
def test_lists_follow_the_rules(blend, checkerboard, n):
    allowed, consumable = np.arange(20) % 5 != 0, np.arange(20) % 3 == 0
    customers = Customers.from_training(checkerboard, np.arange(40))
    found = build_personal_lists(blend, customers, allowed, consumable, n)
    scores = np.round(blend.score(customers).astype(np.float64), lists.DECIMALS)
    bought = checkerboard.behaviour.matrix().toarray() > 0
    for row in range(40):
        held = found.items[row][found.items[row] >= 0].tolist()
        assert held == plain(scores[row], bought[row], allowed, consumable, n)
        assert found.scores[row][: len(held)].tolist() == [scores[row, item] for item in held]


@pytest.mark.parametrize("short", [False, True])
def test_what_is_out_of_stock_takes_no_place_in_a_learned_list(checkerboard, short):
    """Customers of the checkerboard want one half of it; three proposals a part, none of what is out."""
    parts = {"own_history": {}, "popularity": {}}
    learned = build_blend({"parts": parts, "ranker": {"windows": 1, "rounds": 3, "candidates": 3}}).fit(
        checkerboard, seed=1
    )
    customers, everything = Customers.from_training(checkerboard, np.arange(40)), np.ones(20, bool)
    allowed = everything if not short else np.arange(20) % 4 >= 2
    favourites = learned.score_candidates(customers)[0].item
    assert not short or not allowed[favourites].all(), (
        "the control: without being told, some are proposed that may not be shown"
    )
    found = build_personal_lists(learned, customers, allowed, everything, 3)
    assert (found.items >= 0).all() and allowed[found.items].all()


def test_sources_are_the_parts_whose_own_list_holds_the_item(blend, checkerboard):
    """With fewer items than a list is long, a part proposed whatever it has an opinion of."""
    customers, everything = Customers.from_training(checkerboard, np.arange(5)), np.ones(20, bool)
    found = build_personal_lists(blend, customers, everything, everything)
    units = {part.name: normalise_scores(part.score(customers)) for part in blend.parts}
    for row in range(5):
        for item, mask in zip(found.items[row], found.sources[row], strict=True):
            if item >= 0:
                expected = [name for name in found.names if units[name][row, item] > 0]
                assert lists.decode_source_names(int(mask), found.names) == expected


def test_an_item_is_not_similar_to_itself_and_forbidden_ones_are_not_listed(blend):
    allowed = np.arange(20) != 4
    found = build_similar_lists(blend, np.arange(20), allowed, 5)
    assert not (found.items == np.arange(20)[:, None]).any()
    assert not (found.items == 4).any()
    assert (found.items[:, :3] % 2 == np.arange(20)[:, None] % 2).all()


def compare(part):
    return WeightedBlend([part], {part.name: 1.0}).compare_items(np.array([6]))[part.name].max()


@pytest.mark.parametrize("declared", [{}, {"likeness_weight": 0.3}, {"likeness_weight": 0.75}])
def test_a_part_nobody_knew_weighs_in_likeness_what_its_class_declares(blend, declared):
    stranger = copy(blend.parts[0])
    stranger.__class__ = type("Stranger", (type(stranger),), {"name": "stranger", **declared})
    assert compare(stranger) == pytest.approx(declared.get("likeness_weight", 1.0)), "ItemKNN declares 1.0"


def test_a_twin_weighs_in_likeness_as_a_part_that_declares_nothing(blend):
    twin = copy(blend.parts[0])
    assert (twin.name, twin.is_twin, compare(twin)) == ("item_knn", False, pytest.approx(1.0))
    twin.name = "item_knn:wide"
    assert twin.is_twin
    assert compare(twin) == pytest.approx(Recommender.likeness_weight) == pytest.approx(0.3)


def test_every_recommender_but_item_knn_and_content_leaves_the_defaults():
    declared = {name: (kind.likeness_weight, kind.is_diversity_basis) for name, kind in RECOMMENDERS.items()}
    differing = {name: values for name, values in declared.items() if values != (0.3, False)}
    assert differing == {"content": (0.3, True), "item_knn": (1.0, False)}


def test_lists_are_diversified_by_the_part_that_declares_itself_the_basis(checkerboard):
    content, knn = (build_recommender(name).fit(checkerboard, 1) for name in ("content", "item_knn"))
    assert LearnedBlend([knn]).get_diversity_likeness() is None
    assert LearnedBlend([knn, content]).get_diversity_likeness() is content.likeness_matrix
    basis = copy(knn)
    basis.__class__ = type("Basis", (type(knn),), {"name": "basis", "is_diversity_basis": True})
    assert LearnedBlend([basis, content]).get_diversity_likeness() is knn.likeness_matrix
    twin = copy(content)
    twin.name = "content:wide"
    assert LearnedBlend([twin]).get_diversity_likeness() is None


def test_without_a_part_that_compares_there_is_nothing_similar(checkerboard):
    plainest = build_blend({"parts": {}, "weights": {"popularity": 1.0}}).fit(checkerboard, seed=1)
    assert build_similar_lists(plainest, np.arange(3), np.ones(20, bool), 5) is None


def test_unit_keeps_nought_and_takes_the_mean_where_scores_have_a_sign():
    found = normalise_scores(np.array([[0.0, 2.0, 4.0, -np.inf], [-1.0, 0.0, 4.0, -np.inf]], np.float32))
    assert found.tolist() == [[0.0, 0.5, 1.0, 0.0], [0.0, 0.0, 1.0, 0.0]]
