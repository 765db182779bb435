"""Tenths of scores as stays: from the first night that a rule names the score, each night one day further."""

from datetime import date
from types import SimpleNamespace

import numpy as np
import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import PRED_CUSTOMER_SCORES, PRED_CUSTOMER_SEGMENTS
from spark_jobs.lake.queries import open_database
from spark_jobs.lake.tables import Lake
from spark_jobs.score.score_tenths import continue_tenths

RULE = """segment_id: leaving
name: Leaving
kind: rule
description: Most likely to leave.
members: {field: churn_30d_decile, op: "=", value: 10}
"""
LIKE = {
    "segment_id": "like_champions",
    "customer_id": "c_1",
    "entered_date": date(2026, 1, 2),
    "left_date": None,
    "place": 1,
    "score": 0.5,
}


@pytest.fixture
def home(tmp_path) -> tuple[HomePaths, Lake]:
    paths, lake = HomePaths(tmp_path), Lake(tmp_path / "lake")
    paths.segment_definitions.mkdir(parents=True)
    lake.replace_rows([LIKE], PRED_CUSTOMER_SEGMENTS)
    return paths, lake


def score(home, day: int, tenths: dict[str, int], denied: tuple[str, ...] = (), are_known=True) -> set[tuple]:
    """The stays behind a night that predicted these tenths of churn, and of spend as well."""
    paths, lake = home
    rows = [
        {"customer_id": customer, "trait": trait, "scored_date": date(2026, 1, day), "model_version": "m/1"}
        | {"percentile": 10 * tenth, "decile": tenth}
        for customer, tenth in tenths.items()
        for trait in ("churn_30d", "spend_60d")
    ]
    lake.replace_rows(
        [dict.fromkeys(PRED_CUSTOMER_SCORES.columns) | row for row in rows], PRED_CUSTOMER_SCORES
    )
    customers = sorted({"c_1", "c_2", "c_3"})
    scorable = SimpleNamespace(
        customer_ids=customers,
        allowed=np.array([each not in denied for each in customers]),
        are_restrictions_known=are_known,
        scored_date=date(2026, 1, day),
    )
    with open_database() as con:
        found = continue_tenths(paths, lake, con, scorable).to_pylist()
    lake.replace_rows([LIKE, *found], PRED_CUSTOMER_SEGMENTS)
    return {
        (
            row["segment_id"],
            row["customer_id"],
            row["entered_date"].day,
            row["left_date"] and row["left_date"].day,
        )
        for row in found
    }


def name_churn(home) -> None:
    (home[0].segment_definitions / "leaving.yml").write_text(RULE)


def test_a_score_that_no_rule_names_has_none(home):
    assert score(home, 5, {"c_1": 10}) == set()


def test_a_tenth_lasts_from_night_to_night_and_ends_with_another_or_with_none(home):
    name_churn(home)
    assert score(home, 5, {"c_1": 10, "c_2": 9}) == {
        ("churn_30d_decile:10", "c_1", 5, None),
        ("churn_30d_decile:9", "c_2", 5, None),
    }
    expected = {
        ("churn_30d_decile:10", "c_1", 5, None),
        ("churn_30d_decile:9", "c_2", 5, 6),
        ("churn_30d_decile:10", "c_2", 6, None),
        ("churn_30d_decile:1", "c_3", 6, None),
    }
    assert score(home, 6, {"c_1": 10, "c_2": 10, "c_3": 1}) == expected
    assert score(home, 6, {"c_1": 10, "c_2": 10, "c_3": 1}) == expected, "the night is run again"
    (home[0].segment_definitions / "leaving.yml").unlink()
    assert score(home, 7, {"c_1": 10, "c_2": 10}) == {
        ("churn_30d_decile:10", "c_1", 5, None),
        ("churn_30d_decile:9", "c_2", 5, 6),
        ("churn_30d_decile:10", "c_2", 6, None),
        ("churn_30d_decile:1", "c_3", 6, 7),
    }, "what has begun goes on without its rule, which may come back"
    assert score(home, 6, {"c_1": 10, "c_2": 10, "c_3": 1}) == expected, "a night of before is run again"


def test_the_past_of_who_may_not_be_scored_goes_and_is_kept_where_nobody_knows(home):
    name_churn(home)
    score(home, 5, {"c_1": 10, "c_2": 10})
    assert score(home, 6, {"c_1": 10, "c_2": 10}, denied=("c_2",)) == {
        ("churn_30d_decile:10", "c_1", 5, None)
    }
    assert score(home, 7, {}, denied=("c_1", "c_2", "c_3"), are_known=False) == {
        ("churn_30d_decile:10", "c_1", 5, 7)
    }
