"""Settings: the full list is in `.env.example`, an unknown name stops every runtime, secrets never show."""

import re
from pathlib import Path

import pytest

from expectations.contracts.settings import SETTINGS, SettingsError, read, surroundings
from spark_jobs.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_env_example_is_the_full_list_with_the_defaults():
    said = dict(re.findall(r"^(CONCIERGE_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert said == {name: setting.default for name, setting in SETTINGS.items()}


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(SettingsError, match=r"CONCIERGE_HOMEE.*did you mean CONCIERGE_HOME\?"):
        read({"CONCIERGE_HOMEE": "x"})
    assert read({"HOME": "/somewhere", "CONCIERGE_HOME": "here"})["CONCIERGE_HOME"] == "here"


def test_a_file_is_read_to_the_letter_and_the_environment_wins(tmp_path, monkeypatch):
    """make read it before: it expanded `$`, cut at `#` and let the file win."""
    file = tmp_path / ".env"
    file.write_text("# ours\n\nCONCIERGE_SNOWFLAKE_PASSWORD=p$w#1=$(x) 'y\nCONCIERGE_SEED = 5\nCONCIERGE_HOME=file\nOTHER=1\n")
    monkeypatch.setenv("CONCIERGE_HOME", "environment")
    monkeypatch.delenv("CONCIERGE_SEED", raising=False)
    found = surroundings(file)
    assert found["CONCIERGE_SNOWFLAKE_PASSWORD"] == "p$w#1=$(x) 'y"
    assert (found["CONCIERGE_SEED"], found["CONCIERGE_HOME"], found.get("OTHER")) == ("5", "environment", None)
    monkeypatch.setenv("CONCIERGE_SEED", "")
    assert read(surroundings(file))["CONCIERGE_SEED"] == SETTINGS["CONCIERGE_SEED"].default
    assert "include .env" not in (ROOT / "Makefile").read_text(), "make would read it in its own way"
    file.write_text("CONCIERGE_HOME=x\nnot-a-secret\n")
    with pytest.raises(SettingsError, match=r"line 2 of .*\.env sets nothing; a line is NAME=value"):
        surroundings(file)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param("CONCIERGE_WAREHOUSE", "oracle", "allowed: duckdb, snowflake", id="a warehouse nobody knows"),
        pytest.param("CONCIERGE_SEED", "lucky", "must be a whole number", id="a seed that is no number"),
    ],
)
def test_a_bad_value_says_what_is_allowed(name, value, message):
    with pytest.raises(SettingsError, match=message):
        Settings.from_environment({name: value})


def test_secrets_do_not_show():
    secrets = [name for name, setting in SETTINGS.items() if setting.secret]
    shown = repr(Settings.from_environment({name: f"canary-{name}" for name in secrets}))
    assert "canary" not in shown


def test_the_environment_is_read_in_one_file_a_runtime():
    """The readers are named in the contract; everything else gets settings handed in."""
    readers = set()
    for folder in ("dags", "spark_jobs", "serving_app", "models", "segments", "sample_shop"):
        for path in (ROOT / folder).rglob("*.py"):
            asks = r"environ(\.get\(|\[)\"CONCIERGE_|getenv\(\"CONCIERGE_|read\(os\.environ|= os\.environ\b|\bsurroundings\(\)"
            if re.search(asks, path.read_text()):
                readers.add(str(path.relative_to(ROOT)))
    assert readers == {"dags/_defaults.py", "spark_jobs/settings.py", "serving_app/settings.py"}
