"""What was in production when: every deployment is written down once, and asked for by a day, a moment, or
the shop's own days.
"""

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from expectations.contracts.override import open_override_file
from expectations.contracts.state_file import State
from spark_jobs.publish import as_of, deployments, history, rollback, rule_files
from spark_jobs.publish.job import run

ROOT = Path(__file__).resolve().parents[3]
SERVED = {
    "model_version": "concierge/4",
    "run_id": "abc",
    "kind": "refit",
    "reason": "lift",
    "digests": {"factors.npz": "f00d"},
    "metrics": {"quality": {"mean": 0.21, "low": 0.2, "high": 0.22}},
    "window": {"until": "2026-02-02"},
    "table_versions": {"feat_items": 7},
    "code_hash": "code",
    "config_hash": "config",
}


@pytest.fixture
def nights(shop, monkeypatch):
    """Nights over 2026-02-01 to 03, each published at 03:00 of its own landing day by the clock
    of the tests.
    """
    monkeypatch.setenv("CONCIERGE_HOME", str(shop.home))
    monkeypatch.setenv("CONCIERGE_IDENTITY_KEY", "test-key")
    shop.model_version = "none"
    for n in range(3):
        shop.rows["rec_customer_items_v1"][0]["items"][0]["score"] += 0.001
        lake = shop.land(*(["rec_customer_items_v1"] if n else []))
        shop.report(f"night-{n}", SERVED)
        run(shop.night(f"night-{n}", date(2026, 2, 1) + timedelta(days=n)), lake)
    return shop


def test_every_deployment_has_one_line(nights, capsys):
    lake = nights.land("rec_customer_items_v1")
    run(nights.night("night-2", date(2026, 2, 3)), lake)
    before = (nights.home / deployments.FILE).read_bytes()
    run(nights.night("night-2", date(2026, 2, 3)), lake)  # nothing new: nothing is written down
    assert (nights.home / deployments.FILE).read_bytes() == before
    rollback.main(["--to=night-0", "--reason=why not"])
    lines = deployments.read_deployments(nights.home)
    assert [(each.by, each.run_id, each.was) for each in lines] == [
        ("publish", "night-0", ""),
        ("publish", "night-1", "night-0"),
        ("publish", "night-2", "night-1"),
        ("publish", "night-2", "night-2"),
        ("rollback", "night-0", "night-2"),
    ]
    assert lines[-1].model == SERVED and lines[-1].rules == lines[0].rules
    capsys.readouterr()
    assert history.main([]) == 0
    assert (
        "rollback  night-0  landing day 2026-02-01  none  back from night-2: why not"
        in capsys.readouterr().out
    )


def test_a_deployment_that_was_killed_before_its_line_is_written_down_later(nights):
    path = nights.home / deployments.FILE
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b'{"by"') + 40])  # torn in the middle of the last line
    assert [each.run_id for each in deployments.read_deployments(nights.home)] == ["night-0", "night-1"]
    run(nights.night("night-2", date(2026, 2, 3)), nights.land())
    lines = [(each.run_id, each.was) for each in deployments.read_deployments(nights.home)]
    assert lines == [
        ("night-0", ""),
        ("night-1", "night-0"),
        ("night-2", "night-1"),
        ("night-2", "night-2"),
    ], "and its repeat"
    assert [json.loads(line) for line in path.read_bytes().splitlines()[-1:]], "the torn line ends before it"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param("2026-02-01", ("night-0", "wall"), id="a day is its end: published at 03:00 of it"),
        pytest.param("2026-02-02T02:59:59", ("night-0", "wall"), id="a second before the next"),
        pytest.param("2026-02-02T03:00", ("night-1", "wall"), id="at the deployment itself"),
        pytest.param("2026-02-02T04:30+02:00", ("night-0", "wall"), id="another zone's morning"),
        pytest.param("2026-07-01", ("night-2", "wall"), id="long after"),
        pytest.param("2026-01-31", (None, "shop"), id="before the first"),
        pytest.param("0999-12-31", (None, "shop"), id="a year that sorts before all others"),
    ],
)
def test_what_was_in_production_by_the_wall_clock(nights, when, expected):
    found, clock = as_of.find_deployment_at(deployments.read_deployments(nights.home), when)
    assert (found and found.run_id, clock) == expected


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        pytest.param("2011-11-18", None, id="before the first night's landing day was over"),
        pytest.param("2011-11-19", "up to 18", id="the run at 03:00 of the 19th handles the 18th"),
        pytest.param("2011-11-20", "up to 19", id="a day later"),
        pytest.param("2011-11-21", "back to 18", id="a rollback counts from the day it was made on"),
        pytest.param("2011-11-25", "up to 22", id="the last one goes on"),
    ],
)
def test_a_home_filled_with_the_past_is_asked_by_the_shops_days(when, expected):
    made = [
        ("publish", "18", "18"),
        ("publish", "19", "19"),
        ("publish", "20", "20"),
        ("rollback", "18", "20"),
        ("publish", "22", "22"),
    ]
    lines = [
        deployments.Deployment(
            f"2026-11-21T19:0{n}:00Z",
            by,
            f"2011-11-{shop}",
            {"run_id": f"{'back' if by == 'rollback' else 'up'} to {day}", "landing_date": f"2011-11-{day}"},
        )
        for n, (by, day, shop) in enumerate(made)
    ]
    found, clock = as_of.find_deployment_at(lines, when)
    assert (found and found.run_id, clock) == (expected, "shop")


