"""A learned blend in the night: chosen only where it is better, fitted on Spark as it is fitted alone, kept and loaded."""

from dataclasses import replace

import numpy as np
import pytest

from expectations.contracts.lake import FCT_INTERACTIONS, FEAT_CUSTOMERS, FEAT_ITEMS
from models import artifact
from models.artifact import Artifact
from models.base import Customers
from models.evaluation import measure_lists
from models.lists import personal
from models.ranking.ranker import LearnedBlend
from models.recommenders import make_blend
from models.split import OverlapError, windows
from spark_jobs.train import blends, ranker
from spark_jobs.train.blends import Ask, fit_blends
from spark_jobs.train.evidence import Before, found_flaws
from spark_jobs.train.examine import SERVED, examine
from spark_jobs.train.fits import Fit, measured
from spark_jobs.train.matrices import material

LEARNED = {"parts": {"item_knn": {}, "own_history": {}}, "ranker": {"windows": 2, "rounds": 5, "leaves": 7, "customers": 40}}
WEIGHTED = {"parts": {"item_knn": {}}, "weights": {"item_knn": 1.0}}
POPULAR = {"parts": {"popularity": {}}, "weights": {"popularity": 1.0}}


@pytest.fixture(scope="module")
def held(spark, fill, tmp_path_factory):
    """The small shop as matrices, and where it is cut."""
    lake = fill(tmp_path_factory.mktemp("ranker"), spark).lake
    found = material(lake.read(FCT_INTERACTIONS), lake.read(FEAT_CUSTOMERS), lake.read(FEAT_ITEMS))
    behaviour = found.training.behaviour
    return found, windows(int(behaviour.day.min()), behaviour.until)


def test_on_spark_it_is_fitted_as_alone(spark, held):
    """Also beside others: windows that two models share are fitted once, and every model has its own trees."""
    found, cut = held
    asks = [Ask(LEARNED, cut.until), Ask(LEARNED, cut.test_from), Ask(WEIGHTED, cut.until)]
    blends, beside = fit_blends(spark, found, asks, [Fit("popularity", cut.test_from)], seed=3)
    for ask, blend in zip(asks, blends, strict=True):
        alone = make_blend(ask.configuration).fit(found.training.before(ask.before), 3)
        assert artifact.pack(blend.arrays()) == artifact.pack(alone.arrays())
    assert blends[0].trees != blends[1].trees
    assert beside[0].name == "popularity"


def test_a_worker_that_fits_too_late_is_refused(spark, held, monkeypatch):
    """The day is the one that workers found in their data, not the one they were asked for. The test above is the control."""
    found, cut = held
    honest = blends.work

    def late(spark, shared, fits, *rest):
        moved = [replace(fit, before=fit.before + 3) if fit.part == "own_history" else fit for fit in fits]
        return honest(spark, shared, moved, *rest)

    monkeypatch.setattr(blends, "work", late)
    with pytest.raises(OverlapError, match=r"parts saw days from the cut \d+ on, .*: own_history \(fitted to day \d+\)$"):
        fit_blends(spark, found, [Ask(LEARNED, cut.test_from)], [], seed=3)


def test_it_is_examined_and_kept_like_any_blend(spark, held, tmp_path):
    found, cut = held
    examined = examine(spark, found, cut, LEARNED, 3, rival=WEIGHTED)
    assert {SERVED, "accepted before", "item_knn", "own_history", "popularity", "lightfm"} <= set(examined.board)
    assert np.nanmean(examined.quality()) > np.nanmean(examined.quality("popularity"))
    assert not found_flaws(found, cut, examined, found.training.behaviour.until - 1, Before())
    kept = Artifact.load(tmp_path, examined.artifact.save(tmp_path))
    assert isinstance(kept.blend, LearnedBlend) and kept.configuration == LEARNED
    everyone = Customers.of(found.training, np.arange(20))
    mine, theirs = (personal(one.blend, everyone, found.allowed, found.consumable) for one in (examined.artifact, kept))
    assert np.array_equal(mine.items, theirs.items) and np.array_equal(mine.scores, theirs.scores)
    assert ((mine.sources > 0) | (mine.items < 0)).all() and mine.names == ("item_knn", "own_history")


def test_the_board_is_of_the_lists_as_they_are_served(spark, held):
    """Variety orders the first ten anew: the gate judges that order, and not that of the scores."""
    found, cut = held
    settings = LEARNED["ranker"] | {"diversity": 0.6}
    examined = examine(spark, found, cut, {"parts": {**LEARNED["parts"], "content": {}}, "ranker": settings}, 3)
    past, test = found.training.before(cut.test_from), examined.test
    blend = make_blend(examined.artifact.configuration).fit(past, 3)
    customers = Customers.of(past, test.customers)
    for task, again in (("next", found.consumable), ("discover", np.zeros_like(found.consumable))):
        listed = personal(blend, customers, found.allowed, again).items[:, :10]
        expected = measure_lists({task: listed}, test, int(found.allowed.sum()))
        assert np.array_equal(examined.board[SERVED].ndcg[task], expected.ndcg[task], equal_nan=True)
    by_score = measured(found, blend.score(customers), test)
    assert not np.array_equal(by_score.ndcg["next"], examined.board[SERVED].ndcg["next"], equal_nan=True), "the control"


SPACE = {
    "parts": {
        "own_history": {"most_items": 40, "half_life_days": 60},
        "item_knn": {"most_items": 1000},
        "ease": {"most_items": 5},
    },
    "ranker": LEARNED["ranker"] | {"step_days": 14},
}


def test_it_is_served_where_it_is_better(spark, held, monkeypatch):
    monkeypatch.setattr(ranker, "LEAST_CUSTOMERS", 20)
    found, cut = held
    chosen, [trial] = ranker.settle(spark, found, cut, POPULAR, SPACE, seed=3)
    expected = {"own_history": {"half_life_days": 60}, "item_knn": {}, "popularity": {}}
    assert chosen["parts"] == expected, "a catalogue of 40 is too large for ease here"
    assert chosen["ranker"] == SPACE["ranker"]
    assert trial.metrics["lift"] >= trial.metrics["lift_low"] > 0


def test_it_is_not_served_where_it_is_not_better(spark, held, monkeypatch):
    """Negative control: against itself there is no lift."""
    monkeypatch.setattr(ranker, "LEAST_CUSTOMERS", 20)
    found, cut = held
    space = {"parts": {"popularity": {"most_items": 1000}}, "ranker": SPACE["ranker"] | {"rounds": 1}}
    chosen, trials = ranker.settle(spark, found, cut, WEIGHTED, space, seed=3)
    assert chosen == WEIGHTED and len(trials) == 1


def test_a_catalogue_too_large_to_ask_enough_trains_nothing(spark, held, monkeypatch):
    """The shop has more than 20 customers in a window, but its 40 items allow scores of 19; with one more it would be tried."""
    monkeypatch.setattr(ranker, "LEAST_CUSTOMERS", 20)
    found, cut = held
    monkeypatch.setattr("models.ranking.ranker.MOST_CELLS", 19 * found.training.behaviour.n_items)
    assert ranker.settle(spark, found, cut, POPULAR, SPACE, seed=3) == (POPULAR, [])


def test_too_few_to_learn_from_train_nothing(spark, held):
    found, cut = held
    assert ranker.settle(spark, found, cut, POPULAR, SPACE, seed=3) == (POPULAR, [])
