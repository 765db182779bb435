"""Every figure that a leaderboard shows has a line that says what it means."""

import pytest

from models.evaluation.legend import WHAT, explain_column_names
from models.evaluation.ranking_metrics import METRICS
from models.evaluation.summary import BEYOND
from spark_jobs.train import evaluate


def test_every_figure_of_a_board_has_a_line():
    names = [
        *METRICS,
        *BEYOND,
        "coverage",
        "gini",
        "quality",
        "discover",
        "next",
        evaluate.SERVED,
        evaluate.ACCEPTED_BEFORE,
        evaluate.SEARCHED,
    ]
    assert set(explain_column_names(names)) == set(names)


def test_each_once_in_its_own_order():
    assert list(explain_column_names(["recall@20", "ndcg@10", "recall@10"])) == [
        name for name in WHAT if name in ("ndcg", "recall")
    ]
    with pytest.raises(KeyError, match="no legend for auc"):
        explain_column_names(["auc", "ndcg"])
