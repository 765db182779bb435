"""Tasks that a stopped scheduler left go on; those that somebody is running without one are not touched."""

import sqlite3

from operate.airflow_records import resume_interrupted_tasks

TABLES = """
    create table dag_run (dag_id, run_id, state, triggered_by);
    create table task_instance (dag_id, run_id, task_id, state, max_tries, queued_by_job_id,
    external_executor_id, start_date,
        end_date);
    insert into dag_run values ('nightly', 'scheduled', 'running', 'TIMETABLE'), ('nightly', 'by hand',
    'running', 'UI'),
        ('nightly', 'make run', 'running', 'TEST'), ('nightly', 'older', 'queued', null), ('nightly',
        'over', 'failed', 'UI');
    insert into task_instance (dag_id, run_id, task_id, state, max_tries)
        select dag_id, run_id, run_id, 'running', 2 from dag_run;
"""


def test_a_run_without_a_scheduler_keeps_its_tasks(tmp_path):
    (tmp_path / "airflow").mkdir()
    with sqlite3.connect(tmp_path / "airflow" / "airflow.db") as database:
        database.executescript(TABLES)
    assert resume_interrupted_tasks(tmp_path) == ["nightly.by hand", "nightly.older", "nightly.scheduled"]
    with sqlite3.connect(tmp_path / "airflow" / "airflow.db") as database:
        after = {
            task: rest
            for task, *rest in database.execute("select task_id, state, max_tries from task_instance")
        }
    resumed, untouched = ("scheduled", "by hand", "older"), ("make run", "over")
    assert after == {task: [None, 3] for task in resumed} | {task: ["running", 2] for task in untouched}
