"""The next item of RetailRocket's sessions: popular, STAN, transitions, and the popular list steered."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.anonymous_sessions import DAY, MODELS, WINDOW_DAYS
from models.evaluation import bootstrap_interval
from models.evaluation.fold_in import COHORTS
from models.inference import select_top_items
from models.recommenders import build_recommender
from models.recommenders.als import ALS
from models.recommenders.sequences import build_anonymous_customer
from models.steering.examples import SteeringInputs
from models.steering.fold_in import FactorScorer
from models.steering.learn import SteeringFit, learn_weights
from models.steering.next_items import build_session_training, sort_row, weigh_next_items
from models.steering.scoring import EventLists, RelatedItems, relate_items, steer
from models.steering.sessions import Moment, Sessions, group_sessions, iterate_moments

MOST_TOUCHED = 3
LIST_LENGTH, NEIGHBOURS = 100, 50
KINDS = {"view": 0, "addtocart": 1, "transaction": 2}
# All sessions end on one day, so nothing may fade by days.
FOREVER = 1e9
Ranking = Callable[[Moment], np.ndarray]  # a moment to the first twenty items for it


class Window:
    """What was known before a day, and the moments from then on."""

    def __init__(self, sessions: Sessions, since: int, until: int) -> None:
        began = sessions.began[sessions.session]
        known = sessions.where(began < since)
        self.moments = list(iterate_moments(sessions.where((began >= since) & (began < until))))
        self.training = build_session_training(known)
        self.popular = np.argsort(
            -np.bincount(self.training.behaviour.item, minlength=sessions.n_items), kind="stable"
        )[:LIST_LENGTH]
        self.following = weigh_next_items(known, np.ones(sessions.n_items, bool))
        alike = build_recommender("item_knn", {**MODELS["item_knn"], "half_life_days": FOREVER})
        self.alike = alike.fit(self.training, 1).similarity
        als = ALS(half_life_days=FOREVER).fit(self.training, 0)
        self.scorer = FactorScorer(als.build_factor_space(), [(COHORTS[-1][1], 1.0)])
        self.placed = als.placed

    @property
    def inputs(self) -> SteeringInputs:
        """What a list could be steered by when the window began."""
        return SteeringInputs(self.find_neighbours, self.find_transitions, self.fold_in)

    def find_neighbours(self, item: int) -> RelatedItems:
        items, scores = sort_row(self.alike, item)
        return relate_items(items[:NEIGHBOURS], scores[:NEIGHBOURS])

    def find_transitions(self, item: int) -> RelatedItems:
        return RelatedItems(*sort_row(self.following, item))

    def fold_in(self, moment: Moment):
        items = np.array([one.item for one in moment.touched])
        kinds = np.array([one.kind for one in moment.touched])
        return self.scorer.fold_in(np.where(self.placed[items], items, -1), kinds, np.zeros(len(items)))


def read_sessions(folder: Path, seed: int = 0) -> tuple[Sessions, int]:
    """The sessions, and the first second behind the last event. Numbers of this data tell neighbours, so
    they are shuffled.
    """
    events = pd.read_csv(folder / "events.csv")
    ids, item = np.unique(events["item_id"], return_inverse=True)
    shuffled = np.random.default_rng(seed).permutation(len(ids))[item]
    kind, second = events["event"].map(KINDS).to_numpy(), events["timestamp"].to_numpy()
    customer = np.unique(events["visitor_id"], return_inverse=True)[1]
    return group_sessions(customer, shuffled, kind, second, len(ids)), int(second.max()) + 1


def rank_by_steering(window: Window, fit: SteeringFit) -> Ranking:
    """The popular list, steered."""

    def rank(moment: Moment) -> np.ndarray:
        cohort = fit.weights.find_cohort(len(moment.touched), is_personal=False)
        if cohort is None:
            return window.popular
        events = [
            EventLists(
                one.kind, window.find_neighbours(one.item), window.find_transitions(one.item), one.item
            )
            for one in moment.touched
        ]
        half_life = fit.weights.half_life_places
        return steer(window.popular, events, cohort, half_life, window.fold_in(moment)).items

    return rank


def rank_by_recommender(name: str, window: Window) -> Ranking:
    """A recommender alone, fitted on sessions."""
    model, n_items = build_recommender(name, MODELS[name]).fit(window.training, 1), len(window.placed)

    def rank(moment: Moment) -> np.ndarray:
        clicks = [one.item for one in reversed(moment.touched)]
        scores = model.score(build_anonymous_customer(clicks, n_items, 0))
        return select_top_items(scores, LIST_LENGTH)[0][0]

    return rank


def measure(moments: list[Moment], rank: Ranking) -> tuple[np.ndarray, np.ndarray]:
    """float [moments, 3]: HR@10, HR@20, MRR@20; and the seconds of each answer."""
    figures, seconds = np.zeros((len(moments), 3)), np.empty(len(moments))
    for row, moment in enumerate(moments):
        start = time.perf_counter()
        ranked = rank(moment)
        seconds[row] = time.perf_counter() - start
        listed = ranked[~np.isin(ranked, [one.item for one in moment.touched])][:20]
        hits = np.flatnonzero(np.isin(listed, [*moment.wanted]))
        if len(hits):
            figures[row] = hits[0] < 10, 1.0, 1.0 / (1 + hits[0])
    return figures, seconds


def compare(folder: Path) -> Iterator[str]:
    """The comparison, line by line."""
    sessions, until = read_sessions(folder)
    cut = until - WINDOW_DAYS * DAY
    with threadpool_limits(1):
        earlier = Window(sessions, cut - WINDOW_DAYS * DAY, cut)
        start = time.perf_counter()
        fit = learn_weights(earlier.moments, {False: lambda moment: earlier.popular}, earlier.inputs, 0)
        yield (
            f"weights learned in {time.perf_counter() - start:.1f} s; half-life"
            f" {fit.weights.half_life_places:g} places; gate: {fit.report['popular']['reason']}"
        )
        for cohort in fit.report["popular"]["cohorts"]:
            yield f"  up to {cohort['most_events']} events: {cohort['weights']}"
        window = Window(sessions, cut, until)
        moments = [one for one in window.moments if len(one.touched) <= MOST_TOUCHED]
        n_asked = len({one.session for one in moments})
        yield f"{len(moments):,} moments of {n_asked:,} sessions after 1 to {MOST_TOUCHED} items"
        rankings = {
            "popular": lambda moment: window.popular,
            "stan": rank_by_recommender("stan", window),
            "transitions": rank_by_recommender("transitions", window),
            "steered": rank_by_steering(window, fit),
        }
        results = {name: measure(moments, rank) for name, rank in rankings.items()}
    n_touched = np.array([len(one.touched) for one in moments])
    _, of_session = np.unique([one.session for one in moments], return_inverse=True)
    for name, (figures, seconds) in results.items():
        p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1e3
        after = "  ".join(f"{figures[n_touched == n, 0].mean():.4f}" for n in range(1, MOST_TOUCHED + 1))
        hr10, hr20, mrr = figures.mean(axis=0)
        yield (
            f"{name:<12} HR@10 {hr10:.4f} (after 1, 2, 3: {after})  HR@20 {hr20:.4f}  MRR@20 {mrr:.4f}"
            f"  p50 {p50:.2f} ms, p95 {p95:.2f} ms"
        )
    for other in ("popular", "stan", "transitions"):
        gains = results["steered"][0] - results[other][0]
        lifts = [
            bootstrap_interval(np.bincount(of_session, column) / np.bincount(of_session))
            for column in gains.T
        ]
        yield f"steered over {other:<11} " + "  ".join(
            f"{name} {mean:+.4f} [{low:+.4f}, {high:+.4f}]"
            for name, (mean, low, high) in zip(("HR@10", "HR@20", "MRR@20"), lifts, strict=True)
        )
