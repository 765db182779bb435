"""A home in which everything that a page can show says something hostile."""

import json
import shutil
from datetime import date, timedelta

import duckdb
import pyarrow as pa
from deltalake import write_deltalake

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_DELIVERIES, QUARANTINE
from tests.serving_app.conftest import NOW
from tests.serving_app.segments.small_warehouse import AS_OF, write_warehouse

HOSTILE = '"\'><img src=x onerror="window.hit=1"><script>window.hit=1</script>{{7777*7777}}javascript:x()'
RUN = "night-2"
FIGURES = """
    create table fct_impressions (
        request_id varchar, item_id varchar, served_date date, placement varchar, list_source varchar,
        n_clicks integer, n_carts integer
    );
    create table fct_orders (
        source varchar, order_id varchar, is_return boolean, currency varchar, request_id varchar
    );
    create table fct_order_lines (
        source varchar, order_id varchar, item_id varchar, amount decimal(18, 4), currency varchar,
        is_sold boolean, is_goods boolean
    )
"""


def write_home(nights, home):
    """Make it of two published nights, of which the newer was stopped when it ran again."""
    shutil.copytree(nights, home, dirs_exist_ok=True)
    paths = HomePaths(home)
    write_warehouse(home)
    write_figures(paths.warehouse_file)
    write_quarantine(paths)
    write_logs(paths)
    paths.reports(RUN).mkdir(parents=True)
    paths.model_report(RUN).write_text(json.dumps(describe_model()))
    check = {"name": HOSTILE, "value": HOSTILE, "limit": HOSTILE, "passed": False}
    paths.list_report(RUN).write_text(json.dumps({"checks": [check]}))
    parity = {"n_differing": 3, "by_cause": {HOSTILE: 3}}
    paths.live_parity_report(RUN).write_text(json.dumps(parity))
    paths.identity_report(RUN).write_text(f"<h1>Who</h1><script>window.hit=1</script>{HOSTILE}")


def describe_model():
    quality = {"mean": 0.3, "low": 0.2, "high": 0.4}
    return {
        "candidate": HOSTILE,
        "model_version": HOSTILE,
        "kind": HOSTILE,
        "verdict": "refused",
        "reason": HOSTILE,
        "window": {"until": HOSTILE},
        "drift": {"alarms": [HOSTILE]},
        "leaderboard": {"served": {"quality": quality}, "popularity": {"quality": quality}},
    }


def write_logs(paths):
    def say(step, minute, message, level="INFO", **more):
        at = (NOW - timedelta(minutes=60 - minute)).isoformat()
        return {"at": at, "level": level, "message": message, "run": RUN, "step": step, **more}

    counts = {"n_received": 5, "n_inserted": 3, "n_quarantined": 1}
    detail = {"source": HOSTILE, "entity": HOSTILE, "suspicious_whole_files": [HOSTILE]}
    unmet = [{"expectation": HOSTILE}]
    checks = {"n_expectations": 3, "passed": False, "unmet": unmet}
    lines = [
        say("land", 1, HOSTILE, "WARNING"),
        say("land", 1, "0.3 s", seconds=0.3, tables=[]),
        say("ingest", 3, "9 s", seconds=9.0, tables=[{"table_name": HOSTILE, **counts, "detail": detail}]),
        say("validate", 4, "1 s", seconds=1.0, tables=[{"table_name": HOSTILE, "detail": checks}]),
        say("dbt", 5, f"stopped at the border. {HOSTILE}", "ERROR"),
    ]
    paths.logs.mkdir(parents=True)
    paths.step_log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    record = {"run_id": RUN, "landing_date": HOSTILE, "model_version": HOSTILE, "published_at": HOSTILE}
    deployment = {"switched_at": NOW.isoformat(), "by": HOSTILE, "why": HOSTILE, "record": record}
    paths.deployments.write_text(json.dumps(deployment) + "\n")


def write_figures(file):
    with duckdb.connect(str(file)) as warehouse:
        for statement in FIGURES.split(";"):
            warehouse.execute(statement)
        for back in range(3):
            day = AS_OF - timedelta(days=back)
            for request, placement in ((f"a{back}", HOSTILE), (f"b{back}", "home/top")):
                row = [request, HOSTILE, day, placement, HOSTILE, back, 0]
                warehouse.execute("insert into fct_impressions values (?, ?, ?, ?, ?, ?, ?)", row)


def write_quarantine(paths):
    text = json.dumps({"title": HOSTILE, "email": "canary@example.org"})
    row = ("shop", "events", "x.jsonl", 1, "d_1", date(2026, 2, 20), text, "bad_id", HOSTILE)
    rows = pa.Table.from_pylist([dict(zip(QUARANTINE.columns, row, strict=True))])
    write_deltalake(paths.lake / QUARANTINE.name, rows, partition_by=["landing_date"])
    deliveries = pa.table({"delivery_id": ["d_0"], "superseded_by": ["d_1"]})
    write_deltalake(paths.lake / OPS_DELIVERIES.name, deliveries)
