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
from spark_jobs.publish import deployments, history, rollback
from spark_jobs.publish.job import run
from spark_jobs.run.identity_inputs import IdentityInputs
from spark_jobs.run.input_fingerprint import hash_inputs
from spark_jobs.run.locks import HOLDER, step_lock

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
    last = deployments.read_deployments(three_nights.home)[-1]
    assert (last.by, last.run_id, last.was, last.why) == ("rollback", run, "night-2", "odd lists")


def test_a_day_is_said_to_be_the_night_that_was_taken(three_nights, capsys):
    """The same sentence from both commands; the lines are as real nights leave them, over the landing day
    before.
    """
    made_real(three_nights.home)
    sentence = (
        "2026-02-02 means what was in production when that day ended: run night-1 over landing days up to"
        " 2026-02-01, since 2026-02-02T03:00:00Z. The night over landing day 2026-02-02 itself is run"
        " night-2."
    )
    assert history.main(["--at=2026-02-02"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == sentence
    assert rollback.main(["--to=2026-02-02"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == sentence and told[1].startswith(
        "Readers see night-1 over landing days up to 2026-02-01 (model none); before:"
    )
    assert seen(three_nights) == "night-1"


def made_real(home):
    """Let the nights of the fixture have handled the day before the one they were published on."""
    for path in [
        home / "published.json",
        *(home / "serving" / "history").glob("*.json"),
        home / deployments.FILE,
    ]:
        day_before = path.read_text()
        for day in (date(2026, 2, 1), date(2026, 2, 2), date(2026, 2, 3)):
            for name in ("landing_date", "shop_date"):
                day_before = day_before.replace(
                    f'"{name}": "{day}"', f'"{name}": "{day - timedelta(days=1)}"'
                )
        path.write_text(day_before)


@pytest.mark.parametrize(
    ("to", "run"), [("night-2", "night-2"), ("2026-02-03", "night-2"), ("2026-02-01", "night-0")]
)
def test_what_is_in_production_already_is_said_and_nothing_is_changed_or_logged(
    three_nights, capsys, to, run
):
    if run == "night-0":  # rolled back to before
        assert rollback.main([f"--to={run}"]) == 0
    before = everything(three_nights.home)
    capsys.readouterr()
    assert rollback.main([f"--to={to}", "--reason=again"]) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[-1].startswith(f"Already in production: {run} over landing days up to ") and told[
        -1
    ].endswith("nothing was changed.")
    assert len(told) == (1 if to == run else 2), "a day is explained first; no report of a step follows"
    assert everything(three_nights.home) == before
    assert rollback.main(["--to=night-1"]) == 0 and everything(three_nights.home) != before, (
        "the negative control"
    )


def everything(home):
    """The bytes of all that a rollback might touch: published record, log, and the lake with its own log."""
    paths = [
        home / "published.json",
        home / deployments.FILE,
        *(home / "lake").rglob("*"),
        *(home / "serving" / "history").iterdir(),
    ]
    return {path: path.read_bytes() for path in paths if path.is_file()}


def test_a_rollback_that_was_killed_before_its_line_is_written_down_when_asked_again(three_nights):
    rollback.main(["--to=night-0"])
    path = three_nights.home / deployments.FILE
    whole = path.read_text().splitlines()
    path.write_text("\n".join(whole[:-1]) + "\n")
    assert rollback.main(["--to=night-0"]) == 0
    last = deployments.read_deployments(three_nights.home)[-1]
    assert (last.by, last.run_id, last.was, last.shop_date) == (
        "rollback",
        "night-0",
        "night-2",
        "2026-02-03",
    )


def test_a_day_whose_night_is_no_longer_kept(three_nights, capsys):
    (three_nights.home / "serving" / "history" / "night-0.json").unlink()
    assert rollback.main(["--to=2026-02-01"]) == 1
    told = capsys.readouterr().err
    assert (
        "run night-0 over landing days up to 2026-02-01, since 2026-02-01T03:00:00Z. It is no longer kept;"
        " readers see" in told
    )


def test_it_takes_less_than_a_minute_from_the_prompt(three_nights):
    """Python, imports and all; the limit is generous because the machine may be busy: measured
    1.5 s alone.
    """
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
    assert Published.read(three_nights.home).inputs != hash_inputs(
        night, night.days.last, IdentityInputs(frozenset(), "")
    )
    run(night, lake)
    assert seen(three_nights) == "night-3"


def test_a_night_that_is_running_is_named_since_it_publishes_over_the_rollback(three_nights, capsys):
    with step_lock(three_nights.home, "score of tonight"):
        assert rollback.main([]) == 0
    assert "A night is running (score of tonight (process " in capsys.readouterr().out
    (three_nights.home / HOLDER).write_text("score of a night that was killed")
    assert rollback.main([]) == 0
    assert "A night is running" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        pytest.param(
            ["--to", "night-9"],
            "no kept night night-9; readers see night-2 (landing day 2026-02-03); "
            "kept: night-1 (landing day 2026-02-02), night-0 (landing day 2026-02-01)",
            id="unknown",
        ),
        pytest.param(
            ["--to", "2026-01-31"],
            "nothing was in production when 2026-01-31 ended; the first deployment was at"
            " 2026-02-01T03:00:00Z, over landing days up to 2026-02-01",
            id="before the first night",
        ),
        pytest.param(
            ["--to", "night-0"], "the files of night-0 are gone", id="its warehouse file was deleted"
        ),
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
