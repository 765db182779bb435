"""What a night predicted, in the next build: columns of the profile, and stays in learned segments."""

from datetime import datetime, timedelta

import duckdb
import pytest

from segments.parsing.known_traits import describe_known_traits
from tests.dbt_project.predicted import DENIED, LIKE, STRANGER
from tests.dbt_project.rows import FIRST


@pytest.fixture(params=["files", "anew"])
def ask(request, built):
    """A function that asks the last night's warehouse, or the one that was built from nothing."""
    file = built.anew if request.param == "anew" else built.files[-1]
    with duckdb.connect(str(file), read_only=True) as warehouse:
        yield lambda sql: warehouse.execute(sql).fetchall()


def at(day):
    return datetime(FIRST.year, FIRST.month, FIRST.day) + timedelta(days=day)


def test_learned_stays_are_stays_and_those_of_nobody_are_none(ask):
    stays = ask(
        "select customer_id, entered_at, left_at from fct_customer_segments"
        " where segment_id like 'like_%' order by all"
    )
    assert stays == [
        ("c_i_u1", at(8), at(12)),
        ("c_i_u1", at(14), None),
        ("c_i_u5", at(16), None),
    ]
    assert ask(f"select kind, n_customers from dim_segments where segment_id = '{LIKE}'") == [
        ("lookalike", 2)
    ]
    assert ask(f"select change from fct_segment_changes where segment_id = '{LIKE}' order by changed_at") == [
        ("entered",),
        ("left",),
        ("entered",),
        ("entered",),
    ]
    assert all(
        LIKE in ids for (ids,) in ask("select segment_ids from feat_customers where customer_id = 'c_i_u1'")
    )


def test_the_profile_has_the_scores_and_the_cluster_of_the_night_before(ask, built):
    known = sorted(set(built.shop.owner.values()))
    rows = {
        customer: rest
        for customer, *rest in ask(
            "select customer_id, purchase_7d, spend_60d, purchase_30d, cluster_id, cluster_name"
            " from dim_customers"
        )
    }
    assert STRANGER not in rows and set(known) <= set(rows)
    for n, customer in enumerate(known):
        score = n / 64 + 2 if n < 6 else None
        cluster = ("cluster_2", "Buy often") if 3 <= n < 9 else (None, None)
        if customer == DENIED:  # who was scored and labelled the night before they said no
            score, cluster = None, (None, None)
        assert rows[customer] == [score, score, None, *cluster]


def test_predictions_are_traits_for_rules_and_the_service(ask, built):
    known = sorted(set(built.shop.owner.values()))
    rows = {
        customer: rest
        for customer, *rest in ask("select customer_id, purchase_7d, cluster_name from dim_customer_traits")
    }
    assert rows[known[5]] == [5 / 64 + 2, "Buy often"] and rows[known[9]] == [None, None]
    fields = describe_known_traits().of_sql
    assert fields["purchase_7d"].kind == "number" and fields["cluster_id"].kind == "text"


def test_a_build_before_anything_was_predicted_has_none(built):
    with duckdb.connect(str(built.files[0]), read_only=True) as warehouse:
        ask = lambda sql: warehouse.execute(sql).fetchone()[0]  # noqa: E731
        assert ask("select count(*) from dim_customers where cluster_id is null") > 0
        assert ask("select count(cluster_id) + count(purchase_7d) from dim_customers") == 0
        assert ask("select count(*) from fct_customer_segments where segment_id like 'like_%'") == 0
