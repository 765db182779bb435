"""What live behaviour weighs, learned from the sessions of the test's window: what the lists of before the
window would have gained by it.

Everything that steers is as it was when the window began: similar items and lists of the blend that was
fitted before it, what sessions went on with until then, factors of until then. A customer's own list is as
old as the window, so only their first session in it is asked about it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from models.base import compute_block_size
from models.blending.base import Blend
from models.blending.blend_lists import build_personal_lists, build_similar_lists
from models.evaluation.fold_in import FoldInModel
from models.inference import select_top_items
from models.recommenders.decayed_popularity import DecayedPopularity
from models.steering.examples import SteeringInputs
from models.steering.fold_in import FactorScorer
from models.steering.learn import SteeringFit, learn_weights
from models.steering.next_items import LENGTH, sort_row, weigh_next_items
from models.steering.scoring import NO_ITEMS, RelatedItems, relate_items
from models.steering.sessions import Moment, Sessions, draw_sessions, iterate_moments
from models.steering.weights import NO_STEERING
from models.training_data import Customers
from spark_jobs.train.training_run import TrainingRun

DAY_SECONDS = 86_400
MOST_SESSIONS = 2000  # of the window, drawn by the seed
MOST_CUSTOMERS = 600  # whose own lists are made; drawn by the seed
LIST_LENGTH = 100
NOTHING_LEARNED = SteeringFit(NO_STEERING, {})


@dataclass(frozen=True)
class WindowStart:
    """What was fitted on the days before the window.

    Attributes:
        blend: the configuration that is served.
        fold_in: factors, and how far they are trusted.
    """

    blend: Blend
    fold_in: FoldInModel


def learn_steering(training: TrainingRun, before: WindowStart) -> SteeringFit:
    """The weights, and the report; none without sessions or a window to learn in."""
    if training.windows is None or training.sessions is None:
        return NOTHING_LEARNED
    sessions, began = training.sessions, training.sessions.began // DAY_SECONDS
    test_from = training.windows.test_from
    known = sessions.where((began < test_from)[sessions.session])
    asked = sessions.where((began >= test_from)[sessions.session])
    asked = draw_sessions(asked, MOST_SESSIONS, training.seed)
    if not len(known) or not len(asked):
        return NOTHING_LEARNED
    with threadpool_limits(1):  # more threads add in another order, and the arrays are small
        moments = list(iterate_moments(asked))
        bases = {
            False: build_popular_base(training),
            True: build_personal_bases(training, before.blend, moments),
        }
        return learn_weights(moments, bases, build_inputs(training, before, known, asked), training.seed)


def build_inputs(
    training: TrainingRun, before: WindowStart, known: Sessions, asked: Sessions
) -> SteeringInputs:
    """What a list could have been steered by when the window began.

    Args:
        known: sessions from before the window.
        asked: those of it that teach.
    """
    matrices = training.matrices
    following = weigh_next_items(known, matrices.allowed)
    neighbours = build_neighbours(before.blend, np.unique(asked.item), matrices.allowed)
    scorer = FactorScorer(before.fold_in.als.build_factor_space(), before.fold_in.trust)
    placed = before.fold_in.als.placed

    def fold_in(moment: Moment):
        rows = np.array([one.item for one in moment.touched])
        rows = np.where(placed[rows], rows, -1)
        kinds = np.array([one.kind for one in moment.touched])
        days = np.array([moment.second - one.at for one in moment.touched]) / DAY_SECONDS
        return scorer.fold_in(rows, kinds, days)

    def transitions(item: int) -> RelatedItems:
        return RelatedItems(*sort_row(following, item))

    return SteeringInputs(lambda item: neighbours.get(item, NO_ITEMS), transitions, fold_in)


def build_neighbours(blend: Blend, items: np.ndarray, allowed: np.ndarray) -> dict[int, RelatedItems]:
    """The similar items of each of these."""
    neighbours = {}
    step = compute_block_size(len(allowed))
    for start in range(0, len(items), step):
        block = items[start : start + step]
        lists = build_similar_lists(blend, block, allowed, LENGTH)
        if lists is None:
            return {}
        for item, listed, scores in zip(block.tolist(), lists.items, lists.scores, strict=True):
            neighbours[item] = relate_items(listed[listed >= 0], scores[listed >= 0])
    return neighbours


def build_popular_base(training: TrainingRun) -> Callable[[Moment], np.ndarray]:
    """What was popular when the window began: the list of every stranger."""
    early = training.matrices.training.before(training.windows.test_from)
    stranger = Customers.from_training(early, np.zeros(1, np.int32))
    scores = DecayedPopularity().fit(early, training.seed).score(stranger)
    items, _ = select_top_items(scores, LIST_LENGTH, training.matrices.allowed)
    popular = items[0][items[0] >= 0].astype(np.int64)
    return lambda moment: popular


def build_personal_bases(
    training: TrainingRun, blend: Blend, moments: list[Moment]
) -> Callable[[Moment], np.ndarray | None]:
    """The customers' own lists when the window began, for their first session in it."""
    matrices = training.matrices
    early = matrices.training.before(training.windows.test_from)
    first: dict[int, int] = {}
    for moment in moments:
        first.setdefault(moment.customer, moment.session)
    was_there = np.unique(early.behaviour.customer)
    rows = np.intersect1d(np.array([*first], np.int64), was_there)
    if len(rows) > MOST_CUSTOMERS:
        rows = np.sort(np.random.default_rng(training.seed).choice(rows, MOST_CUSTOMERS, replace=False))
    lists: dict[int, np.ndarray] = {}
    customers = Customers.from_training(early, rows)
    for place, block in customers.split_into_blocks(compute_block_size(len(matrices.allowed))):
        listed = build_personal_lists(blend, block, matrices.allowed, matrices.consumable, LIST_LENGTH)
        for customer, items in zip(rows[place].tolist(), listed.items, strict=True):
            lists[customer] = items[items >= 0].astype(np.int64)
    return lambda moment: lists.get(moment.customer) if first[moment.customer] == moment.session else None


def flatten_steering(report: dict[str, dict[str, Any]]) -> dict[str, float]:
    """The report's figures under MLflow's names of metrics: `steering.<list>.<figure>`."""
    return {
        f"steering.{name}.{figure}": row[figure]
        for name, row in report.items()
        for figure in ("lift", "low", "high", "unsteered", "steered")
        if figure in row
    }
