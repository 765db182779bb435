"""One night: bring the day in, rebuild who our customers are, retrain, publish.

Reads:   landing/<source>/<entity>/<day>/
Writes:  every table of the lake and the warehouse, an MLflow model version, and one serving snapshot
If it fails: clear the failed task. Every task rewrites only its own days and may run twice; readers keep last
night's result until `publish` has deployed. A night with nothing new ends after `land`, everything behind it
skipped.
"""

from airflow.sdk import dag, task_group

from dags._commands import run_step
from dags._defaults import DAY_PARAMS, DEFAULT_ARGS, MACROS, START_DATE, AlertTier


@dag(
    schedule="0 3 * * *",  # 03:00 UTC, after the shop's nightly export
    start_date=START_DATE,
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    params=DAY_PARAMS,
    user_defined_macros=MACROS,
    tags=[AlertTier.ONE],
    doc_md=__doc__,
)
def nightly():
    @task_group
    def build():
        run_step("load") >> run_step("dbt") >> run_step("export")

    land, start_engine = run_step("land"), run_step("start_engine").as_setup()
    train, score, publish = run_step("train"), run_step("score"), run_step("publish")
    # Also behind a step that failed, which fails the night all the same. Clearing a step clears both.
    stop_engine = run_step("stop_engine").as_teardown(setups=start_engine)
    land >> start_engine >> run_step("ingest") >> run_step("identify") >> build() >> train >> score >> publish
    score >> stop_engine


nightly()
