"""A recommender's figures as they are reported: means with intervals, whole and by slice. Plain numbers,
ready for JSON.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.evaluation.bootstrap import bootstrap_intervals
from models.evaluation.comparison import MetricResults

DRAWS = 500
DECIMALS = 5
SLICED = ("ndcg", "recall")
BEYOND = ("novelty", "serendipity", "diversity", "miscalibration")
RANKED = ("ndcg", "recall", "mrr", "map", "hit")
Interval = dict[str, float | None]


def summarise_metrics(
    results: MetricResults, slices: Mapping[str, np.ndarray] | None = None, draws: int = DRAWS
) -> dict[str, Any]:
    """By task, each figure's mean and 95 % interval over customers; beside the tasks, `quality`.

    One set of resamples serves every figure: 5,000 customers and a hundred figures take a tenth of a second.

    Args:
        slices: by name, bool [customers]; NDCG and recall are reported for each. Slices of items come with
            what was measured.

    Returns:
        `{"quality": interval, task: {"ndcg": interval, …, "coverage": x, "gini": x, "n_customers": n,
        "slices": {name: {"ndcg": interval, "recall": interval, "n_customers": n}}}}`, where an interval is
        that of `round_interval`: mean, low and high, each None where nobody counts.
    """
    names, columns = [("", "quality", "")], [results.quality]
    for task, figures in results.figures.items():
        for metric in (*RANKED, *BEYOND):
            names.append((task, metric, ""))
            columns.append(results.get_metric(metric)[task])
        for metric in SLICED:
            whole = results.get_metric(metric)[task]
            for name, mask in (slices or {}).items():
                names.append((task, metric, name))
                columns.append(np.where(mask, whole, np.nan))
            prefix = f"{metric}@{results.k} "
            for name in (name for name in figures if name.startswith(prefix)):
                names.append((task, metric, name.removeprefix(prefix)))
                columns.append(figures[name])
    values = np.stack(columns, axis=1)
    spreads = [round_interval(*row) for row in bootstrap_intervals(values, draws=draws)]
    n = (~np.isnan(values)).sum(axis=0)
    summary: dict[str, Any] = {"quality": spreads[0]}
    for (task, metric, part), figure, count in list(zip(names, spreads, n, strict=True))[1:]:
        of_task = summary.setdefault(task, {**_rounded(results.lists[task]), "slices": {}})
        if part:
            of_task["slices"].setdefault(part, {"n_customers": int(count)})[metric] = figure
        else:
            of_task[metric] = figure
            if metric == "ndcg":
                of_task["n_customers"] = int(count)
    return summary


def round_interval(mean: float, low: float, high: float) -> Interval:
    """A figure and its interval as they are written down; None where nobody counts."""
    values = zip(("mean", "low", "high"), (mean, low, high), strict=True)
    return {name: None if np.isnan(value) else round(float(value), DECIMALS) for name, value in values}


def _rounded(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: None if np.isnan(value) else round(float(value), 4) for name, value in figures.items()}
