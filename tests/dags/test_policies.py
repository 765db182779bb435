"""Policies every DAG keeps; each message says how to fix."""

import ast
import re
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

DAGS = Path(__file__).resolve().parents[2] / "dags"
FILES = sorted(path for path in DAGS.glob("*.py") if not path.name.startswith("_"))


def test_there_are_no_import_errors(dag_bag):
    assert dag_bag.import_errors == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestEveryDag:
    def test_its_file_its_function_and_its_id_have_one_name(self, dag_bag, path):
        assert path.stem in dag_bag.dags, f"{path.name}: name the decorated function after the file"

    def test_it_fits_a_page(self, dag_bag, path):
        n_lines = len(path.read_text().splitlines())
        assert n_lines <= 90, (
            f"{path.name} has {n_lines} lines: move logic into spark_jobs, factories into _commands.py"
        )

    def test_its_docstring_is_what_on_call_reads(self, dag_bag, path):
        said = dag_bag.dags[path.stem].doc_md or ""
        for section in ("Reads:", "Writes:", "If it fails:"):
            assert section in said, f"{path.name}: the docstring lacks a line '{section} …'"

    def test_it_has_an_owner_a_tier_and_bounded_retries(self, dag_bag, path):
        dag = dag_bag.dags[path.stem]
        assert {str(tag) for tag in dag.tags} & {"tier-1", "tier-2"}, f"{path.name}: tag it with a Tier"
        for task in dag.tasks:
            assert task.owner == "concierge", f"{path.stem}.{task.task_id}: use DEFAULT_ARGS"
            assert 1 <= task.retries <= 3, f"{path.stem}.{task.task_id}: retries must lie in 1…3"
            assert task.retry_delay <= timedelta(minutes=10)
            assert task.on_failure_callback, (
                f"{path.stem}.{task.task_id}: without a callback nobody learns of a failure"
            )

    def test_it_does_not_catch_up_or_run_twice_at_once(self, dag_bag, path):
        dag = dag_bag.dags[path.stem]
        assert dag.catchup is False and dag.max_active_runs == 1
        if dag.dag_id == "nightly":
            assert dag.start_date.year < 2009, (
                "tasks of a run before start_date are never scheduled, and the run is green"
            )
        else:
            assert dag.start_date is None, (
                f"{path.name}: with a start date its latest time runs at once; use off_cycle(…)"
            )

    def test_it_imports_only_the_sdk_and_its_neighbours(self, dag_bag, path):
        tree = ast.parse(path.read_text())
        modules = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        modules += [
            alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        ]
        allowed = {"airflow.sdk", "dags._commands", "dags._defaults"}
        assert set(modules) <= allowed, f"{path.name} imports {set(modules) - allowed}: DAGs start programs"

    def test_its_schedule_says_its_time_in_words(self, dag_bag, path):
        line = next(line for line in path.read_text().splitlines() if "schedule=" in line)
        assert re.search(r"#.*\d\d:\d\d UTC", line), f"{path.name}: say the cron's time in a comment"


def test_no_task_asks_the_clock(dag_bag):
    for path in DAGS.glob("*.py"):
        assert not re.search(r"\b(now|today|utcnow)\(\)", path.read_text()), (
            f"{path.name}: days come from the run"
        )


def test_the_night_has_the_eight_words_in_order(dag_bag):
    dag = dag_bag.dags["nightly"]
    order = ["land", "start_engine", "ingest", "identify", "build.load", "build.dbt", "build.export"]
    order += ["train", "score", "publish"]
    assert set(dag.task_ids) == {*order, "stop_engine"}
    for before, after in pairwise(order):
        assert after in dag.get_task(before).downstream_task_ids, f"{after} does not wait for {before}"


def test_the_engine_stops_behind_the_last_spark_step_whatever_became_of_it(dag_bag):
    dag = dag_bag.dags["nightly"]
    start, stop = dag.get_task("start_engine"), dag.get_task("stop_engine")
    assert start.is_setup and stop.is_teardown
    assert {"start_engine", "score"} <= stop.upstream_task_ids
    assert not stop.on_failure_fail_dagrun, "an engine that would not stop is no failed night"
    last = [task for task in dag.leaves if not task.is_teardown]
    assert [task.task_id for task in last] == ["publish"], "by which Airflow decides whether the night failed"


def test_every_task_is_a_process_of_its_own(dag_bag):
    tasks = [task for dag in dag_bag.dags.values() for task in dag.tasks]
    assert {type(task).__name__ for task in tasks} == {"BashOperator"}
    for task in tasks:
        step = task.task_id.rpartition(".")[2]
        assert f"launcher.py {step} " in task.bash_command
