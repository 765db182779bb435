"""What live behaviour weighs, learned as a night learns it, on sessions that keep to one half of a shelf."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from models.evaluation.fold_in import FoldInModel
from models.recommenders import build_blend
from models.recommenders.als import ALS
from models.steering.sessions import group_sessions
from models.time_split import HoldoutWindows
from models.training_data import Behaviour, Training
from spark_jobs.train.steering import (
    NOTHING_LEARNED,
    WindowStart,
    build_personal_bases,
    flatten_steering,
    learn_steering,
)
from spark_jobs.train.training_run import TrainingRun

N_ITEMS, N_CUSTOMERS, DAYS, CUT = 60, 120, 30, 24
CONFIGURATION = {"parts": {}, "weights": {"item_knn": 1.0}}


def draw_sessions(follows=True):
    """Everybody views four items on some days, a minute apart; each session keeps to one sixth of the shelf,
    or to none.
    """
    generator, rows = np.random.default_rng(4), []
    for day in range(DAYS):
        for customer in np.flatnonzero(generator.random(N_CUSTOMERS) < 0.3):
            shelf = generator.integers(6)
            items = generator.choice(N_ITEMS // 6, 4, replace=False) * 6 + shelf
            if not follows:
                items = generator.choice(N_ITEMS, 4, replace=False)
            rows += [(customer, item, 0, 86_400 * day + 60 * n) for n, item in enumerate(items)]
    return np.array(rows, np.int64)


def build_run(rows):
    unique = np.unique(np.stack([rows[:, 0], rows[:, 1], rows[:, 3] // 86_400], axis=1), axis=0)
    customer, item, day = unique.astype(np.int32).T
    behaviour = Behaviour(
        N_CUSTOMERS, N_ITEMS, customer, item, day, np.zeros(len(unique), np.int8), DAYS, has_purchases=False
    )
    nothing = sparse.csr_matrix((N_ITEMS + N_CUSTOMERS, 0), dtype=np.float32)
    matrices = SimpleNamespace(
        training=Training(behaviour, nothing[:N_CUSTOMERS], nothing[:N_ITEMS]),
        allowed=np.arange(N_ITEMS) != 7,
        consumable=np.ones(N_ITEMS, bool),
    )
    return TrainingRun(None, matrices, HoldoutWindows(18, CUT, DAYS), 3, group_sessions(*rows.T, N_ITEMS))


def start(run):
    early = run.matrices.training.before(CUT)
    fold_in = FoldInModel(ALS(components=8).fit(early, 0), ((2, 1.0),))
    return WindowStart(build_blend(CONFIGURATION).fit(early, 0), fold_in)


@pytest.fixture(scope="module")
def fit():
    run = build_run(draw_sessions())
    return learn_steering(run, start(run))


def test_sessions_with_a_theme_are_steered_by_it(fit):
    assert {cohort.is_personal for cohort in fit.weights.cohorts} == {True, False}
    for name in ("popular", "personal"):
        row = fit.report[name]
        assert row["verdict"] == "accepted" and row["low"] > 0
        # ten items of the shelf's sixth fill the ten places, where a list alone holds one in six of them
        assert row["hits_steered"] > 0.9 > 0.4 > row["hits_unsteered"]
    json.dumps(fit.report)


def test_the_report_gives_mlflow_its_figures(fit):
    figures = flatten_steering(fit.report)
    assert figures["steering.popular.lift"] == fit.report["popular"]["lift"]
    assert set(figures) == {
        f"steering.{name}.{figure}"
        for name in ("popular", "personal")
        for figure in ("lift", "low", "high", "unsteered", "steered")
    }
    assert flatten_steering({}) == {}


def test_sessions_without_a_theme_are_not_steered():
    run = build_run(draw_sessions(follows=False))
    fit = learn_steering(run, start(run))
    assert fit.weights.cohorts == ()
    assert [row["verdict"] for row in fit.report.values()] == ["refused", "refused"]


def test_nothing_is_learned_without_a_window_or_sessions():
    run = build_run(draw_sessions())
    for other in (replace(run, windows=None), replace(run, sessions=None)):
        assert learn_steering(other, start(run)) is NOTHING_LEARNED
    late = replace(run, sessions=run.sessions.where(run.sessions.second >= 86_400 * CUT))
    assert learn_steering(late, start(run)) is NOTHING_LEARNED


def test_a_customers_own_list_counts_for_their_first_session_alone():
    run = build_run(draw_sessions())
    moments = [
        SimpleNamespace(customer=customer, session=session) for customer, session in ((1, 0), (2, 1), (1, 2))
    ]
    base_of = build_personal_bases(run, start(run).blend, moments)
    assert base_of(moments[2]) is None
    assert 7 not in base_of(moments[0]), "what may not be shown is in no list"
    assert len(np.unique(base_of(moments[0]))) == len(base_of(moments[0])) > 10
