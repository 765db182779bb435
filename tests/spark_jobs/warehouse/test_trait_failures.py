"""A build that failed at SQL traits alone is told from one that failed at anything else."""

import json

import pytest

from spark_jobs.warehouse.trait_failures import find_failed_traits, merge_results

MODELS = ("habits", "more_habits")


def node(name, status, message="why"):
    return {"unique_id": name, "status": status, "message": message}


@pytest.fixture
def find(tmp_path):
    def find(*nodes, output=""):
        file = tmp_path / "run_results.json"
        file.unlink(missing_ok=True)
        if nodes:
            file.write_text(json.dumps({"results": nodes}))
        return find_failed_traits(output, file, MODELS)

    return find


def test_a_model_or_its_test_or_what_rests_on_it(find):
    assert find(
        node("model.concierge.habits", "error", "twice\n  there"), node("model.concierge.fct", "success")
    ) == {"habits": "twice there"}
    failed = find(
        node("test.concierge.is_key_more_habits_customer_id.1f", "fail"),
        node("model.concierge.dim_customer_traits", "skipped"),
    )
    assert failed == {"more_habits": "why"}, "the longest name that a test's holds"
    failed = find(node("model.concierge.habits", "error"), node("model.concierge.more_habits", "skipped"))
    assert failed == {"habits": "why", "more_habits": "it rests on a trait that failed"}


def test_anything_else_fails_the_build(find):
    assert find(node("model.concierge.habits", "error"), node("model.concierge.fct_orders", "error")) == {}
    assert find(node("test.concierge.holds_dim_customers.1f", "fail")) == {}
    assert find(output="dbt cannot read models/marts/dim_customers.sql") == {}


def test_what_dbt_cannot_read_is_named(find):
    assert set(find(output="Compilation Error in models/traits/habits.sql: no such macro")) == {"habits"}


def test_of_two_builds_what_went_well_is_told_once():
    before = {"results": [node("a", "success"), node("b", "error"), node("c", "skipped"), node("d", "pass")]}
    again = {"results": [node("c", "success"), node("d", "pass")]}
    merged = merge_results(before, again)["results"]
    assert [(each["unique_id"], each["status"]) for each in merged] == [
        ("a", "success"),
        ("c", "success"),
        ("d", "pass"),
    ]
    assert merge_results(None, again) == again
