"""The leaderboard of an evaluation with intervals: as MLflow metrics, as JSON, as pictures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from models import evaluation
from models.evaluation import TASKS, MetricResults, bootstrap_intervals
from models.evaluation.summary import BEYOND, DRAWS, RANKED, round_interval
from models.time_split import HoldoutCase, HoldoutWindows
from spark_jobs.train.matrices import TrainingMatrices


def slice_test_customers(
    matrices: TrainingMatrices, test: HoldoutCase, windows: HoldoutWindows
) -> dict[str, np.ndarray]:
    """The slices of test customers by which NDCG and recall are reported: bool [customers of the test] by
    name.
    """
    before = matrices.training.before(windows.test_from)
    country = evaluation.slices.extract_attribute_values(
        before.customer_features, matrices.customer_vocabulary, "country"
    )
    return evaluation.slices.slice_customers(before.behaviour, test, {"country": country})


def flatten_leaderboard(board: Mapping[str, Mapping[str, Any]]) -> dict[str, float]:
    """The leaderboard's means under MLflow's names of metrics: `<recommender>.<task>.ndcg`."""
    flat = {}
    for name, figures in board.items():
        flat[f"{name}.quality"] = figures["quality"]["mean"]
        for task in TASKS:
            for metric in (*RANKED, *BEYOND):
                flat[f"{name}.{task}.{metric}"] = figures[task][metric]["mean"]
            for metric in ("coverage", "gini"):
                flat[f"{name}.{task}.{metric}"] = figures[task][metric]
    return {name: value for name, value in flat.items() if value is not None}


def measure_slices(
    board: Mapping[str, MetricResults], groups: Mapping[str, np.ndarray]
) -> dict[str, dict[str, dict[str, Any]]]:
    """Quality of each recommender in each group of customers (bool masks): mean, interval, and the number of
    customers that count.
    """
    pairs = [(group, name) for group in groups for name in board]
    if not pairs:
        return {}
    within = np.stack([np.where(groups[group], board[name].quality, np.nan) for group, name in pairs], axis=1)
    by_group: dict[str, dict[str, dict[str, Any]]] = {}
    for (group, name), n, spread in zip(
        pairs, (~np.isnan(within)).sum(axis=0), bootstrap_intervals(within, draws=DRAWS), strict=True
    ):
        if n:
            by_group.setdefault(group, {})[name] = {**round_interval(*spread), "n_customers": int(n)}
    return by_group


def flatten_slices(slices: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[str, float]:
    """The served model's quality by slice under MLflow's names of metrics: `slice.<group>.quality`."""
    flat = {}
    for group, by_name in slices.items():
        for end, figure in (("", "mean"), (".low", "low"), (".high", "high")):
            flat[f"slice.{re.sub('[^a-z0-9]+', '_', group.lower())}.quality{end}"] = by_name["served"][figure]
    return {name: value for name, value in flat.items() if value is not None}


def plot_leaderboard(board: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Draw the leaderboard as bars with intervals, one panel per task."""
    names = list(board)[::-1]
    with open_plot_panels(path, (10, 0.6 + 0.4 * len(board)), len(TASKS)) as panels:
        for panel, task in zip(panels, TASKS, strict=True):
            spreads = [board[name][task]["ndcg"] for name in names]
            means = [spread["mean"] or 0.0 for spread in spreads]
            reach = [
                [m - (s["low"] or m) for m, s in zip(means, spreads, strict=True)],
                [(s["high"] or m) - m for m, s in zip(means, spreads, strict=True)],
            ]
            panel.barh(names, means, xerr=reach, color="#4c72b0", capsize=3)
            panel.set_title(f"{task}: NDCG@10, 95 % interval")


def plot_slices(slices: Mapping[str, Mapping[str, Mapping[str, Any]]], path: Path) -> None:
    """Draw the quality of the served model and of popularity by slice, as points with intervals."""
    groups = list(slices)[::-1]
    with open_plot_panels(path, (8, 1 + 0.35 * len(slices))) as (panel,):
        for name, colour, shift in (("popularity", "#999999", -0.12), ("served", "#4c72b0", 0.12)):
            spreads = [slices[group].get(name, {}) for group in groups]
            # None, where no customer counts, is nan as a float.
            mean, low, high = (
                np.array([spread.get(end) for spread in spreads], float) for end in ("mean", "low", "high")
            )
            panel.errorbar(
                mean,
                np.arange(len(groups)) + shift,
                xerr=np.abs([mean - low, high - mean]),
                fmt="o",
                color=colour,
                capsize=3,
                label=name,
            )
        panel.set_yticks(
            range(len(groups)), [f"{group} ({slices[group]['served']['n_customers']})" for group in groups]
        )
        panel.set_title("quality by slice, 95 % interval (customers)")
        panel.legend()


@contextmanager
def open_plot_panels(path: Path, inches: tuple[float, float], n: int = 1) -> Iterator[Sequence[Any]]:
    """Panels side by side to draw on; at the end they are written as one PNG."""
    import matplotlib

    matplotlib.use("Agg")  # no display
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, n, figsize=inches, sharey=True, squeeze=False)
    yield panels[0]
    figure.tight_layout()
    figure.savefig(path, dpi=100, metadata={"Software": None})
    pyplot.close(figure)
