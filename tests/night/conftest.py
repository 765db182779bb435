"""One small shop's month, in Online Retail's own format, brought through a scheduled night by the real
scheduler.
"""

import csv
import os
import signal
import sqlite3
import subprocess
import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from operate import airflow
from operate.visitors import find_free_port

FIRST_DAY = date(2011, 5, 2)
N_DAYS, N_CUSTOMERS, N_ITEMS = 40, 60, 30
HEADER = [
    "InvoiceNo",
    "StockCode",
    "Description",
    "Quantity",
    "InvoiceDate",
    "UnitPrice",
    "CustomerID",
    "Country",
]


@dataclass
class ShopFacts:
    """What the writer of the files knows of them, without any of the pipeline's code."""

    n_rows: int = 0
    n_sold_known: int = 0
    n_broken: int = 0
    buyers: set[str] = None


def write_shop(landing: Path) -> ShopFacts:
    """Two tastes: even customers buy even items, odd ones odd items, so that neighbours are worth more than
    popularity.
    """
    draw, facts, invoice = np.random.default_rng(5), ShopFacts(buyers=set()), 500000
    for n in range(N_DAYS):
        day = FIRST_DAY + timedelta(days=n)
        rows = []
        for customer in draw.choice(N_CUSTOMERS, size=20, replace=False):
            invoice += 1
            at = datetime(day.year, day.month, day.day, int(draw.integers(8, 18)), 5)
            for item in draw.choice(np.arange(customer % 2, N_ITEMS, 2), size=4, replace=False):
                known = customer % 10 != 9
                name = f"{'EVEN' if item % 2 == 0 else 'ODD'} THING {item}"
                price = f"{1 + item / 4:.2f}"
                buyer = f"{12000 + customer}.0" if known else ""
                rows.append(
                    [invoice, f"{20000 + item}", name, 1 + item % 3, at, price, buyer, "United Kingdom"]
                )
                facts.n_sold_known += known
                if known:
                    facts.buyers.add(str(12000 + customer))
        if n == 3:
            rows.append(
                [invoice + 1, "20001", "ODD THING 1", "many", at, "1.25", "12001.0", "United Kingdom"]
            )
            facts.n_broken += 1
            invoice += 1
        facts.n_rows += len(rows)
        path = landing / "online_retail" / "lines" / day.isoformat() / f"{day}.csv"
        path.parent.mkdir(parents=True)
        with path.open("w", newline="") as out:
            csv.writer(out).writerows([HEADER, *rows])
    return facts


@dataclass(frozen=True)
class RanNight:
    """A home after a scheduled night."""

    home: Path
    facts: ShopFacts
    state: str
    tasks: dict[str, str]
    env: dict[str, str]


@pytest.fixture(scope="session")
def night(tmp_path_factory) -> RanNight:
    """The scheduler started on an empty database, until its first scheduled run of `nightly` has ended."""
    home = tmp_path_factory.mktemp("night")
    facts = write_shop(home / "landing")
    port = str(find_free_port())
    env = airflow.build_environment(home, "local[2]") | {
        "CONCIERGE_SOURCES": "online_retail",
        "CONCIERGE_SPARK_MEMORY": "1500m",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__WORKERS": "1",
    }
    airflow.prepare_database(env)
    subprocess.run(
        [airflow.BIN / "airflow", "dags", "unpause", "nightly", "-y"],
        env=env,
        check=True,
        capture_output=True,
    )
    with (home / "scheduler.log").open("w") as log:
        scheduler = subprocess.Popen(
            [airflow.BIN / "airflow", "standalone"],
            env=env,
            cwd=airflow.ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            state = wait_for_end(home / "airflow" / "airflow.db", seconds=900)
        finally:
            os.killpg(scheduler.pid, signal.SIGTERM)
            try:
                scheduler.wait(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(scheduler.pid, signal.SIGKILL)
                scheduler.wait()
    return RanNight(home, facts, state, task_states(home / "airflow" / "airflow.db"), env)


def wait_for_end(database: Path, seconds: float) -> str:
    """The final state of the scheduled run, or the last one seen."""
    until, state = time.monotonic() + seconds, "never scheduled"
    while time.monotonic() < until and state not in ("success", "failed"):
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as connection:
            found = connection.execute(
                "select state from dag_run where dag_id = 'nightly' and run_type = 'scheduled'"
            ).fetchone()
        state = found[0] if found else state
        time.sleep(1)
    return state


def task_states(database: Path) -> dict[str, str]:
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10) as connection:
        return dict(
            connection.execute("select task_id, state from task_instance where dag_id = 'nightly'").fetchall()
        )
