"""Housekeeping: compact the small files that nights leave behind, remove files no version needs.

Reads:   every table of the lake
Writes:  the same rows in fewer files
If it fails: nothing is lost and nobody waits; clear the task, or leave it to next week's run.
"""

from airflow.sdk import dag

from dags._commands import run_step
from dags._defaults import DEFAULT_ARGS, MACROS, AlertTier, schedule_off_cycle


@dag(
    schedule=schedule_off_cycle("0 9 * * 0"),  # Sunday 09:00 UTC, after the search
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    user_defined_macros=MACROS,
    tags=[AlertTier.TWO],
    doc_md=__doc__,
)
def maintain_tables():
    run_step("maintain")


maintain_tables()
