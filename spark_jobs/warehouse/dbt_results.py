"""What dbt did, read off its `run_results.json`: one report a mart, and for a failed build the nodes that
failed.
"""

import json
from collections import Counter
from pathlib import Path

import duckdb

from spark_jobs.run.context import TableReport
from spark_jobs.settings import Settings
from spark_jobs.warehouse.build_inputs import BuildPlan

FAILED_STATUSES = ("error", "fail", "runtime error")
LINES_OF_LOG = 25
LEFT_OUT = "left_out"  # sentences on SQL traits, beside dbt's results
SEGMENTS_LEFT_OUT = "segments_left_out"  # on definitions, too; the name in the report


def describe_failure(output: str, results: Path) -> str:
    """Which nodes failed and what each said; dbt's last lines when it did not come that far."""
    if not results.exists():
        return "dbt did not start building:\n" + "\n".join(output.splitlines()[-LINES_OF_LOG:])
    failed = [
        node for node in json.loads(results.read_text())["results"] if node["status"] in FAILED_STATUSES
    ]
    return "dbt build failed at " + "; ".join(f"{node['unique_id']}: {node['message']}" for node in failed)


def build_table_reports(settings: Settings, beginning: BuildPlan, results: dict) -> list[TableReport]:
    """One report for each mart, with its rows; how many tests passed goes with the first."""
    marts = {
        node["unique_id"].split(".")[-1]: node["execution_time"]
        for node in results["results"]
        if node["unique_id"].startswith("model.") and is_mart(node["unique_id"].split(".")[-1])
    }
    outcomes = Counter(
        node["status"] for node in results["results"] if node["unique_id"].startswith(("test.", "unit_test."))
    )
    rows = count_mart_rows(settings, beginning, sorted(marts))
    reports = [
        TableReport(name, n_rows=rows.get(name), detail={"seconds": round(seconds, 2)})
        for name, seconds in sorted(marts.items())
    ]
    if reports:
        reports[0].detail["tests"] = dict(outcomes)
        reports[0].detail["as_of"] = beginning.dbt_inputs["as_of"]
        if results.get(LEFT_OUT):
            reports[0].detail["traits_left_out"] = results[LEFT_OUT]
        if results.get(SEGMENTS_LEFT_OUT):
            reports[0].detail[SEGMENTS_LEFT_OUT] = results[SEGMENTS_LEFT_OUT]
    return reports


def is_mart(name: str) -> bool:
    """Marts are told by their prefix; a layer below has one of its own."""
    return not name.startswith(("stg_", "int_"))


def count_mart_rows(settings: Settings, beginning: BuildPlan, marts: list[str]) -> dict[str, int]:
    """Rows of each mart in the finished file; nothing on Snowflake, where counting is `load`'s and `export`'s
    to do.
    """
    if beginning.finished is None:
        return {}
    with duckdb.connect(str(beginning.finished), read_only=True) as warehouse:
        return {mart: warehouse.execute(f"select count(*) from main.{mart}").fetchone()[0] for mart in marts}
