"""`make key` and `make keys`: a key is shown once, as the last word, and never again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from operate import keys as program
from serving_app.keys.store import FileKeys

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    for name in list(os.environ):
        if name.startswith("CONCIERGE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))

    def call(*args):
        status = program.main([*args])
        out, err = capsys.readouterr()
        return status, out.strip(), err.strip()

    call.store = FileKeys(tmp_path)
    return call


def test_a_key_is_the_last_word_and_shown_once(run):
    status, out, _ = run("--name=shop", "--scopes=read, events", "--rate=50/second")
    text = out.split()[-1]
    assert status == 0 and text.startswith("ck_")
    [key] = run.store.read_all()
    assert (key.scopes, key.rate, key.name) == (("read", "events"), "50/second", "shop")
    status, out, _ = run("--list")
    assert key.key_id in out and "50/second" in out and text.rpartition("_")[2] not in out


def test_a_key_is_rotated_and_revoked(run):
    old = run("--name=shop", "--scopes=read")[1].split()[-1]
    status, out, _ = run(f"--rotate={old.split('_')[1]}", "--overlap=2")
    new = out.split()[-1]
    first, second = run.store.read_all()
    assert status == 0 and second.has_secret(new.rpartition("_")[2])
    assert (first.expires_at - second.created_at).total_seconds() == 2 * 3600
    assert run(f"--revoke={new.split('_')[1]}")[0] == 0
    assert "revoked" in run("--list")[1]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "NAME="),
        (["--name=shop"], "SCOPES="),
        (["--name=shop", "--scopes=read,all"], "SCOPES="),
        (["--name=shop", "--scopes=read", "--kind=browser"], "ORIGINS="),
        (["--name=shop", "--scopes=read", "--expires=soon"], "EXPIRES="),
        (["--name=shop", "--scopes=read", "--expires=2020-01-01"], "EXPIRES="),
        (["--name=shop", "--scopes=read", "--source=elsewhere"], "sample_shop"),
        (["--rotate=none"], "no valid key"),
        (["--revoke=none"], "no valid key"),
        (["--rotate=none", "--overlap=a"], "OVERLAP="),
        (["--rotate=none", "--overlap=9999"], "OVERLAP="),
    ],
)
def test_what_cannot_be_done(run, args, words):
    status, out, err = run(*args)
    assert (status, out) == (2, "") and words in err
    assert run.store.read_all() == ()


def test_a_damaged_copy_hides_no_key(run, tmp_path):
    key_id = run("--name=shop", "--scopes=read")[1].split()[-1].split("_")[1]
    (tmp_path / "serving" / "keys" / "keys.copy.json").write_text("{")
    listed = run("--list")[1].splitlines()
    assert listed[1].startswith(key_id) and "keys.copy.json is damaged" in listed[2]
    assert run(f"--revoke={key_id}")[0] == 0
    assert "damaged" not in run("--list")[1]


def test_damaged_keys_are_not_written_over(run, tmp_path):
    run("--name=shop", "--scopes=read")
    for path in (tmp_path / "serving" / "keys").glob("*.json"):
        path.write_text("{")
    status, _, err = run("--name=other", "--scopes=read")
    assert status == 2 and "put one of the files back" in err
    assert "damaged" in run("--list")[1]


def test_make_prints_the_key_as_its_last_word(tmp_path):
    environment = {
        **os.environ,
        "CONCIERGE_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "READY": "",
        "PY": sys.executable,
    }
    run = subprocess.run(
        ["make", "-s", "READY=", f"PY={sys.executable}", "key", 'NAME=shop $(x) "y"', "SCOPES=read"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert run.returncode != 0 and "NAME=" in run.stderr
    run = subprocess.run(
        ["make", "-s", "READY=", f"PY={sys.executable}", "key", "NAME=the shop", "SCOPES=read"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert FileKeys(tmp_path).read_all()[0].has_secret(run.stdout.split()[-1].rpartition("_")[2])
