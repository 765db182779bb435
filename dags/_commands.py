"""How a DAG starts a step: as a process of its own. Nothing of ours is imported."""

import sys
from pathlib import Path

from airflow.providers.standard.operators.bash import BashOperator

from dags._defaults import DAYS_FROM, DAYS_TO

ROOT = Path(__file__).resolve().parent.parent
NOTHING_NEW = 99  # the launcher's exit code for a night already done: skipped, and all after it

DAYS = ["--from", DAYS_FROM, "--to", DAYS_TO, "--run-id", "{{ run_id }}"]


def run_step(step: str) -> BashOperator:
    """A task that runs one step. A step that needs Spark finds the engine that `start_engine` started, and
    starts one for itself where there is none.
    """
    words = " ".join(f'"{word}"' for word in DAYS)
    return BashOperator(
        task_id=step,
        bash_command=f'exec "{sys.executable}" spark_jobs/run/launcher.py {step} {words}',
        cwd=str(ROOT),
        append_env=True,
        env={"PYTHONPATH": str(ROOT)},
        skip_on_exit_code=NOTHING_NEW,
    )
