"""The table as text: our rows, then the published ones, under the protocol."""

from collections.abc import Sequence

import numpy as np

from benchmarks.leaderboard.datasets import Dataset, TestWindow
from benchmarks.leaderboard.published import PublishedRow
from benchmarks.leaderboard.run import RowResult
from models.evaluation import MetricResults
from models.evaluation.legend import explain_column_names

NAME, CELL = 34, 11


def read_metric(metrics: MetricResults, task: str, name: str) -> float:
    """A mean over customers, or a figure of all lists; nan where there is none."""
    if name in metrics.lists[task]:
        return metrics.lists[task][name]
    values = metrics.figures[task].get(name)
    return float("nan") if values is None or np.isnan(values).all() else float(np.nanmean(values))


def format_value(value: float) -> str:
    """Four decimals, a dash where there is nothing."""
    return (
        "–" if np.isnan(value) else f"{value:.4f}".replace("0.", ".", 1) if abs(value) < 1 else f"{value:.4f}"
    )


def describe_test_size(data: Dataset, window: TestWindow) -> str:
    """How many are asked in each task, and of how much."""
    test_items = {"discover": window.asked.fresh, "next": window.asked.wanted}
    people = ", ".join(f"{task} {int((np.diff(test_items[task].indptr) > 0).sum()):,}" for task in data.tasks)
    return (
        f"{window.training.behaviour.n_customers:,} customers × {window.asked.n_items:,} items, "
        f"{len(window.training.behaviour):,} days of behaviour to fit; asked: {people} customers"
    )


def format_header(data: Dataset) -> str:
    names = [f"{task} {name}" if len(data.tasks) > 1 else name for task, name in data.columns]
    cells = "".join(f"{name.replace('discover', 'disc.'):>{CELL + 6}}" for name in names)
    return f"{'':<{NAME}}{cells}{'fit s':>8}{'rank s':>8}{'MiB':>7}  chosen on"


def describe_columns(data: Dataset) -> dict[str, str]:
    """What each column means: those of the tasks only where there are two, for then their names stand in the
    head.
    """
    tasks = data.tasks if len(data.tasks) > 1 else ()
    return explain_column_names(
        [*tasks, *(metric for _, metric in data.columns), "fit", "rank", "MiB", "chosen on"]
    )


def format_row(data: Dataset, result: RowResult) -> str:
    """One of our rows."""
    if result.found is None:
        return f"{result.row.name:<{NAME}} {result.wrong}"
    cells = "".join(
        f"{format_value(read_metric(result.found, task, name)):>{CELL + 6}}" for task, name in data.columns
    )
    costs = result.took
    return (
        f"{result.row.name:<{NAME}}{cells}{costs['fit']:>8.1f}{costs['rank']:>8.1f}{costs['mib']:>7,.0f}  "
        f"{result.row.chosen}{': ' if result.row.said else ''}{result.row.said}"
        f"{''.join(f'; WARNING: {words}' for words in result.warnings)}"
    )


def format_published_rows(rows: Sequence[PublishedRow]) -> list[str]:
    """Others' rows, the best first."""
    ordered = sorted(
        rows, key=lambda row: [-1.0 if np.isnan(value) else value for value in row.figures], reverse=True
    )
    return [
        f"{row.name:<{NAME}}{''.join(f'{format_value(value):>{CELL + 6}}' for value in row.figures)}{'':>23} "
        f" {row.source}"
        for row in ordered
    ]
