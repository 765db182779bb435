"""A build that failed at SQL traits alone is told from one that failed at anything else."""

import json
from contextlib import nullcontext
from subprocess import CompletedProcess

import pytest

from segments.sql_traits import SqlTrait
from spark_jobs.settings import Settings
from spark_jobs.warehouse import dbt
from spark_jobs.warehouse.trait_failures import find_failed_traits, merge_results

MODELS = ("habits", "more_habits")


def node(name, status, message="why", of=None):
    return {"unique_id": name, "status": status, "message": message, "attached_node": of}


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
        node("test.concierge.is_key_more_habits_customer_id.1f", "fail", of="model.concierge.more_habits"),
        node("model.concierge.dim_customer_traits", "skipped"),
    )
    assert failed == {"more_habits": "why"}
    failed = find(node("model.concierge.habits", "error"), node("model.concierge.more_habits", "skipped"))
    assert failed == {"habits": "why", "more_habits": "it rests on a trait that failed"}


def test_anything_else_fails_the_build(find):
    assert find(node("model.concierge.habits", "error"), node("model.concierge.fct_orders", "error")) == {}
    assert find(node("test.concierge.holds_dim_customers.1f", "fail")) == {}
    key = "test.concierge.is_key_int_customer_habits_customer_id.1f"
    assert find(node(key, "fail", of="model.concierge.int_customer_habits")) == {}, "a trait's name is in it"
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


@pytest.fixture
def build(tmp_path, monkeypatch):
    """A function that goes on from a first failed build; what dbt does then, and each build's words."""
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    file, words = dbt.get_results_file(settings.paths.dbt, "build"), []
    file.parent.mkdir(parents=True)

    def build(first, *later):
        def run(*arguments):
            words.append((kept[-1], arguments[3:]))
            return CompletedProcess([], *answer(later[len(words) - 1]))

        def answer(outcome):
            if isinstance(outcome, str):
                return 1, outcome
            file.write_text(json.dumps({"results": outcome}))
            return int(any(each["status"] in ("error", "fail") for each in outcome)), ""

        kept = []

        def keep(models):
            kept.append(set(models))
            return nullcontext()

        monkeypatch.setattr(dbt, "load_shop_sql_traits", lambda: ([SqlTrait(m, {}) for m in MODELS], []))
        monkeypatch.setattr(dbt, "hold_models", lambda *_, kept: keep(kept))
        monkeypatch.setattr(dbt, "run_dbt", run)
        return dbt.build_without_failed_traits(settings, None, None, answer(first)[1]), words

    return build


def test_one_unreadable_trait_after_another_is_left_out(build):
    unreadable = "Compilation Error in models/traits/{}.sql"
    (results, left_out), words = build(
        unreadable.format("habits"),
        unreadable.format("more_habits"),
        [node("model.concierge.fct", "success")],
    )
    assert [kept for kept, _ in words] == [{"habits"}, {"habits", "more_habits"}]
    assert len(left_out) == 2 and [each["status"] for each in results["results"]] == ["success"]
    assert words[-1][1] == (), "all is built: nothing was before"


def test_what_was_built_is_not_built_again_and_a_second_failure_stops(build):
    failed = [node("model.concierge.habits", "error"), node("model.concierge.fct", "success")]
    (results, _), words = build(failed, [node("model.concierge.dim_customer_traits", "success")])
    assert words[-1][1] == ("--select", "int_kept_traits__habits", "dim_customer_traits+")
    assert len(results["results"]) == 2
    words.clear()
    with pytest.raises(dbt.DbtFailed, match="dim_customer_traits"):
        build(failed, [node("model.concierge.dim_customer_traits", "error")])
