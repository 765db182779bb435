"""One small month through the real scheduler: from day files to answers over HTTP, counted by hand on the
way.
"""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import duckdb
import psutil
import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import (
    CORE_EVENTS,
    CORE_ORDER_LINES,
    OPS_RUNS,
    QUARANTINE,
    REC_CUSTOMER_ITEMS,
)
from operate import airflow, airflow_records
from operate.visitors import ROOT, Visitor, fetch_before_and_after_block, run_service
from spark_jobs.lake.tables import Lake

STEPS = ["land", "start_engine", "ingest", "identify", "build.load", "build.dbt", "build.export"]
STEPS += ["train", "score", "stop_engine", "publish"]


# Over 10 s: Airflow's scheduler, its API and a night of eleven tasks, each a process, as `make airflow` runs
# them.
def test_the_scheduled_night_succeeds(night):
    log = (night.home / "scheduler.log").read_text(errors="replace")
    assert night.state == "success", f"{night.tasks}\n{log[-3000:]}"
    assert night.tasks == dict.fromkeys(STEPS, "success")


def test_its_spark_steps_shared_one_engine_which_is_gone(night):
    paths = HomePaths(night.home)
    steps = [json.loads(line) for line in paths.step_log.read_text().splitlines()]
    started = [line for line in steps if line["message"].startswith("an engine answers")]
    assert [line["step"] for line in started] == ["start_engine"]
    assert not paths.engine_record.exists() and not paths.engine_client.exists()
    processes = psutil.process_iter(["cmdline"])
    assert not [one for one in processes if str(paths.engine_record) in (one.info["cmdline"] or [])]


def test_every_row_is_accounted_for(night):
    lake = Lake(night.home / "lake")
    assert lake.read_arrow(CORE_ORDER_LINES).num_rows == night.facts.n_rows - night.facts.n_broken
    refused = lake.read_arrow(QUARANTINE).to_pylist()
    assert [(row["reason"], "many" in row["raw_text"]) for row in refused] == [("bad_number", True)]
    runs = [
        row
        for row in lake.read_arrow(OPS_RUNS).to_pylist()
        if row["step"] == "ingest" and row["n_received"] is not None
    ]
    assert sum(row["n_received"] for row in runs) == night.facts.n_rows
    assert sum(row["n_quarantined"] for row in runs) == night.facts.n_broken


def test_the_marts_know_every_sold_line_and_buyer(night):
    with duckdb.connect(str(night.home / "warehouse" / "concierge.duckdb"), read_only=True) as warehouse:
        found = warehouse.execute(
            "select count(*), count(distinct customer_id) from fct_order_lines where line_type in ('sale',"
            " 'charge') and quantity > 0 and unit_price > 0 and customer_id is not null"
        ).fetchone()
    assert found == (night.facts.n_sold_known, len(night.facts.buyers))


def test_lists_are_personal(night):
    lists = Lake(night.home / "lake").read_arrow(REC_CUSTOMER_ITEMS).to_pylist()
    assert len(lists) == len(night.facts.buyers)
    assert len({tuple(item["item_id"] for item in row["items"][:5]) for row in lists}) > 10


def test_the_summary_balances(night):
    summary = json.loads((night.home / "summary.json").read_text())
    assert summary["balanced"] is True
    assert sum(entity["received"] for entity in summary["received"]) == night.facts.n_rows
    assert summary["customers"]["known"] == len(night.facts.buyers)


def test_visitors_are_answered_and_an_override_changes_the_answer_at_once(night, tmp_path):
    known = sorted(night.facts.buyers)[0]
    visitors = [Visitor("known", {"user_id": known}), Visitor("anonymous", {"anonymous_id": "nobody"})]
    with run_service(night.home, "online_retail", tmp_path / "service.log") as service:
        visits = fetch_before_and_after_block(service, visitors)
        assert service.request("GET", "/v1/customers/nobody").status_code == 404
    assert visits[0]["before"]["source"] == "personal"
    assert visits[1]["before"]["source"] == "popular"
    for visit in visits:
        assert len(visit["before"]["items"]) == 5
        assert visit["blocked"] not in {item["item_id"] for item in visit["after"]["items"]}
    assert visits[0]["blocked"] == visits[0]["before"]["items"][0]["item_id"]


# Over 10 s: Airflow starts, and a task of it; that no more of them do is what is asked.
def test_a_finished_night_run_again_ends_after_land_and_writes_nothing(night):
    lake = Lake(night.home / "lake")
    before = lake.read_versions(), (night.home / "published.json").read_bytes()
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    log = night.home / "logs" / "again.log"
    airflow.run_nightly(night.env, yesterday, yesterday, log, lambda: None)
    assert "nothing new" in log.read_text()
    assert (lake.read_versions(), (night.home / "published.json").read_bytes()) == before
    pages_know_a_run_without_a_scheduler(night.home, log)