def test_it_says_model_tables_rules_and_lists(nights, capsys):
    assert history.main(["--at=2026-02-02"]) == 0
    said = capsys.readouterr().out
    for words in (
        "run        night-1",
        "from       2026-02-02T03:00:00Z  to  2026-02-03T03:00:00Z",
        "snapshot night-1",
        "make rollback TO=night-1",
        "measured quality 0.21 [0.2, 0.22]",
        "learned  until 2026-02-02;",
        "made of  feat_items 7",
        "by       code code, settings config",
        "sha256   factors.npz f00d",
        "rec_customer_items_v1 1",
        "segments/definitions/champions.yml",
        "spark_jobs/identify/rules.yml",
        "identity decisions in force: 0",
    ):
        assert words in said, words
    assert history.main(["--at=2026-02-02", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["record"]["run_id"] == "night-1"


@pytest.mark.parametrize(
    ("at", "sentence"),
    [
        pytest.param("last week", "neither a day (2011-11-20) nor a moment", id="no day"),
        pytest.param("2026-W06", "neither a day (2011-11-20) nor a moment", id="a week"),
        pytest.param("2026-02-30", "neither a day (2011-11-20) nor a moment", id="no day of the calendar"),
        pytest.param(
            "0001-01-01T00:00+05:00", "neither a day (2011-11-20) nor a moment", id="before all years"
        ),
        pytest.param(
            "2025-01-01",
            "Nothing was in production when 2025-01-01 ended; the first deployment was at"
            " 2026-02-01T03:00:00Z, over landing days up to 2026-02-01 (in production from 2026-02-02 by the"
            " shop's days).",
            id="too early",
        ),
    ],
)
def test_what_cannot_be_answered_is_said(nights, capsys, at, sentence):
    assert history.main([f"--at={at}"]) == 1
    assert sentence in capsys.readouterr().err


def test_a_run_repeated_with_other_lists_does_not_pass_for_what_it_was(nights, capsys):
    """The kept record of its name is the second's: going back to the first's hour would bring lists that
    nobody saw then.
    """
    second = nights.night("night-2", date(2026, 2, 3))
    nights.rows["rec_customer_items_v1"][0]["items"].pop()
    run(replace(second, now=second.now + timedelta(hours=6)), nights.land("rec_customer_items_v1"))
    assert [each.record["snapshot"] for each in deployments.read_deployments(nights.home)][2:] == [
        "night-2",
        "night-2.2",
    ]
    for when, kept in (("2026-02-03T05:00", False), ("2026-02-03T10:00", True)):
        assert history.main([f"--at={when}"]) == 0
        assert (
            ("kept: make rollback TO=night-2" in (said := capsys.readouterr().out))
            == kept
            == ("no longer" not in said)
        )
        assert rollback.main([f"--to={when}"]) == (0 if kept else 1)
        told = capsys.readouterr()
        assert ("It is no longer kept; readers see night-2" in told.err) == (not kept)
        assert ("Already in production: night-2" in told.out) == kept


def test_whoever_reads_may_stop_as_head_does(nights):
    path = nights.home / deployments.FILE
    path.write_text(path.read_text().splitlines()[-1] + "\n")
    path.write_text(path.read_text() * 3000)  # more than a pipe holds
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    module = "spark_jobs.publish.history"
    for command, ends in (
        (["-m", module], (0, "")),
        (["-c", f"from {module} import main; main([])"], (1, "BrokenPipeError")),
    ):
        asked = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert "night-2" in asked.stdout.readline()
        asked.stdout.close()
        said = asked.stderr.read()
        assert (asked.wait(timeout=60), ends[1] in said) == (ends[0], True)
        assert said == "" or ends[0] == 1, "the second is the negative control"


def test_a_home_without_a_night(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert history.main(["--at="]) == 1
    assert "Nothing has been published" in capsys.readouterr().err


def test_rules_are_kept_once_a_set_and_overrides_named(nights, tmp_path):
    digest = deployments.read_deployments(nights.home)[0].rules["digest"]
    assert [path.name for path in (nights.home / rule_files.COPIES_FOLDER).iterdir()] == [digest]
    copy = nights.home / rule_files.COPIES_FOLDER / digest / "spark_jobs" / "identify" / "rules.yml"
    assert copy.read_bytes() == (rule_files.ROOT / "spark_jobs" / "identify" / "rules.yml").read_bytes()
    other = rule_files.hash_rule_files(tmp_path) | {"spark_jobs/identify/rules.yml": "another"}
    assert rule_files.hash_rule_set(other) != digest
    pin = {
        "override_id": "o1",
        "kind": "pin",
        "item_id": "item-03",
        "customer_id": None,
        "position": 1,
        "factor": 1.0,
        "until": "2026-02-10T00:00:00+00:00",
        "created_at": "2026-02-03T00:00:00+00:00",
        "note": "",
    }
    ended = pin | {"override_id": "o0", "until": "2026-02-03T00:00:01+00:00"}
    open_override_file(nights.home).write(State(1, [pin, ended]))
    nights.rows["rec_customer_items_v1"][0]["items"][0]["score"] += 0.001
    run(nights.night("night-3", date(2026, 2, 4)), nights.land("rec_customer_items_v1"))
    assert deployments.read_deployments(nights.home)[-1].rules["overrides"] == [pin]


def test_a_night_writes_down_every_block_and_the_first_of_the_others():
    kinds = ["pin"] * (rule_files.MAX_NAMED_OVERRIDES + 1) + ["block"] * (rule_files.MAX_NAMED_OVERRIDES + 1)
    overrides = [{"override_id": f"o{n}", "kind": kind} for n, kind in enumerate(kinds)]
    chosen = rule_files.select_overrides(overrides)
    assert (
        chosen
        == overrides[: rule_files.MAX_NAMED_OVERRIDES] + overrides[rule_files.MAX_NAMED_OVERRIDES + 1 :]
    )
