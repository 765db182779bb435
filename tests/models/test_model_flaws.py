"""Each flaw is named when it is there, and not named when it is not."""

import numpy as np
import pytest

from models import model_flaws

GENERATOR = np.random.default_rng(5)
QUALITY = GENERATOR.uniform(0.1, 0.3, 200)  # mean about .2
FACTORS = {
    "lightfm/items": np.ones((4, 3), np.float32),
    "lightfm/names": np.array([b"a"]),
    "knn/indices": np.arange(3),
}
DAYS = np.array([10, 11, 12, 14, 15, 20])  # the longest silence is of four days: 16 to 19


def test_factors_that_are_not_numbers():
    assert model_flaws.find_missing_numbers(FACTORS) is None
    spoiled = FACTORS | {
        "lightfm/items": np.array([[np.nan, 1], [np.inf, 2]], np.float32),
        "ranker/price": np.array([np.nan]),
    }
    assert (
        model_flaws.find_missing_numbers(spoiled)
        == "factors that are not numbers: lightfm/items (1 of 4), ranker/price (1 of 1)"
    )
    assert (
        model_flaws.find_missing_numbers(spoiled, ("price",))
        == "factors that are not numbers: lightfm/items (1 of 4)"
    )
    assert model_flaws.find_missing_numbers(spoiled, ("price", "items")) is None


def test_the_same_page_for_everybody():
    same = np.tile(np.arange(10), (100, 1))
    assert "popularity under another name: 100% of all places" in model_flaws.find_impersonal_lists(same)
    personal = np.stack([GENERATOR.permutation(40)[:10] for _ in range(100)])
    assert model_flaws.find_impersonal_lists(personal) is None
    assert model_flaws.find_impersonal_lists(same[:10]) is None, "too few to say"
    assert model_flaws.find_impersonal_lists(np.full((100, 10), -1)) is None
    two_tastes = np.where(np.arange(100)[:, None] % 2, np.arange(10), np.arange(10, 20))
    assert model_flaws.find_impersonal_lists(two_tastes) is None


@pytest.mark.parametrize(
    ("memory", "found"),
    [
        pytest.param(QUALITY + 0.05, None, id="it remembers what it learned"),
        pytest.param(QUALITY * 0.9, None, id="within the margin"),
        pytest.param(
            GENERATOR.permutation(QUALITY) * 0.2,
            "items are not where they were learned",
            id="it knows nothing of it",
        ),
        pytest.param(
            QUALITY * 0.7, None, id="it is fine, and asked about customers as they were a month ago"
        ),
        pytest.param(
            QUALITY * 0.45,
            "too good to be true",
            id="it is fine, and the one that was measured knew far more",
        ),
        pytest.param(np.full(200, np.nan), None, id="nobody to ask"),
    ],
)
def test_what_would_be_served_against_what_was_measured(memory, found):
    said = model_flaws.find_misplaced_items(memory, QUALITY, QUALITY * 0.25)
    assert (said is None) if found is None else said.startswith(found)


def test_another_numbering():
    ids = np.array([b"a", b"b", b"c"])
    assert model_flaws.find_renumbered_ids(ids, ids.copy(), "items") is None
    assert model_flaws.find_renumbered_ids(ids[[1, 0, 2]], ids, "items") == (
        "items are not where they were learned: 2 ids differ from those of the matrices"
    )
    assert "1 ids differ" in model_flaws.find_renumbered_ids(ids[:2], ids, "customers")


@pytest.mark.parametrize(
    ("before", "baselines", "found"),
    [
        pytest.param(0.15, {}, None, id="a third better than before"),
        pytest.param(0.09, {}, "2.2 times what was accepted", id="twice what it was"),
        pytest.param(
            None, {"popularity": 0.05, "item_knn": 0.1}, None, id="at first: twice the best baseline"
        ),
        pytest.param(
            None, {"popularity": 0.05, "item_knn": 0.06}, "3.3 times item_knn", id="at first: beyond belief"
        ),
        pytest.param(None, {}, None, id="nothing to compare with"),
    ],
)
def test_too_good_to_be_true(before, baselines, found):
    said = model_flaws.find_implausible_quality(QUALITY * 0.2 / QUALITY.mean(), before, baselines)
    assert (said is None) if found is None else ("too good to be true" in said and found in said)


def test_less_covered_than_before():
    assert (
        model_flaws.find_shrunk_coverage(0.6, None, "items")
        is model_flaws.find_shrunk_coverage(0.6, 0.79, "items")
        is model_flaws.find_shrunk_coverage(0.9, 0.6, "items")
        is None
    )
    assert (
        model_flaws.find_shrunk_coverage(0.56, 0.8, "items")
        == "items fell by 30%, from 0.800 to 0.560; 25% is allowed"
    )


@pytest.mark.parametrize(
    ("due", "learned_before", "found"),
    [
        pytest.param(20, 21, None, id="the newest day is the night's"),
        pytest.param(24, 21, None, id="closed for as long as once before"),
        pytest.param(25, 21, "1970-01-21, 5 days before the night's", id="longer than ever"),
        pytest.param(20, 22, "what is served has learned 1 days more", id="older than what is served"),
        pytest.param(20, None, None, id="what is served does not say"),
    ],
)
def test_stale(due, learned_before, found):
    said = model_flaws.find_stale_behaviour(DAYS, due, learned_before)
    assert (said is None) if found is None else (said.startswith("stale: ") and found in said)


def test_stale_in_a_shop_that_never_closes():
    every_day = np.arange(30)
    assert model_flaws.find_stale_behaviour(every_day, 29 + model_flaws.STALE_DAYS, 30) is None
    assert model_flaws.find_stale_behaviour(every_day, 30 + model_flaws.STALE_DAYS, 30)
    assert model_flaws.find_stale_behaviour(every_day, 30 + model_flaws.STALE_DAYS, None) is None, (
        "a first model has nothing to be older than"
    )
