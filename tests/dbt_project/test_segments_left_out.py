"""A night with a definition that has become too dear, and one that cannot be read, has all others as ever."""

import shutil
from dataclasses import replace

import duckdb
import pytest

from segments.sql.costs import CostLimits, estimate_cost
from spark_jobs.lake.tables import Lake
from spark_jobs.warehouse import dbt
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.dbt_results import SEGMENTS_LEFT_OUT, build_table_reports
from spark_jobs.warehouse.segments_in_force import load_segments_in_force, read_statistics
from tests.dbt_project.conftest import WITHOUT_TESTS, Home

STAYS = "select segment_id, customer_id, entered_at, left_at from fct_customer_segments"


@pytest.mark.slow  # one build, beside the nights of `built`
def test_what_is_left_out_has_no_stays_and_all_others_have_theirs(built, tmp_path, monkeypatch, caplog):
    """Nothing new has come, no file of the dear one has changed, and the build of the night before is there
    to build upon.
    """
    root = tmp_path / "home"
    shutil.copytree(built.files[-1].parents[2], root, ignore=shutil.ignore_patterns("dbt"), symlinks=True)
    home = Home(root, Lake(root / "lake"))
    home.publish("before", built.files[-1])
    shutil.copytree(
        dbt.PROJECT,
        tmp_path / "dbt_project",
        ignore=shutil.ignore_patterns("target", "generated", "logs"),
    )
    monkeypatch.setattr(dbt, "PROJECT", tmp_path / "dbt_project")
    context = home.night("tonight", built.last)
    before = read_stays(built.files[-1])
    n_made = {
        segment.segment_id: estimate_cost(segment, read_statistics(home.lake)).n_made
        for segment in load_segments_in_force(context.settings, home.lake).rules.behaviour
    }
    dear = max(n_made.keys() & {stay[0] for stay in before}, key=n_made.get)
    limits = CostLimits(n_made=n_made[dear] - 1)
    too_dear = {name for name, n in n_made.items() if n > limits.n_made}
    context = replace(context, settings=replace(context.settings, segment_limits=limits))
    (context.settings.paths.segment_definitions / "broken.yml").write_text("members: {")

    beginning = prepare_build(context, home.lake)
    assert beginning.dbt_inputs["changed_days"] is None, "stays of what is left out are not built upon"
    results = dbt.build_warehouse(context.settings, beginning, *WITHOUT_TESTS)

    after = read_stays(beginning.finished)
    assert any(stay[0] == dear for stay in before), "it had members"
    assert after == {stay for stay in before if stay[0] not in too_dear}
    with duckdb.connect(str(beginning.finished), read_only=True) as warehouse:
        for mart in ("dim_segments", "fct_segment_changes", "rpt_segment_sizes"):
            named = {name for (name,) in warehouse.execute(f"select segment_id from {mart}").fetchall()}
            assert named and not named & {*too_dear, "broken"}, mart
    said = [sentence.partition(":")[0] for sentence in results[SEGMENTS_LEFT_OUT]]
    assert said == sorted([*too_dear, "broken"])
    assert f"segment left out: {dear}: segment {dear} would make {n_made[dear]:,} rows" in caplog.text
    reports = build_table_reports(context.settings, beginning, results)
    assert reports[0].detail["segments_left_out"] == results[SEGMENTS_LEFT_OUT]


def read_stays(file) -> set[tuple]:
    """The stays of a warehouse in segments with rules and learned ones."""
    with duckdb.connect(str(file), read_only=True) as warehouse:
        return set(warehouse.execute(STAYS).fetchall())
