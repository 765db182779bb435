"""How a DAG starts a program: Spark work through the Spark provider, the rest as a process. Nothing of ours
is imported.
"""

import sys
from pathlib import Path

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator

from dags._defaults import DAYS_FROM, DAYS_TO, SETTINGS

ROOT = Path(__file__).resolve().parent.parent
JARS = Path(sys.prefix) / "jars"
NOTHING_NEW = 99  # the launcher's exit code for a night already done: skipped, and all after it

DAYS = ["--from", DAYS_FROM, "--to", DAYS_TO, "--run-id", "{{ run_id }}"]


def spark_job(step: str) -> SparkSubmitOperator:
    """A task that submits one step. Where it runs is the connection `spark_default`, so a cluster is one
    connection away.
    """
    return SparkSubmitOperator(
        task_id=step,
        conn_id="spark_default",
        application=str(ROOT / "spark_jobs" / "run" / "launcher.py"),
        application_args=[step, *DAYS],
        name=f"concierge {step}",
        jars=",".join(str(jar) for jar in sorted(JARS.glob("*.jar"))),
        driver_memory=SETTINGS["CONCIERGE_SPARK_MEMORY"],
        conf={
            "spark.pyspark.python": sys.executable,
            "spark.ui.enabled": "false",
            # The JVM of a job that lives for seconds: spark_jobs/lake/session.py has the figures.
            "spark.driver.extraJavaOptions": (
                "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"
            ),
        },
        env_vars={"PYTHONPATH": str(ROOT)},
        verbose=False,
    )


def python_job(step: str) -> BashOperator:
    """A task that runs one step that needs no Spark."""
    words = " ".join(f'"{word}"' for word in DAYS)
    return BashOperator(
        task_id=step,
        bash_command=f'"{sys.executable}" spark_jobs/run/launcher.py {step} {words}',
        cwd=str(ROOT),
        append_env=True,
        env={"PYTHONPATH": str(ROOT)},
        skip_on_exit_code=NOTHING_NEW,
    )