def pages_know_a_run_without_a_scheduler(home, log):
    """It began when it did and not at its logical date; a note and its one task's log say where the output
    is.
    """
    with sqlite3.connect(home / "airflow" / "airflow.db") as database:
        [(began, ended, note)] = database.execute(
            "select start_date, end_date, content from dag_run join dag_run_note on id = dag_run_id where"
            " run_type = 'manual'"
        )
    seconds = (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
    assert 0 < seconds < 600 and str(log) in note
    assert (
        str(log)
        in next((home / "airflow" / "logs").glob("*/run_id=manual__*/task_id=land/attempt=1.log")).read_text()
    )


def test_tasks_that_were_stopped_with_their_scheduler_lose_no_try(night, tmp_path):
    (tmp_path / "airflow").mkdir()
    file = tmp_path / "airflow" / "airflow.db"
    source = night.home / "airflow" / "airflow.db"
    with closing(sqlite3.connect(source)) as database, closing(sqlite3.connect(file)) as copy:
        database.backup(copy)  # a copy of the file alone would lack what stands in its write-ahead log
    # Before 03:00 UTC the run above and the scheduled one are two; later, one of `dags test` replaces it.
    newest = "(select run_id from dag_run order by id desc limit 1)"
    read = f"select task_id, state, try_number, max_tries from task_instance where run_id = {newest}"
    with sqlite3.connect(file) as database:
        database.execute(f"update dag_run set state = 'running' where run_id = {newest}")
        for task, state in (("train", "running"), ("score", "up_for_retry")):
            database.execute(
                f"update task_instance set state = ? where task_id = ? and run_id = {newest}", (state, task)
            )
        before = {task: rest for task, *rest in database.execute(read)}
    assert airflow_records.resume_interrupted_tasks(tmp_path) == [], "make run may be following it"
    with sqlite3.connect(file) as database:
        database.execute(f"update dag_run set triggered_by = 'TIMETABLE' where run_id = {newest}")
    assert airflow_records.resume_interrupted_tasks(tmp_path) == [
        "nightly.score",
        "nightly.train",
    ]
    with sqlite3.connect(file) as database:
        after = {task: rest for task, *rest in database.execute(read)}
    for task, (state, try_number, max_tries) in before.items():
        expected = (
            [None, try_number, max_tries + 1]
            if task in ("train", "score")
            else [state, try_number, max_tries]
        )
        assert after[task] == expected, task
    assert airflow_records.resume_interrupted_tasks(tmp_path) == [], "a home that ended well has none"


# Over 10 s: a broker, Spark's stream, the service and shoppers, all really started.
def test_the_live_half_on_one_machine_loses_no_event(night):
    command = [sys.executable, "-m", "operate.live", "--shoppers", "8", "--seconds", "6"]
    finished = subprocess.run(command, cwd=ROOT, env=night.env, capture_output=True, text=True, timeout=180)
    said = re.search(r"All ([0-9,]+) events that the service took are in the lake", finished.stdout)
    assert finished.returncode == 0 and said, finished.stdout + finished.stderr
    days = [Lake(folder) for folder in HomePaths(night.home).open_days.glob("2*")]
    ids = [name for day in days for name in day.read_arrow(CORE_EVENTS, ["event_id"])["event_id"].to_pylist()]
    n_in_the_lake = len({name.partition("#")[0] for name in ids})  # an order has a row for each of its items
    assert n_in_the_lake == int(said[1].replace(",", "")) > 10
    alive = [one.info["cmdline"] or [] for one in psutil.process_iter(["cmdline"])]
    assert not [words for words in alive if any(str(night.home) in word for word in words)]


# Over 10 s: a second night of Airflow's, with an engine that has to be there to be stopped.
def test_a_step_that_fails_fails_the_night_and_the_engine_stops(night):
    """The negative control of the green night: a day none of whose records can be read."""
    day = night.home / "landing" / "online_retail" / "lines" / "2011-07-01"
    day.mkdir(parents=True)
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
    rows = [f"{n},2,x,many,never,y,z,nowhere" for n in range(50)]
    (day / "2011-07-01.csv").write_text("\n".join([header, *rows]) + "\n")
    env, log = {**night.env, "CONCIERGE_TASK_RETRIES": "0"}, night.home / "logs" / "failing.log"
    with pytest.raises(SystemExit, match="failed"):
        airflow.run_nightly(env, date(2011, 7, 1), date(2011, 7, 1), log, lambda: None)
    with sqlite3.connect(night.home / "airflow" / "airflow.db") as database:
        runs = dict(
            database.execute(
                "select task_id, state from task_instance where run_id ="
                " (select run_id from dag_run order by id desc limit 1)"
            )
        )
    assert (runs["start_engine"], runs["ingest"], runs["stop_engine"]) == ("success", "failed", "success")
    assert runs["publish"] == "upstream_failed"
    assert not HomePaths(night.home).engine_record.exists()
