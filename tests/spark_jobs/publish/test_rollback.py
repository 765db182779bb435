"""Going back: readers see an earlier night whole, it is logged, and the next night publishes again."""

import json
import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import pytest

from expectations.contracts.lake import OPS_RUNS
from expectations.contracts.published import Published
from spark_jobs.identify.said import Said
from spark_jobs.land.inputs import fingerprint
from spark_jobs.publish import production, rollback
from spark_jobs.publish.job import run

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def three_nights(shop, monkeypatch):
    shop.model_version = "none"  # a shop without a model; with one: test_rollback_model.py
    for n in range(3):
        shop.rows["rec_customer_items_v1"][0]["items"][0]["score"] += 0.001
        lake = shop.land(*(["rec_customer_items_v1"] if n else []))
        run(shop.night(f"night-{n}", date(2026, 2, 1) + timedelta(days=n)), lake)
    monkeypatch.setenv("CONCIERGE_HOME", str(shop.home))
    monkeypatch.setenv("CONCIERGE_IDENTITY_KEY", "test-key")
    return shop


def seen(shop):
    record = Published.read(shop.home)
    assert shop.warehouse_run() == record.run_id, "the warehouse goes with the lists"
    return record.run_id


def test_back_by_one_then_one_more_then_to_a_run(three_nights):
    assert seen(three_nights) == "night-2"
    assert rollback.main([]) == 0
    assert seen(three_nights) == "night-1"
    assert rollback.main([]) == 0
    assert seen(three_nights) == "night-0"
    assert rollback.main(["--to", "night-2"]) == 0
    assert seen(three_nights) == "night-2"


@pytest.mark.parametrize(
    ("to", "run"),
    [
        pytest.param("2026-02-01", "night-0", id="what was in production when the day ended"),
        pytest.param("2026-02-02", "night-1", id="a day later the next"),
        pytest.param("2026-02-02T02:00", "night-0", id="a moment before that one was published"),
    ],
)
def test_back_to_a_day(three_nights, to, run):
    assert rollback.main([f"--to={to}", "--reason=odd lists"]) == 0
    assert seen(three_nights) == run
    last = production.read(three_nights.home)[-1]
    assert (last.by, last.run_id, last.was, last.why) == ("rollback", run, "night-2", "odd lists")


def test_it_takes_less_than_a_minute_from_the_prompt(three_nights):
    """Python, imports and all; the limit is generous because the machine may be busy: measured 1.5 s alone."""
    began = time.monotonic()
    command = [sys.executable, "-m", "spark_jobs.publish.rollback", "--to=", "--reason="]
    environment = os.environ | {"CONCIERGE_HOME": str(three_nights.home), "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, cwd=ROOT, env=environment, timeout=60)
    assert seen(three_nights) == "night-1" and time.monotonic() - began < 60


def test_it_is_logged_and_the_next_night_publishes_again(three_nights):
    rollback.main([])
    lake = three_nights.land("rec_customer_items_v1")
    [logged] = [row for row in lake.read_arrow(OPS_RUNS).to_pylist() if row["step"] == "rollback"]
    told = json.loads(logged["detail"])
    assert (told["from"], told["to"], told["snapshot"]) == ("night-2", "night-1", "night-1")
    night = three_nights.night("night-3", date(2026, 2, 3))
    assert Published.read(three_nights.home).inputs != fingerprint(night, night.days.last, Said(frozenset(), ""))
    run(night, lake)
    assert seen(three_nights) == "night-3"


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        pytest.param(["--to", "night-9"], "no kept night night-9; readers see night-2; kept: night-1, night-0", id="unknown"),
        pytest.param(["--to", "2026-01-31"], "nothing was in production on 2026-01-31", id="before the first night"),
        pytest.param(["--to", "night-0"], "the files of night-0 are gone", id="its warehouse file was deleted"),
    ],
)
def test_what_cannot_be_is_said_and_changes_nothing(three_nights, capsys, argv, sentence):
    (three_nights.home / "warehouse" / "builds" / "night-0.duckdb").unlink()
    assert rollback.main(argv) == 1
    assert sentence in capsys.readouterr().err
    assert seen(three_nights) == "night-2"


def test_before_the_first_night(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert rollback.main([]) == 1
    assert "nothing has been published yet" in capsys.readouterr().err
