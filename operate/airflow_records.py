"""What Airflow's database and log folder say of runs that had no scheduler, and of tasks that were stopped
with theirs.

`airflow dags test` gives a run its logical date as the time it began and keeps no log of a task: its pages
would show that a night of February took until November, and nothing of what it said. Statements against
Airflow 3.3's own tables, on the SQLite file of a home; a shared Airflow has a scheduler for every run and
needs none of this.
"""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from expectations.contracts.home import HomePaths

UNFINISHED = ("scheduled", "queued", "running", "restarting", "up_for_retry")


def annotate_test_run(home: Path, dag_id: str, logical_date: datetime, log: Path, now: datetime) -> None:
    """Give the newest run of `dags test` for a date the time it began, a note, and in each task's log the
    place of its lines.

    Args:
        home: the shop's home.
        log: the file that holds the output of all its tasks.
    """
    text = f"This run had no scheduler; the output of all its tasks is in {log}"
    stored_date = logical_date.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    with closing(sqlite3.connect(HomePaths(home).airflow_database, timeout=30)) as database, database:
        dag_run = database.execute(
            "select run_id from dag_run where dag_id = ? and logical_date = ? order by id desc",
            (dag_id, stored_date),
        ).fetchone()
        if dag_run is None:  # it ended before there was one
            return
        [run_id] = dag_run
        run = (dag_id, run_id)
        database.execute(
            "update dag_run set start_date = coalesce((select min(start_date) from task_instance as task"
            " where task.dag_id = dag_run.dag_id and task.run_id = dag_run.run_id), start_date) where dag_id"
            " = ? and run_id = ?",
            run,
        )
        database.execute(
            "insert into dag_run_note (dag_run_id, content, created_at, updated_at) select id, ?, ?, ? from"
            " dag_run where dag_id = ? and run_id = ? on conflict (dag_run_id) do update set content ="
            " excluded.content, updated_at = excluded.updated_at",
            (text, now.astimezone(UTC).isoformat(" "), now.astimezone(UTC).isoformat(" "), *run),
        )
        tasks = database.execute(
            "select task_id, try_number from task_instance where dag_id = ? and run_id = ? and"
            " try_number > 0",
            run,
        ).fetchall()
    for task_id, try_number in tasks:
        path = HomePaths(home).airflow_task_log(dag_id, run_id, task_id, try_number)
        path.parent.mkdir(parents=True, exist_ok=True)
        line = {"timestamp": now.astimezone(UTC).isoformat(), "level": "info", "event": text}
        path.write_text(json.dumps(line) + "\n")


def resume_interrupted_tasks(home: Path) -> list[str]:
    """Let tasks go on that were stopped with their scheduler: at once, and without a try less for it.

    Runs of `airflow dags test` are left alone: one that `make run` is following has no scheduler, and its
    tasks are running.

    To be called while no scheduler works on the database.

    Returns:
        The tasks, as `dag.task`.
    """
    marks = ", ".join("?" * len(UNFINISHED))
    interrupted = (
        f"state in ({marks}) and exists (select 1 from dag_run as run where run.dag_id = task_instance.dag_id"
        " and run.run_id = task_instance.run_id and run.state in ('running', 'queued') and"
        " coalesce(run.triggered_by, '') <> 'TEST')"
    )
    with closing(sqlite3.connect(HomePaths(home).airflow_database, timeout=30)) as database, database:
        tasks = database.execute(
            f"select dag_id || '.' || task_id from task_instance where {interrupted} order by 1", UNFINISHED
        ).fetchall()
        database.execute(
            "update task_instance set state = null, max_tries = max_tries + 1, queued_by_job_id = null, "
            f"external_executor_id = null, start_date = null, end_date = null where {interrupted}",
            UNFINISHED,
        )
    return [task for (task,) in tasks]
