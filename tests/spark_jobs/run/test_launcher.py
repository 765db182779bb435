"""The launcher: what a step's end means to Airflow, and that a run that does not add up fails."""

import subprocess
import sys
import threading
import time
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from expectations.contracts.home import HomePaths
from expectations.contracts.lake import OPS_DELIVERIES, OPS_RUNS
from spark_jobs.engine.shared_objects import share_object
from spark_jobs.lake.tables import Lake
from spark_jobs.run import launcher, locks
from spark_jobs.run.context import NothingNew, TableReport

ROOT = Path(__file__).resolve().parents[3]
HOLD = """
import pathlib
from spark_jobs.run.locks import step_lock
with step_lock(pathlib.Path("{home}"), "dbt of scheduled"):
    print("held", flush=True)
    input()
"""


@pytest.fixture
def step(monkeypatch, tmp_path):
    """A function that runs `launcher.py <name>` with another job in its place; gives the exit code and the
    rows of `ops_runs`.
    """
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))

    def run(name: str, job) -> tuple[int, list[dict]]:
        monkeypatch.setitem(sys.modules, "a_job_of_the_tests", SimpleNamespace(run=job))
        monkeypatch.setitem(launcher.STEP_MODULES, name, "a_job_of_the_tests")
        code = launcher.main([name, "--from", "2026-01-05", "--to", "2026-01-06", "--run-id", "r"])
        return code, Lake(tmp_path / "lake").read_arrow(OPS_RUNS).to_pylist()

    return run


def received(n_quarantined: int) -> list[TableReport]:
    return [
        TableReport(
            "core_events", 0, 1, n_received=10, n_inserted=7, n_duplicate=2, n_quarantined=n_quarantined
        )
    ]


def test_a_step_finds_nothing_that_a_killed_one_shared_and_its_own_stays(step, tmp_path, monkeypatch):
    folder = HomePaths(tmp_path).shared_objects
    folder.mkdir(parents=True)
    (folder / "of_a_killed_step.pickle").touch()
    monkeypatch.setattr("spark_jobs.engine.client._use_home_engine", lambda *_: nullcontext("sc://none"))
    monkeypatch.setattr("spark_jobs.engine.client._connect", lambda *_, **__: nullcontext("a session"))

    def job(_, lake):
        with share_object("a model", folder):
            assert lake.spark == "a session"
            assert len(list(folder.iterdir())) == 1
        return []

    assert step("score", job)[0] == 0


def test_a_run_that_adds_up_succeeds_and_is_recorded(step):
    code, rows = step("ingest", lambda *_: received(n_quarantined=1))
    assert code == 0
    assert [(row["step"], row["n_received"], row["n_inserted"], str(row["days_to"])) for row in rows] == [
        ("ingest", 10, 7, "2026-01-06")
    ]


def test_a_run_that_does_not_add_up_fails_and_is_recorded_all_the_same(step, capsys):
    code, rows = step("ingest", lambda *_: received(n_quarantined=0))
    assert (code, len(rows)) == (1, 1)
    assert "do not add up for ['core_events']" in capsys.readouterr().err


def test_a_step_that_says_why_it_fails_is_recorded_first(step, capsys):
    reports = received(n_quarantined=1)
    reports[0].failure = "shop.events: refused 11 of 20 records"
    code, rows = step("ingest", lambda *_: reports)
    assert (code, len(rows)) == (1, 1)
    assert "ingest: shop.events: refused 11 of 20 records" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "code"), [("land", launcher.NOTHING_NEW), ("train", 0)])
def test_only_land_ends_a_night_that_has_nothing_new(step, name, code):
    def job(*_):
        raise NothingNew("all is as it was")

    assert step(name, job) == (code, [])


@pytest.mark.parametrize("name", ["land", "ingest"])
def test_a_home_of_another_shop_is_refused_before_anything_is_done(step, tmp_path, name):
    given = [{"delivery_id": source, "source": source} for source in ("online_retail", "serving")]
    Lake(tmp_path / "lake").append_rows(given, OPS_DELIVERIES)
    sentence = (
        "holds online_retail and this run names sample_shop; one home is one shop: set CONCIERGE_HOME to"
        " another folder"
    )
    with pytest.raises(locks.AnotherShopError, match=sentence):
        step(name, lambda *_: pytest.fail("the step was started"))
    assert step("train", lambda *_: [])[0] == 0
    locks.refuse_another_shop(Lake(tmp_path / "lake"), ["online_retail", "another"])
    locks.refuse_another_shop(Lake(tmp_path / "empty"), ["online_retail"])


def test_one_step_at_a_time_works_in_a_home(step, tmp_path, capsys, caplog):
    command = [sys.executable, "-c", HOLD.format(home=tmp_path)]
    holder = subprocess.Popen(command, cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert holder.stdout.readline() == "held\n"
    said = rf"waited 0.1 s for dbt of scheduled \(process {holder.pid}\), which still works in"
    with pytest.raises(locks.BusyError, match=said), locks.step_lock(tmp_path, "by hand", wait_seconds=0.1):
        pytest.fail("two at once")
    threading.Timer(0.3, holder.kill).start()  # as a process that is ended gives it up
    code, _ = step("dbt", lambda *_: received(n_quarantined=1))
    assert code == 0
    sentence = f"waiting for dbt of scheduled (process {holder.pid})"
    assert caplog.text.count(sentence) == 2 and f"dbt: {sentence}" in capsys.readouterr().err
    assert not (tmp_path / locks.HOLDER).exists()
    holder.wait()


def test_a_step_is_finished_when_it_is_finished(step):
    before = datetime.now(UTC)

    def job(night, _):
        time.sleep(0.2)
        return received(n_quarantined=1)

    [row] = step("ingest", job)[1]
    assert timedelta(seconds=0.2) <= timedelta(seconds=row["seconds"]) <= row["finished_at"] - before
    assert row["finished_at"] <= datetime.now(UTC)


def test_an_unknown_step_is_named_with_those_there_are(capsys):
    assert launcher.main(["dance"]) == 2
    assert "ingest" in capsys.readouterr().err
