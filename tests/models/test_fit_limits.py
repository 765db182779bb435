"""What cannot be fitted is left out before anything is fitted, with a reason, and the others share its
weight.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from models.data_shape import DataShape
from models.fit_limits import drop_unfittable_parts, format_left_out_parts, select_fittable_parts
from models.inference import select_top_items
from models.recommenders import RECOMMENDERS, build_blend, build_recommender
from models.recommenders.dense import CatalogueTooLargeError
from models.recommenders.transitions import Transitions
from models.training_data import PURCHASE, Behaviour, Customers, Training

GB = 10**9
BEAUTY = DataShape(22_363, 12_101, 12_101, 131_413, 131_413, 60_000, 22_363, 0)
SMALL = {"als": {"components": 4}, "cold_items": {"components": 4}, "lightfm": {"components": 8, "epochs": 3}}


def grown(shape, n_items):
    return replace(shape, n_items=n_items, n_touched=n_items)


def test_the_shape_of_a_checkerboard(checkerboard):
    """40 customers × 20 items, 9 of 10 of each colour; items two apart stand six of thirty days apart: five
    days.
    """
    assert DataShape.from_training(checkerboard) == DataShape(40, 20, 20, 360, 40 * 5, 20, 40, 0)
    nothing = replace(checkerboard, behaviour=checkerboard.behaviour.before(0))
    assert DataShape.from_training(nothing) == DataShape(40, 20, 0, 0, 0, 20, 0, 0)


def test_a_day_counts_once_and_a_second_one_is_seen():
    cells = np.array([(0, 0, 1), (0, 0, 5), (0, 1, 5), (1, 0, 2), (1, 1, 2)], np.int32).T
    behaviour = Behaviour(3, 2, *cells, np.full(5, PURCHASE, np.int8), until=6)
    shape = DataShape.from_training(
        Training(behaviour, sparse.csr_matrix((3, 0)), sparse.csr_matrix((2, 0), dtype=np.float32))
    )
    assert (shape.n_visits, shape.n_returning, shape.n_repeats, shape.n_attributes) == (3, 1, 1, 0)


def test_ease_fits_beauty_and_not_a_catalogue_a_little_larger():
    """12 bytes × items²: 12,909 items are the last that 2 GB hold. Nothing of that size is allocated here."""
    parts = [build_recommender("ease"), build_recommender("transitions")]
    assert select_fittable_parts(parts, BEAUTY, 4 * GB) == (parts, {})
    assert select_fittable_parts(parts, grown(BEAUTY, 12_909), 4 * GB) == (parts, {})
    left, reasons = select_fittable_parts(parts, grown(BEAUTY, 12_910), 4 * GB)
    assert left == parts[1:] and list(reasons) == ["ease"]
    assert reasons["ease"] == "needs 1,907 MiB to be fitted on 12,910 items, 1,907 MiB are granted"
    assert select_fittable_parts(parts, BEAUTY, GB)[1]["ease"].endswith("954 MiB are granted"), (
        "the smaller of both limits"
    )


@pytest.mark.parametrize("name", ["ease", "history_ridge"])
def test_what_is_selected_is_what_fit_does_not_refuse(checkerboard, name):
    """The estimate is the refusal of their own `fit`, to the byte."""
    exactly = build_recommender(name).dense_copies * 8 * 20**2 / 1e9
    shape = DataShape.from_training(checkerboard)
    for limit, fits in ((exactly, True), (exactly * 0.999, False)):
        part = build_recommender(name, {"memory_limit_gb": limit})
        assert (select_fittable_parts([part], shape, GB)[1] == {}) == fits
        if not fits:
            with pytest.raises(CatalogueTooLargeError):
                part.fit(checkerboard, 0)


@pytest.mark.parametrize("name", RECOMMENDERS)
def test_everybody_says_what_they_need_and_more_for_more(name):
    part = build_recommender(name)
    shapes = [replace(BEAUTY, n_repeats=1)]
    shapes.append(replace(shapes[0], n_customers=10 * 22_363, n_entries=10 * 131_413, n_visits=10 * 131_413))
    needs = [
        int(select_fittable_parts([part], shape, 0)[1][name].split()[1].replace(",", "")) for shape in shapes
    ]
    assert 0 <= needs[0] <= needs[1] < 40_000


@pytest.mark.parametrize(
    ("name", "missing", "sentence"),
    [
        ("content", {"n_attributes": 0}, "no item has an attribute"),
        ("repeat_purchase", {"n_repeats": 0}, "no customer wanted an item on two days"),
        ("transition_ridge", {"n_returning": 0}, "no customer came on two days"),
        ("history_ridge", {"n_returning": 0}, "no customer came on two days"),
    ],
)
def test_what_the_data_lack_is_a_reason_too(name, missing, sentence):
    whole = replace(grown(BEAUTY, 3000), n_repeats=5)
    assert select_fittable_parts([build_recommender(name)], whole, 100 * GB)[1] == {}
    assert (
        sentence
        in select_fittable_parts([build_recommender(name)], replace(whole, **missing), 100 * GB)[1][name]
    )


def test_whoever_lacks_something_really_has_nothing_to_say(checkerboard):
    """The control of the reasons: fitted all the same on data without it, no list has an item."""
    behaviour = checkerboard.behaviour
    one_day = replace(behaviour, day=np.zeros(len(behaviour), np.int32), until=1)
    bare = replace(
        checkerboard, behaviour=one_day, item_features=sparse.csr_matrix((20, 0), dtype=np.float32)
    )
    shape, parts = (
        DataShape.from_training(bare),
        [build_recommender(name, SMALL.get(name)) for name in RECOMMENDERS],
    )
    left_out = select_fittable_parts(parts, shape, GB)[1]
    assert set(left_out) == {"content", "repeat_purchase", "transition_ridge", "history_ridge"}
    seen = one_day.matrix().toarray() > 0
    for part in parts:
        listed, _ = select_top_items(
            part.fit(bare, 0).score(Customers.from_training(bare, np.arange(40))), 10, ~seen
        )
        # a day a session: nobody else's day is like it
        is_silent = part.name in left_out or part.name in (
            "own_history",
            "stan",
        )
        assert (listed >= 0).any() == (part.name == "stan" or not is_silent), part.name


def test_a_blend_goes_on_without_and_its_weights_are_shared_out(checkerboard, monkeypatch):
    """Nothing is fitted before it is settled; the order of the lists is that of the others alone, the sum of
    weights is kept.
    """
    fitted = []
    monkeypatch.setattr(Transitions, "fit", lambda self, *_: fitted.append(self) or self)
    weights = {"ease": 1.4, "item_knn": 2.0, "transitions": 0.6}
    whole = {
        "parts": {"ease": {"memory_limit_gb": 1e-9}, "transitions": {}},
        "weights": weights,
        "power": 0.5,
    }
    made, left_out = drop_unfittable_parts(whole, DataShape.from_training(checkerboard), GB)
    assert (
        not fitted
        and list(left_out) == ["ease"]
        and format_left_out_parts(left_out).startswith("ease (needs 0 MiB to be fitted on 20 items")
    )
    assert made["weights"] == pytest.approx({"item_knn": 4.0 * 2.0 / 2.6, "transitions": 4.0 * 0.6 / 2.6})
    assert made["parts"] == {"transitions": {}} and made["power"] == 0.5
    monkeypatch.undo()
    others = {"parts": {}, "weights": {"item_knn": 2.0, "transitions": 0.6}, "power": 0.5}
    everybody = Customers.from_training(checkerboard, np.arange(40))
    scores = [build_blend(each).fit(checkerboard, 0).score(everybody) for each in (made, others)]
    assert scores[0] == pytest.approx(scores[1] * 4.0 / 2.6, rel=1e-5)
    # the control: with the part it is refused, after others were fitted
    with pytest.raises(CatalogueTooLargeError):
        build_blend(whole).fit(checkerboard, 0)


def test_a_learned_blend_has_the_parts_that_fit():
    learned = {
        "parts": {"ease": {"most_items": 8000}, "item_knn": {"most_items": 50_000}, "own_history": {}},
        "ranker": {"rounds": 5},
    }
    made, left_out = drop_unfittable_parts(learned, grown(BEAUTY, 31_000), 4 * GB)
    assert made == {"parts": {"item_knn": {}, "own_history": {}}, "ranker": {"rounds": 5}}
    assert left_out == {"ease": "is not fitted for more than 8,000 items, there are 31,000"}
    assert drop_unfittable_parts(learned, grown(BEAUTY, 8000), 4 * GB)[0]["parts"] == {
        "ease": {},
        "item_knn": {},
        "own_history": {},
    }


def test_popularity_stands_where_nothing_fits():
    made, left_out = drop_unfittable_parts(
        {"parts": {"ease": {}}, "weights": {"ease": 1.0}}, grown(BEAUTY, 10**6), GB
    )
    assert made == {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}} and "ease" in left_out


@given(
    st.dictionaries(
        st.sampled_from(["ease", "item_knn", "rp3beta", "popularity"]), st.floats(0.01, 100), min_size=1
    )
)
def test_weights_keep_their_sum_and_proportions(weights):
    made, left_out = drop_unfittable_parts({"parts": {}, "weights": weights}, grown(BEAUTY, 20_000), 10 * GB)
    kept = {name: weight for name, weight in weights.items() if name != "ease"}
    assert set(left_out) == {"ease"} & set(weights)
    if kept:
        assert sum(made["weights"].values()) == pytest.approx(sum(weights.values()))
        assert {name: weight / made["weights"][name] for name, weight in kept.items()} == pytest.approx(
            dict.fromkeys(kept, sum(kept.values()) / sum(weights.values()))
        )
