"""Every setting: an environment variable with the prefix CONCIERGE_, its default and what it is for.

Each runtime reads its environment in one file of its own (`dags/_defaults.py`, `spark_jobs/settings.py`,
`serving_app/settings.py`) through `surroundings` and `read`, so an unknown name stops all of them with the same sentence.
"""

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "CONCIERGE_"
ENV_FILE = Path(__file__).resolve().parents[2] / ".env"


class SettingsError(ValueError):
    """The environment holds a setting that is unknown or not allowed."""


@dataclass(frozen=True)
class Setting:
    """One setting: its default as text, what it is for, and whether its value must never be shown."""

    name: str
    default: str
    about: str
    secret: bool = False


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("CONCIERGE_HOME", ".concierge", "where everything is kept; deleting it is a clean start"),
        Setting("CONCIERGE_SOURCES", "sample_shop", "sources of this home, separated by commas; one home is one shop"),
        Setting("CONCIERGE_LANDING_FROM", "", "folder of day files that `land` copies from, for sources that hand over a folder"),
        Setting(
            "CONCIERGE_IDENTITY_KEY",
            "change-me",
            "secret that identifiers are hashed with; changing it renames all",
            True,
        ),
        Setting("CONCIERGE_SPARK_MASTER", "local[*]", "where Spark runs: local[*], or spark://host:7077"),
        Setting("CONCIERGE_SPARK_MEMORY", "3g", "memory of Spark's driver"),
        Setting("CONCIERGE_WAREHOUSE", "duckdb", "duckdb or snowflake"),
        Setting("CONCIERGE_SNOWFLAKE_ACCOUNT", "", "Snowflake account identifier"),
        Setting("CONCIERGE_SNOWFLAKE_USER", "", "Snowflake user"),
        Setting("CONCIERGE_SNOWFLAKE_PASSWORD", "", "password, when no private key is given", True),
        Setting("CONCIERGE_SNOWFLAKE_PRIVATE_KEY_PATH", "", "PEM file of the private key, for key-pair authentication"),
        Setting("CONCIERGE_SNOWFLAKE_PRIVATE_KEY_PASSPHRASE", "", "passphrase of that file", True),
        Setting("CONCIERGE_SNOWFLAKE_ROLE", "", "role"),
        Setting("CONCIERGE_SNOWFLAKE_WAREHOUSE", "", "virtual warehouse"),
        Setting("CONCIERGE_SNOWFLAKE_DATABASE", "CONCIERGE", "database"),
        Setting("CONCIERGE_SNOWFLAKE_SCHEMA", "MAIN", "schema that analysts read"),
        Setting("CONCIERGE_SNOWFLAKE_READER_ROLE", "", "role that the marts are granted to, contacts left out; empty: none"),
        Setting(
            "CONCIERGE_SNOWFLAKE_CONTACTS_ROLE",
            "",
            "role of the marts with personal values (contacts, customer_values); empty: none",
        ),
        Setting("CONCIERGE_SNOWFLAKE_HOST", "", "host, for a local stand-in"),
        Setting("CONCIERGE_SNOWFLAKE_PORT", "443", "port, for a local stand-in"),
        Setting("CONCIERGE_SNOWFLAKE_PROTOCOL", "https", "https, or http for a local stand-in"),
        Setting("CONCIERGE_MLFLOW_URI", "", "MLflow tracking URI; empty: SQLite under CONCIERGE_HOME/mlflow"),
        Setting("CONCIERGE_SEED", "20260105", "seed of everything that is drawn"),
        Setting("CONCIERGE_TRAINING_DAYS", "", "newest days of behaviour models learn from, at least 12; empty: all there are"),
        Setting("CONCIERGE_SHOP_CUSTOMERS", "2000", "size of the sample shop"),
        Setting("CONCIERGE_SHOP_SEED", "7", "seed of the sample shop"),
        Setting("CONCIERGE_TASK_RETRIES", "2", "how often Airflow tries a failed task again"),
        Setting("CONCIERGE_HTTP_HOST", "127.0.0.1", "address the service listens on"),
        Setting("CONCIERGE_HTTP_PORT", "8080", "port the service listens on"),
        Setting("CONCIERGE_HTTP_WORKERS", "2", "worker processes of the service"),
        Setting("CONCIERGE_ADMIN_TOKEN", "", "bearer token that operators' calls require; empty: only from this machine", True),
    )
}


def surroundings(file: Path = ENV_FILE) -> dict[str, str]:
    """The environment, and the settings of `.env` that it does not name: the environment wins, be its value empty.

    Read here and not by make or a shell, which expand `$`, cut at `#`, and let the file win.

    Raises:
        SettingsError: a line that sets nothing; names its number and not its text, which may be a secret.
    """
    found = {}
    for number, line in enumerate(file.read_text().splitlines() if file.exists() else (), 1):
        name, is_set, value = (part.strip() for part in line.partition("="))
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not is_set:
            raise SettingsError(f"line {number} of {file} sets nothing; a line is NAME=value")
        if name.startswith(PREFIX):
            found[name] = value
    return {**found, **os.environ}


def read(environ: Mapping[str, str]) -> dict[str, str]:
    """Every setting's value, defaults filled in.

    Raises:
        SettingsError: a name that begins with CONCIERGE_ and is not a setting.
    """
    unknown = sorted(name for name in environ if name.startswith(PREFIX) and name not in SETTINGS)
    if unknown:
        near = difflib.get_close_matches(unknown[0], SETTINGS, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise SettingsError(f"unknown setting {', '.join(unknown)}{hint} Settings are listed in .env.example.")
    return {name: environ.get(name) or setting.default for name, setting in SETTINGS.items()}
