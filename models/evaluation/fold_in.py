"""The quality of fold-in, measured: how near a folded-in customer is to one the factors were trained with.

Nobody who has just arrived can be tested on, so arrivals are made: customers of the test are split in
cohorts, each keeps only their last events, as many as the cohort says, and the factors are learned twice,
with these customers and without. Who was there is scored by the factors that knew them, who was not by
factors that did not; both are asked what was bought behind the cut.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models.evaluation import TASKS, bootstrap_interval, evaluate_scores
from models.recommenders.als import ALS
from models.recommenders.decayed_popularity import DecayedPopularity
from models.time_split import HoldoutCase, build_cell_matrix
from models.training_data import Behaviour, Customers, Training

COHORTS = ((1, 2), (3, 5), (6, 20))  # fewest and most events
MOST_SHARE = 0.25  # of the test's customers in a cohort: the factors must still be learned from the others


@dataclass(frozen=True)
class FoldInModel:
    """The factors that the service folds customers into, and how far it trusts them.

    Attributes:
        als: fitted on everything.
        trust: (most events, weight 0…1), ascending: how much the service trusts a fold-in of so many events;
            empty where it was not measured, and then it is not trusted.
    """

    als: ALS
    trust: tuple[tuple[int, float], ...] = ()


def draw_cohorts(test: HoldoutCase, seed: int) -> list[np.ndarray]:
    """Customers of the test for each cohort, ascending, nobody in two; at most a quarter of the
    test in each.
    """
    order = np.random.default_rng(seed).permutation(len(test))
    size = int(len(test) * MOST_SHARE)
    return [np.sort(test.customers[order[n * size : (n + 1) * size]]) for n in range(len(COHORTS))]


def shorten_histories(behaviour: Behaviour, cohorts: Sequence[np.ndarray]) -> Behaviour:
    """The behaviour with only the last events of each cohort's customers: of the first the fewest of the
    cohort, of the next one more, and so on round."""
    most = np.full(behaviour.n_customers, np.iinfo(np.int32).max, np.int64)
    for (fewest, longest), customers in zip(COHORTS, cohorts, strict=True):
        most[customers] = fewest + np.arange(len(customers)) % (longest - fewest + 1)
    order = np.lexsort((np.arange(len(behaviour)), -behaviour.day, behaviour.customer))
    owner = behaviour.customer[order]
    place = np.arange(len(order)) - np.searchsorted(owner, owner)
    is_kept = np.zeros(len(behaviour), bool)
    is_kept[order[place < most[owner]]] = True
    return behaviour.where(is_kept)


def split_training(training: Training, cohorts: Sequence[np.ndarray]) -> tuple[Training, Training]:
    """The training data with the cohorts' customers, and without them."""
    short = shorten_histories(training.behaviour, cohorts)
    there = ~np.isin(short.customer, np.concatenate(cohorts))
    return replace(training, behaviour=short), replace(training, behaviour=short.where(there))


def evaluate_fold_in(
    test: HoldoutCase,
    allowed: np.ndarray,
    cohorts: Sequence[np.ndarray],
    training: Training,
    with_cohorts: ALS,
    without_cohorts: ALS,
) -> list[dict[str, Any]]:
    """One row a cohort: NDCG@10 of fold-in, of a retrained model and of the popular list; the cosine of the
    first two's scores; the trust.

    The vectors of two trainings have no axes in common, so their scores of all items are compared. Trust is
    the share of the retrained's NDCG that folding in reaches, 1 at most, and 0 where the popular list is
    better: then the service keeps that.

    Args:
        training: what `with_cohorts` was fitted on.
    """
    popular, rows = DecayedPopularity().fit(training, 0), []
    for (fewest, most), customers in zip(COHORTS, cohorts, strict=True):
        row: dict[str, Any] = {"fewest": fewest, "most": most, "n_customers": len(customers), "trust": 0.0}
        if len(customers):
            arrivals = Customers.from_training(training, customers)
            own = test.rows(np.searchsorted(test.customers, customers))
            own = replace(own, seen=build_cell_matrix(arrivals.behaviour.wanted()))
            scores = {
                "retrained": with_cohorts.score(arrivals),
                "folded_in": without_cohorts.score(arrivals),
                "popular": popular.score(arrivals),
            }
            results = {
                name: evaluate_scores(method_scores, own, allowed) for name, method_scores in scores.items()
            }
            for name, one in results.items():
                row[name] = {task: round_mean(one.ndcg[task]) for task in TASKS}
            quality = {name: float(np.nan_to_num(np.nanmean(one.quality))) for name, one in results.items()}
            gap = bootstrap_interval(results["folded_in"].quality - results["retrained"].quality)
            row["quality"] = {name: round(value, 5) for name, value in quality.items()}
            row["gap"] = dict(zip(("mean", "low", "high"), (round(value, 5) for value in gap), strict=True))
            row["cosine"] = round(
                float(np.median(compute_score_cosines(scores["folded_in"], scores["retrained"]))), 4
            )
            if quality["folded_in"] > quality["popular"]:
                row["trust"] = round(min(1.0, quality["folded_in"] / max(quality["retrained"], 1e-12)), 4)
        rows.append(row)
    return rows


def extract_fold_in_trust(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[int, float], ...]:
    """The weights of a report, by most events."""
    return tuple((row["most"], row["trust"]) for row in rows)


def compute_score_cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """float [rows]: of the scores of what both have an opinion on."""
    both = np.isfinite(one) & np.isfinite(other)
    a, b = (np.where(both, scores, 0.0).astype(np.float64) for scores in (one, other))
    return (a * b).sum(axis=1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-12)


def round_mean(values: np.ndarray) -> float | None:
    """The mean over those who count; None where nobody does."""
    return None if np.isnan(values).all() else round(float(np.nanmean(values)), 5)
