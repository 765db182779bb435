"""How good lists are: `comparison` measures them, `ranking_metrics` and `beyond_accuracy` have the figures,
`bootstrap` their intervals.
"""

from models.evaluation import silent_recommenders, slices
from models.evaluation.beyond_accuracy import Facts
from models.evaluation.bootstrap import interval, intervals
from models.evaluation.comparison import TASKS, Measured, evaluate, measure, measure_lists

__all__ = [
    "TASKS",
    "Facts",
    "Measured",
    "evaluate",
    "interval",
    "intervals",
    "measure",
    "measure_lists",
    "silent_recommenders",
    "slices",
]
