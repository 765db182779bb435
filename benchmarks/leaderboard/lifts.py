"""What a row is worth beside another, customer by customer: the paired difference and its 95 % bootstrap
interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.leaderboard.run import RowResult
from models.evaluation import bootstrap_interval


@dataclass(frozen=True)
class Lift:
    """A row against the best single recommender of a task."""

    name: str
    over: str
    task: str
    metric: str
    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return (
            f"{self.task} {self.metric}: {self.name} over {self.over} {self.mean:+.4f} [{self.low:+.4f},"
            f" {self.high:+.4f}]"
        )


def compute_lifts(results: Sequence[RowResult], task: str, metric: str) -> list[Lift]:
    """Every row that has the figure against the best single one, the best first; nothing where there is no
    single one.
    """
    by_row = {
        result.row.name: result
        for result in results
        if result.found and not np.isnan(read_customer_values(result, task, metric)).all()
    }
    order = sorted(by_row, key=lambda name: -np.nanmean(read_customer_values(by_row[name], task, metric)))
    best = next((name for name in order if by_row[name].row.single), None)
    if best is None:
        return []
    bar = read_customer_values(by_row[best], task, metric)
    return [
        Lift(
            name,
            best,
            task,
            metric,
            *bootstrap_interval(read_customer_values(by_row[name], task, metric) - bar),
        )
        for name in order
        if name != best
    ]


def read_customer_values(result: RowResult, task: str, metric: str) -> np.ndarray:
    """float [customers]."""
    return result.found.figures[task][metric]
