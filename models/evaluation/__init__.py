"""How good lists are: `comparison` measures them, `ranking_metrics` and `beyond_accuracy`
have the figures, `bootstrap` their intervals.
"""

from models.evaluation import silent_recommenders, slices
from models.evaluation.beyond_accuracy import ItemFacts
from models.evaluation.bootstrap import bootstrap_interval, bootstrap_intervals
from models.evaluation.comparison import (
    TASKS,
    EvaluationOptions,
    MetricResults,
    evaluate_lists,
    evaluate_scores,
    evaluate_scores_in_blocks,
)

__all__ = [
    "TASKS",
    "EvaluationOptions",
    "ItemFacts",
    "MetricResults",
    "bootstrap_interval",
    "bootstrap_intervals",
    "evaluate_lists",
    "evaluate_scores",
    "evaluate_scores_in_blocks",
    "silent_recommenders",
    "slices",
]
