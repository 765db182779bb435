"""One night: bring the day in, rebuild who our customers are, retrain, publish.

Reads:   landing/<source>/<entity>/<day>/
Writes:  every table of the lake and the warehouse, an MLflow model version, and one serving snapshot
If it fails: clear the failed task. Every task rewrites only its own days and may run twice; readers keep last
night's result until `publish` has deployed. A night with nothing new ends after `land`, everything behind it
skipped.
"""

from airflow.sdk import dag, task_group

from dags._commands import python_job, spark_job
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
        python_job("load") >> python_job("dbt") >> python_job("export")

    (
        python_job("land")
        >> spark_job("ingest")
        >> spark_job("identify")
        >> build()
        >> spark_job("train")
        >> spark_job("score")
        >> python_job("publish")
    )


nightly()
