"""Recommenders that have nothing to say to nearly everybody: a score of .0000 for want of an opinion reads
like a bad opinion.
"""

from collections.abc import Mapping, Sequence

from models.base import Recommender
from models.evaluation.comparison import TASKS, MetricResults
from models.recommenders import RECOMMENDERS

SILENT = 0.1  # of those asked get anything: below, it says nothing to nearly everybody


def describe_empty_lists(results: MetricResults, tasks: Sequence[str] = TASKS) -> str | None:
    """In which of these tasks nearly everybody's list is empty, as words to stand behind a name; None where
    in none.

    A task in which nobody counts is passed over.
    """
    shares = {task: results.lists[task].get("answered", 1.0) for task in tasks if task in results.lists}
    quiet = [f"{1 - share:.0%} of those asked in {task}" for task, share in shares.items() if share < SILENT]
    return f"has nothing to say to {', '.join(quiet)}" if quiet else None


def warn_of_empty_lists(board: Mapping[str, MetricResults]) -> list[str]:
    """A sentence for each such row of a leaderboard, by the tasks that its recommender speaks to."""
    descriptions = {
        name: describe_empty_lists(results, find_recommender_tasks(name)) for name, results in board.items()
    }
    return [f"{name} {words}" for name, words in descriptions.items() if words]


def find_recommender_tasks(name: str) -> tuple[str, ...]:
    """The tasks a recommender of this name scores for: one that lists only what a customer had cannot
    `discover`.
    """
    return RECOMMENDERS.get(name.partition(":")[0], Recommender).tasks
