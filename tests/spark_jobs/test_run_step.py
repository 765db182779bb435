"""The launcher: what a step's end means to Airflow, and that a run that does not add up fails."""

import sys
from types import SimpleNamespace

import pytest

from expectations.contracts.lake import OPS_RUNS
from spark_jobs import run_step
from spark_jobs.night import NothingNew, TableReport
from spark_jobs.tables import Lake


@pytest.fixture
def step(monkeypatch, tmp_path):
    """A function that runs `run_step.py <name>` with another job in its place; gives the exit code and the rows of `ops_runs`."""
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))

    def run(name: str, job) -> tuple[int, list[dict]]:
        monkeypatch.setitem(sys.modules, "a_job_of_the_tests", SimpleNamespace(run=job, NEEDS_SPARK=False))
        monkeypatch.setitem(run_step.STEPS, name, "a_job_of_the_tests")
        code = run_step.main([name, "--from", "2026-01-05", "--to", "2026-01-06", "--run-id", "r"])
        return code, Lake(tmp_path / "lake").read_arrow(OPS_RUNS).to_pylist()

    return run


def received(n_quarantined: int) -> list[TableReport]:
    return [TableReport("core_events", 0, 1, n_received=10, n_inserted=7, n_duplicate=2, n_quarantined=n_quarantined)]


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


@pytest.mark.parametrize(("name", "code"), [("land", run_step.NOTHING_NEW), ("train", 0)])
def test_only_land_ends_a_night_that_has_nothing_new(step, name, code):
    def job(*_):
        raise NothingNew("all is as it was")

    assert step(name, job) == (code, [])


def test_an_unknown_step_is_named_with_those_there_are(capsys):
    assert run_step.main(["dance"]) == 2
    assert "ingest" in capsys.readouterr().err
