"""Settings: the full list is in `.env.example`, an unknown name stops every runtime, secrets never show."""

import re
from pathlib import Path

import pytest

from expectations.contracts.settings import SETTINGS, SettingsError, load_environment, resolve_settings
from spark_jobs.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_env_example_is_the_full_list_with_the_defaults():
    said = dict(re.findall(r"^(CONCIERGE_\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert said == {name: setting.default for name, setting in SETTINGS.items()}


def test_each_is_declared_once():
    """Of two of one name the later one would hold, in silence."""
    text = "".join(path.read_text() for path in (ROOT / "expectations/contracts").glob("*setting*.py"))
    names = re.findall(r'\bSetting\(\s*"(CONCIERGE_\w+)"', text)
    assert sorted(names) == sorted(SETTINGS)
    listed = re.findall(r"^(CONCIERGE_\w+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(SETTINGS)


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(SettingsError, match=r"CONCIERGE_HOMEE.*did you mean CONCIERGE_HOME\?"):
        resolve_settings({"CONCIERGE_HOMEE": "x"})
    assert resolve_settings({"HOME": "/somewhere", "CONCIERGE_HOME": "here"})["CONCIERGE_HOME"] == "here"


def test_a_file_is_read_without_expansion_and_the_environment_wins(tmp_path, monkeypatch):
    """make read it before: it expanded `$`, cut at `#` and let the file win."""
    file = tmp_path / ".env"
    file.write_text(
        "# ours\n\nCONCIERGE_SNOWFLAKE_PASSWORD=p$w#1=$(x) 'y\nCONCIERGE_SEED ="
        " 5  # of the test\nCONCIERGE_HOME='file'\nCONCIERGE_HTTP_HOST='a #b'\nOTHER=1\n"
    )
    monkeypatch.setenv("CONCIERGE_HOME", "environment")
    monkeypatch.delenv("CONCIERGE_SEED", raising=False)
    found = load_environment(file)
    assert found["CONCIERGE_SNOWFLAKE_PASSWORD"] == "p$w#1=$(x) 'y"
    assert (found["CONCIERGE_SEED"], found["CONCIERGE_HOME"], found.get("OTHER")) == (
        "5",
        "environment",
        None,
    )
    assert found["CONCIERGE_HTTP_HOST"] == "a #b"
    monkeypatch.setenv("CONCIERGE_SEED", "")
    assert resolve_settings(load_environment(file))["CONCIERGE_SEED"] == SETTINGS["CONCIERGE_SEED"].default
    assert "include .env" not in (ROOT / "Makefile").read_text(), "make would read it in its own way"
    file.write_text("CONCIERGE_HOME=x\nnot-a-secret\n")
    with pytest.raises(SettingsError, match=r"line 2 of .*\.env sets nothing; a line is NAME=value"):
        load_environment(file)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        pytest.param(
            "CONCIERGE_WAREHOUSE",
            "oracle",
            "'oracle'; allowed: duckdb, snowflake",
            id="a warehouse nobody knows",
        ),
        pytest.param(
            "CONCIERGE_HOME",
            "/data/source=web/shop",
            r"path holds none of \[ \] =",
            id="a folder that reads as a column",
        ),
        pytest.param(
            "CONCIERGE_HOME",
            "/data/a%20b",
            r"path holds none of \[ \] =",
            id="a folder that reads as another",
        ),
        pytest.param(
            "CONCIERGE_SEED", "lucky", "'lucky'; it must be a whole number from 0 to 2147483647", id="a word"
        ),
        pytest.param("CONCIERGE_SEED", "-1", "whole number from 0", id="numpy takes no seed below 0"),
        pytest.param(
            "CONCIERGE_SHOP_SEED", "2147483648", "whole number from 0", id="LightGBM takes no larger seed"
        ),
        pytest.param(
            "CONCIERGE_SPARK_MEMORY", "lots", "a size of at least 512m.*for instance 3g", id="no size"
        ),
        pytest.param(
            "CONCIERGE_SPARK_MEMORY", "511m", "a size of at least 512m", id="less than Spark starts with"
        ),
        pytest.param(
            "CONCIERGE_SPARK_MEMORY", "3 g", "a size of at least 512m", id="a size that the JVM cannot read"
        ),
        pytest.param("CONCIERGE_TASK_RETRIES", "-1", "whole number from 0 to 10", id="fewer tries than one"),
        pytest.param(
            "CONCIERGE_SHOP_CUSTOMERS",
            "-5",
            "whole number from 20",
            id="fewer customers than the shop opens with",
        ),
        pytest.param("CONCIERGE_HTTP_PORT", "65536", "whole number from 1 to 65535", id="no port"),
        pytest.param(
            "CONCIERGE_HTTP_PORT",
            "٨٠٨٠",
            "whole number from 1 to 65535",
            id="digits that granian does not read",
        ),
        pytest.param(
            "CONCIERGE_TRAINING_DAYS", "11", "from 12 to 36500, or empty", id="too few days to test on"
        ),
        pytest.param("CONCIERGE_SPARK_MASTER", "local[0]", r"local\[\*\]", id="no core"),
        pytest.param(
            "CONCIERGE_MLFLOW_URI",
            "./mlruns",
            "sqlite:///",
            id="a file store, which MLflow refuses since 3.13",
        ),
        pytest.param(
            "CONCIERGE_SOURCES",
            "onlin_retail",
            "did you mean online_retail",
            id="a source that does not exist",
        ),
        pytest.param("CONCIERGE_SOURCES", ",", "names of sources separated by commas", id="no source"),
    ],
)
def test_a_bad_value_says_what_is_allowed(name, value, message):
    with pytest.raises(SettingsError, match=rf"{name}.*{message}"):
        Settings.from_environment({name: value})


def test_values_at_the_edge_are_taken():
    settings = Settings.from_environment(
        {
            "CONCIERGE_SPARK_MEMORY": "512M",
            "CONCIERGE_SEED": "0",
            "CONCIERGE_SPARK_MASTER": "spark://127.0.0.1:7077",
        }
    )
    assert (settings.spark_memory, settings.seed, settings.training_days) == ("512M", 0, None)


def test_every_flaw_is_told_at_once_and_every_default_has_none():
    with pytest.raises(SettingsError) as stopped:
        resolve_settings({"CONCIERGE_TASK_RETRIES": "x", "CONCIERGE_HTTP_PORT": "y"})
    assert [line.split()[0] for line in str(stopped.value).splitlines()] == [
        "CONCIERGE_TASK_RETRIES",
        "CONCIERGE_HTTP_PORT",
    ]
    assert resolve_settings({}) == {name: setting.default for name, setting in SETTINGS.items()}


@pytest.mark.parametrize(
    "name", ["CONCERGE_HOME", "CONCIERG_HOME", "CONSIERGE_HOME", "concierge_HOME", "CONCIEREG_HOME"]
)
def test_a_misspelt_prefix_is_no_silent_default(name, tmp_path):
    with pytest.raises(SettingsError, match=f"{name} is no setting.*did you mean CONCIERGE_HOME"):
        resolve_settings({name: "x"})
    (tmp_path / ".env").write_text(f"{name}=x\n")
    with pytest.raises(SettingsError, match=name):
        load_environment(tmp_path / ".env")


@pytest.mark.parametrize(
    "name", ["CONSOLE_HOME", "CONDA_PREFIX", "CONVERGE_X", "SIERGE_X", "CONCIERGE", "CONTAINER_NAME"]
)
def test_other_programs_names_are_left_alone(name):
    assert resolve_settings({name: "x"})["CONCIERGE_HOME"] == SETTINGS["CONCIERGE_HOME"].default


def test_a_name_set_twice_in_the_file_is_refused(tmp_path):
    """The later of two would have won without a word."""
    (tmp_path / ".env").write_text("CONCIERGE_ADMIN_TOKEN=secret-a\n\nCONCIERGE_ADMIN_TOKEN=secret-b\n")
    with pytest.raises(
        SettingsError, match=r"CONCIERGE_ADMIN_TOKEN is set twice .* lines 1 and 3"
    ) as stopped:
        load_environment(tmp_path / ".env")
    assert "secret" not in str(stopped.value)


def test_a_refused_uri_shows_no_password():
    with pytest.raises(SettingsError) as stopped:
        resolve_settings({"CONCIERGE_MLFLOW_URI": "postgres://mlflow:canary/p@ss@db.example/mlflow"})
    assert str(stopped.value).startswith(
        "CONCIERGE_MLFLOW_URI is 'postgres://…@db.example/mlflow'; it must be "
    )


def test_secrets_do_not_show():
    secrets = [name for name, setting in SETTINGS.items() if setting.secret]
    # a value that nearly every one of them takes, the address of a Redis server too
    canaries = {name: f"redis://canary-{name}" for name in secrets}
    canaries["CONCIERGE_SPARK_REMOTE"] = "sc://spark.example/;token=canary"
    canaries["CONCIERGE_TRIGGER_SECRETS"] = f"canary:whsec_{'canary11' * 4}"
    shown = repr(Settings.from_environment(canaries))
    assert "canary" not in shown


def test_the_environment_is_read_in_one_file_a_runtime():
    """The readers are named in the contract; everything else gets settings handed in."""
    readers = set()
    for folder in ("dags", "spark_jobs", "serving_app", "models", "segments", "sample_shop"):
        for path in (ROOT / folder).rglob("*.py"):
            asks = (
                r"environ(\.get\(|\[)\"CONCIERGE_|getenv\(\"CONCIERGE_|resolve_settings\(os\.environ|="
                r" os\.environ\b|\bload_environment\(\)"
            )
            if re.search(asks, path.read_text()):
                readers.add(str(path.relative_to(ROOT)))
    assert readers == {"dags/_defaults.py", "spark_jobs/settings.py", "serving_app/settings.py"}
