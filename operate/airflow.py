"""Airflow, set up for one home: its database, its environment, and DAG runs that are followed on the
screen.

`airflow dags test` runs a whole DAG through Airflow's own task runner without a scheduler, which is what
`make run` and `make backfill` need; `run_scheduler()` (`make airflow`) starts the real scheduler and its
pages.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from datetime import time as dt_time
from pathlib import Path

from filelock import FileLock, Timeout

from expectations.contracts.home import HomePaths
from operate import airflow_records
from operate.ports import parse_port, refuse_taken_port
from operate.processes import end_process_tree, run_process_group
from spark_jobs.engine.client import make_starter

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.prefix) / "bin"


def build_environment(home: Path, spark_master: str) -> dict[str, str]:
    """The environment Airflow and all it starts run in. Its pages' port and addresses may be set from
    outside.
    """
    port = os.environ.get("AIRFLOW__API__PORT", "8081")  # the service has 8080
    return {
        "AIRFLOW__API__PORT": port,
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        **os.environ,
        "CONCIERGE_HOME": str(home),
        "CONCIERGE_SPARK_MASTER": spark_master,
        "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
        # Airflow puts dags/ on the path; `from dags._commands import …` needs its parent
        "PYTHONPATH": str(ROOT),
        "AIRFLOW_HOME": str(HomePaths(home).airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",
        # A task that goes on at a start asks the API server, which is up later than the scheduler; 5 tries
        # are over in 15 s.
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "9",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        # a laptop's Airflow; a shared one sets its own manager
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{HomePaths(home).airflow_database}",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def prepare_database(env: dict[str, str]) -> None:
    """Create or upgrade Airflow's database and read the DAGs into it."""
    Path(env["AIRFLOW_HOME"]).mkdir(parents=True, exist_ok=True)
    for command in (["db", "migrate"], ["dags", "reserialize"]):
        done = subprocess.run([BIN / "airflow", *command], env=env, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(
                f"airflow {' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )


def run_nightly(env: dict[str, str], first: date, last: date, log: Path, follow: Callable[[], None]) -> None:
    """One DAG run of `nightly` over the landing days first…last, as if started at 03:00 of the day after.

    Args:
        log: where Airflow's and the tasks' output goes.
        follow: called about once a second while it runs.

    Raises:
        SystemExit: the run failed; names the log and shows its end.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    conf = json.dumps({"from": first.isoformat(), "to": last.isoformat()})
    logical = datetime.combine(last + timedelta(days=1), dt_time(3), UTC)
    with log.open("w") as out:
        run = subprocess.Popen(
            [BIN / "airflow", "dags", "test", "nightly", logical.isoformat(), "--conf", conf],
            env=env,
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        try:
            while run.poll() is None:
                follow()
                time.sleep(0.5)
        except BaseException:  # Ctrl-C above all: no task behind it stops the engine
            end_process_tree(run)
            end_engine(Path(env["CONCIERGE_HOME"]))
            raise
    follow()
    airflow_records.annotate_test_run(Path(env["CONCIERGE_HOME"]), "nightly", logical, log, datetime.now(UTC))
    log_text = log.read_text(errors="replace")
    if run.returncode or "DagRun failed" in log_text:
        raise SystemExit(
            f"{extract_failure(log_text)}\nThe night of {first}…{last} failed. The whole log: {log}"
        )


def end_engine(home: Path) -> None:
    """End the engine of a night that was interrupted, which is no child of what ran it."""
    make_starter(HomePaths(home)).end()


def extract_failure(log_text: str) -> str:
    """The failing task's own last words out of Airflow's log: its lines without Airflow's frame, from the
    first that errs.
    """
    lines = re.findall(r"\[info +\] (.*?) \[airflow\.task\.hooks", log_text)
    erring = [
        n for n, line in enumerate(lines) if re.search(r"Traceback|Error|Exception|Refused|Failed", line)
    ]
    return (
        "\n".join(lines[erring[-1] if len(erring) == 1 else max(erring[-1] - 12, 0) :][:30])
        if erring
        else log_text[-2000:]
    )


def run_scheduler(env: dict[str, str], announce: Callable[[], None]) -> int:
    """The real scheduler and its pages, until interrupted.

    Args:
        announce: called once the database is there, before the scheduler starts.

    Raises:
        SystemExit: another one works on this home, or the port of its pages is taken.
    """
    home = Path(env["CONCIERGE_HOME"])
    with lock_scheduler(home):
        refuse_taken_port(parse_port(env["AIRFLOW__API__PORT"], "AIRFLOW__API__PORT"), "AIRFLOW__API__PORT")
        prepare_database(env)
        if interrupted := airflow_records.resume_interrupted_tasks(home):
            print(
                f"Stopped with the last scheduler, and resumed with all their tries: {', '.join(interrupted)}"
            )
        announce()
        print(
            f"Airflow's pages: {env['AIRFLOW__API__BASE_URL']} (AIRFLOW__API__PORT changes it), in half a"
            " minute. Ctrl-C stops."
        )
        env.setdefault("AIRFLOW__API__HOST", "127.0.0.1")
        try:
            return run_process_group([BIN / "airflow", "standalone"], env=env, cwd=ROOT)
        finally:
            end_engine(home)


@contextmanager
def lock_scheduler(home: Path) -> Iterator[None]:
    """Let no scheduler of this home start for a while.

    Raises:
        SystemExit: one is running, or a night by hand is.
    """
    HomePaths(home).airflow.mkdir(parents=True, exist_ok=True)
    lock = FileLock(HomePaths(home).scheduler_lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SystemExit(
            f"a scheduler of this home is running already ({home}), or `make night`; stop it first, or"
            " trigger `nightly` on its pages"
        ) from None
    with lock:
        yield
