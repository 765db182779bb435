"""`make night`: which day it is of, and that no scheduler works on the home meanwhile."""

import sys
from datetime import UTC, date, datetime

import pytest

from operate import airflow, night
from spark_jobs.settings import Settings

NOW = datetime(2026, 11, 29, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "traded", "day"),
    [
        ("sample_shop", [], date(2026, 1, 5)),
        ("sample_shop", ["2026-02-17", "2026-02-18"], date(2026, 2, 19)),
        ("online_retail", ["2026-02-18"], date(2026, 11, 28)),
    ],
)
def test_the_day_that_nobody_names(tmp_path, source, traded, day):
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_SOURCES": source})
    for name in traded:
        (settings.landing / "sample_shop" / "orders" / name).mkdir(parents=True)
    assert night.find_next_day(settings, NOW) == day


@pytest.mark.parametrize(("typed", "days"), [("2026-02-18", "2026-02-18"), ("", "2026-01-05")])
def test_one_night_runs_and_no_scheduler_beside_it(tmp_path, monkeypatch, capsys, typed, days):
    def run_nightly(env, first, last, *_):
        with pytest.raises(SystemExit, match="is running already"), airflow.lock_scheduler(tmp_path):
            pass
        ran.append((str(first), str(last), env["CONCIERGE_HOME"]))

    ran = []
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    monkeypatch.setenv("CONCIERGE_SOURCES", "sample_shop")
    monkeypatch.setattr(night.airflow, "prepare_database", lambda _: None)
    monkeypatch.setattr(night.airflow, "run_nightly", run_nightly)
    monkeypatch.setattr(sys, "argv", ["night", f"--day={typed}"])
    night.main()
    assert ran == [(days, days, str(tmp_path))]
    assert "nothing new" in capsys.readouterr().out
    with airflow.lock_scheduler(tmp_path):  # free again
        pass
