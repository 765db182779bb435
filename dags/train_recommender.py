"""Off-cycle: search for a better configuration than the one every night refits, on Sundays and when drift or
new data ask for it.

Reads:   ops_runs; feat_customers, feat_items, fct_interactions in the lake
Writes:  MLflow runs of the trials; a model version, accepted only when it beats the present one
If it fails: nothing that is served has changed; clear the task, or leave it to next week's run.
"""

from airflow.sdk import dag

from dags._commands import run_step
from dags._defaults import DEFAULT_ARGS, MACROS, AlertTier, schedule_off_cycle


@dag(
    schedule=schedule_off_cycle("0 6 * * *"),  # 06:00 UTC, long after the night; `due` skips most days
    catchup=False,
    max_active_runs=1,
    default_args=DEFAULT_ARGS,
    user_defined_macros=MACROS,
    tags=[AlertTier.TWO],
    doc_md=__doc__,
)
def train_recommender():
    run_step("due") >> run_step("search")


train_recommender()
