"""How Concierge reaches Snowflake: one connection, opened from the settings, and the few statements every
caller needs.

With protocol `http` the other side is a local stand-in. What it cannot do is asked for in one place each, by
`Session.is_stand_in`, and listed in docs/how-to/run-on-snowflake.md.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from expectations.contracts.settings import PREFIX, SettingsError
from spark_jobs.settings import Settings

LAKE_SCHEMA = "LAKE"  # what `load` keeps; dbt's sources
BUILD_SUFFIX = "_BUILD"  # the schema that dbt builds in
LOGIN_SECONDS = 60
# Without it the connector repeats a request that the server answers with an error for minutes. A statement
# that only takes long is polled for, and each poll has this time of its own.
NETWORK_SECONDS = 300
STAND_IN_SECONDS = 60


class SnowflakeSession:
    """One connection to Snowflake.

    Attributes:
        is_stand_in: the other side is a local stand-in, which lacks some statements.
    """

    def __init__(self, connection: Any, is_stand_in: bool) -> None:
        self.connection = connection
        self.is_stand_in = is_stand_in

    def run(self, sql: str, *values: Any) -> list[tuple]:
        """One statement's rows; `%s` in it stands for the values, quoted by the connector."""
        with self.connection.cursor() as cursor:
            return cursor.execute(sql, values or None).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All statements inside, or none of them: for rows, not for tables, whose creation commits."""
        self.run("begin")
        try:
            yield
        except BaseException:
            self.run("rollback")
            raise
        self.run("commit")

    @contextmanager
    def merge_transaction(self) -> Iterator[None]:
        """A transaction round a MERGE. The stand-in runs MERGE as several statements and refuses them in a
        transaction: there the statements stand one by one, which repeating them heals."""
        if self.is_stand_in:
            yield
            return
        with self.transaction():
            yield

    def list_relations(self, schema: str) -> dict[str, str]:
        """Each table and view of a schema, by its name in small letters, with what it is: `BASE TABLE`,
        `VIEW`.
        """
        # The stand-in lists views among views only, and keeps MAIN in small letters.
        relation_rows = self.run(
            "select table_name, table_type from information_schema.tables where upper(table_schema) = %s"
            " union select table_name, 'VIEW' from information_schema.views where upper(table_schema) = %s"
            " order by 1",
            schema.upper(),
            schema.upper(),
        )
        return {name.lower(): kind for name, kind in relation_rows}


@contextmanager
def connect_to_snowflake(settings: Settings, schema: str = LAKE_SCHEMA) -> Iterator[SnowflakeSession]:
    """A session in the settings' database, in this schema, which is made when it is not there.

    Raises:
        SettingsError: a setting that Snowflake cannot do without is empty; names it.
        snowflake.connector.Error: Snowflake refused.
    """
    parameters = build_connection_parameters(settings.snowflake)
    with warnings.catch_warnings():
        # The connector's vendored requests warns of every newer urllib3 at its import.
        warnings.filterwarnings("ignore", message=".*doesn't match a supported version")
        import snowflake.connector
    connection = snowflake.connector.connect(**parameters)
    session = SnowflakeSession(connection, parameters.get("protocol") == "http")
    try:
        session.run(f"create schema if not exists {schema}")
        session.run(f"use schema {schema}")
        yield session
    finally:
        connection.close()


def build_connection_parameters(settings: Mapping[str, str]) -> dict[str, Any]:
    """The connector's parameters; empty settings are left out. A private key is preferred to a password.

    Args:
        settings: `Settings.snowflake`.

    Raises:
        SettingsError: as `connect_to_snowflake`.
    """
    missing = [
        name for name in ("account", "user", "warehouse", "database", "schema") if not settings.get(name)
    ]
    if missing:
        names = ", ".join(f"{PREFIX}SNOWFLAKE_{name.upper()}" for name in missing)
        raise SettingsError(f"CONCIERGE_WAREHOUSE is snowflake, and {names} must be set")
    if not settings.get("private_key_path") and not settings.get("password"):
        one_of = f"{PREFIX}SNOWFLAKE_PRIVATE_KEY_PATH or {PREFIX}SNOWFLAKE_PASSWORD"
        raise SettingsError(f"CONCIERGE_WAREHOUSE is snowflake, and {one_of} must be set")
    is_stand_in = settings.get("protocol") == "http"
    parameters: dict[str, Any] = {
        name: settings[name]
        for name in ("account", "user", "role", "warehouse", "database")
        if settings.get(name)
    }
    if settings.get("private_key_path"):
        parameters["private_key_file"] = settings["private_key_path"]
        if settings.get("private_key_passphrase"):
            parameters["private_key_file_pwd"] = settings["private_key_passphrase"]
    else:
        parameters["password"] = settings["password"]
    if settings.get("host"):
        parameters |= {
            "host": settings["host"],
            "port": int(settings["port"]),
            "protocol": settings["protocol"],
        }
    return parameters | {
        "application": "concierge",
        "arrow_number_to_decimal": True,  # or money arrives as floating point
        "login_timeout": LOGIN_SECONDS,
        "network_timeout": STAND_IN_SECONDS if is_stand_in else NETWORK_SECONDS,
        "session_parameters": {
            "TIMEZONE": "UTC",
            "QUERY_TAG": "concierge",
            "CLIENT_TELEMETRY_ENABLED": False,
        },
    }
