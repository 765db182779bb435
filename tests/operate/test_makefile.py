"""Targets that take words of their own hand on what was typed, whatever characters stand in it."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from operate.segments import split_typed

ROOT = Path(__file__).resolve().parents[2]
ODD = (
    'says "no" for $5 (`touch run-by-the-shell`, $(touch run-by-the-shell), ${HOME}, $(shell touch'
    " run-by-make)); it's #1 \\ 100% *"
)


@pytest.fixture
def make(tmp_path, monkeypatch):
    """Run a target with a Python that writes down what it is called with."""
    for name in ("ARGS", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES"):  # of the `make test` that runs this
        monkeypatch.delenv(name, raising=False)
    asked, python = tmp_path / "asked.json", tmp_path / "python"
    python.write_text(
        f"#!{sys.executable}\nimport json, sys\njson.dump(sys.argv[1:], open({str(asked)!r}, 'w'))\n"
    )
    python.chmod(0o755)

    def run(target, **given):
        typed = [f"{name}={value}" for name, value in given.items()]
        is_made = ["-o", ".venv/.ready"]  # this is no test of the setup
        subprocess.run(
            ["make", "-s", "-C", ROOT, *is_made, f"PY={python}", target, *typed], check=True, timeout=60
        )
        return json.loads(asked.read_text())

    yield run
    assert [name for name in ("run-by-the-shell", "run-by-make") if (ROOT / name).exists()] == []


def test_a_decision_as_it_was_typed(make):
    assert make(
        "decide", DECISION="split", A=f"user_id:{ODD}", B="email:a$b@x.de", REASON=ODD, BY='-O\'Neil "MK"'
    ) == [
        "-m",
        "operate.identity",
        "decide",
        "--decision=split",
        f"--a=user_id:{ODD}",
        "--b=email:a$b@x.de",
        f"--reason={ODD}",
        '--by=-O\'Neil "MK"',
    ]


def test_what_was_not_typed_is_empty(make):
    asked = make("explain", A="i_1", B=ODD)
    assert asked == ["-m", "operate.identity", "explain", "--a=i_1", f"--b={ODD}", "--as-of="]
    assert make("explain", A="i_1", B="i_2", AS_OF="2026-02-01")[-1] == "--as-of=2026-02-01"


def test_a_rollback_and_a_question_as_they_were_typed(make):
    run_id = "manual__2026-02-02T03:00:00+00:00 " + ODD
    assert make("rollback", TO=run_id, REASON=ODD) == [
        "-m",
        "spark_jobs.publish.rollback",
        f"--to={run_id}",
        f"--reason={ODD}",
    ]
    assert make("rollback") == ["-m", "spark_jobs.publish.rollback", "--to=", "--reason="]
    assert make("history", AT=ODD) == ["-m", "spark_jobs.publish.history", f"--at={ODD}"]
    assert make("rebuild", RUN=run_id) == ["-m", "spark_jobs.rebuild.rebuild_model", f"--run={run_id}"]


def test_words_about_segments_as_they_were_typed(make):
    asked = make("segments", ARGS=f"rollback lapsed --to 2 --reason {shlex.quote(ODD)}")
    assert split_typed(asked[2:]) == ["rollback", "lapsed", "--to", "2", "--reason", ODD]
    assert split_typed(make("segments")[2:]) == ["check"]


def test_a_folder_and_days_as_they_were_typed(make):
    assert make("backfill", SOURCE="s" + ODD, DATA="~/my shop's $5 days", FROM=ODD, TO="2011-12-09") == [
        "-m",
        "operate.backfill",
        f"--source=s{ODD}",
        "--data=~/my shop's $5 days",
        f"--from={ODD}",
        "--to=2011-12-09",
    ]
    assert make("backfill") == ["-m", "operate.backfill", "--source=", "--data=", "--from=", "--to="]
    assert make("leaderboard", DATA=ODD, ARGS="--only popularity,rp3beta") == [
        "-m",
        "benchmarks.leaderboard",
        ODD,
        "--only",
        "popularity,rp3beta",
    ]
    assert make("identity-model", LABELS=ODD, APPLY=1) == [
        "-m",
        "spark_jobs.linkage.reestimate",
        f"--labels={ODD}",
        "--apply",
    ]
    assert make("identity-model") == ["-m", "spark_jobs.linkage.reestimate"]


def test_a_question_in_sql_as_it_was_typed(make):
    assert make("sql", Q=ODD, FORMAT="csv") == ["-m", "operate.sql", "--format=csv", "--", ODD]
    assert make("sql") == ["-m", "operate.sql", "--format=table", "--", ""]


@pytest.mark.parametrize(
    ("target", "some"),
    [("bench", {"planted", "leaderboard", "search"}), ("soak", {"hostile"})],
    ids=["bench", "soak"],
)
def test_a_benchmark_is_run_by_its_name_and_named_where_it_is_none(make, target, some):
    assert make("bench", NAME="planted", ARGS="--to 2026-02-18") == [
        "-m",
        "benchmarks.planted",
        "--to",
        "2026-02-18",
    ]
    assert make("bench", NAME="sample_shop_lists") == ["-m", "benchmarks.sample_shop_lists"]
    assert make("soak", NAME="hostile", ARGS="--days 5") == ["-m", "benchmarks.soak.hostile", "--days", "5"]
    for typed in ([], ["NAME="], ["NAME=nonesuch"], ["NAME=*"], [f"NAME={ODD}"]):
        command = ["make", "-s", "-C", ROOT, "-o", ".venv/.ready", "PY=false", target, *typed]
        asked = subprocess.run(command, capture_output=True, text=True, timeout=60)
        said = asked.stderr.splitlines()[0]
        assert (
            asked.returncode == 2
            and said.startswith("NAME= takes one of: ")
            and "No module" not in asked.stderr
        )
        named = said.removeprefix("NAME= takes one of: ").partition(".")[0].split()
        assert some <= set(named) and not [one for one in named if one.startswith("_")]
