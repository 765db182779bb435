"""What runs on a real account only: the statements are recorded here, since the stand-in has no swap, no
clone and no roles.
"""

import re
from contextlib import contextmanager

import pytest
import sqlglot

from expectations.contracts.lake import LAKE
from expectations.contracts.settings import SETTINGS, SettingsError
from spark_jobs.run.context import ROOT
from spark_jobs.settings import Settings
from spark_jobs.snowflake import schema_swap
from spark_jobs.snowflake.connection import SnowflakeSession, build_connection_parameters
from spark_jobs.warehouse import load_sql
from spark_jobs.warehouse.build_inputs import SOURCE_TABLES

GIVEN = {
    "account": "org-shop",
    "user": "loader",
    "warehouse": "SMALL",
    "database": "CONCIERGE",
    "schema": "MAIN",
}


class Account(SnowflakeSession):
    """A session that writes down what it is asked, and answers from two schemas' states."""

    def __init__(self, **states):
        super().__init__(None, is_stand_in=False)
        self.asked, self.states = [], states

    def run(self, sql, *values):
        self.asked.append(sql % tuple(repr(value) for value in values) if values else sql)
        if sql.startswith("alter schema"):
            self.states = {"MAIN": self.states["MAIN_BUILD"], "MAIN_BUILD": self.states.get("MAIN")}
        if sql.startswith("select run_id"):
            return [self.states[sql.split(" from ")[1].split(".")[0]]]
        if sql.startswith("create or replace table") and schema_swap.STATE_TABLE in sql:
            self.states[sql.split()[4].split(".")[0]] = values
        return []

    def list_relations(self, schema):
        marts = ("dim_items", "dim_customer_contacts", "dim_customer_values", "rpt_customer_conflicts")
        there = {**dict.fromkeys([*marts, "int_items"], "BASE TABLE"), "fct_daily": "VIEW"}
        return {**there, **({schema_swap.STATE_TABLE: "BASE TABLE"} if self.states.get(schema) else {})}


@pytest.fixture
def settings(tmp_path) -> Settings:
    given = {f"CONCIERGE_SNOWFLAKE_{name.upper()}": value for name, value in GIVEN.items()}
    given["CONCIERGE_SNOWFLAKE_PASSWORD"] = "x"
    roles = {"CONCIERGE_SNOWFLAKE_READER_ROLE": "ANALYST", "CONCIERGE_SNOWFLAKE_CONTACTS_ROLE": "CRM"}
    return Settings.from_environment(
        {
            "CONCIERGE_HOME": str(tmp_path),
            "CONCIERGE_WAREHOUSE": "snowflake",
            "CONCIERGE_SNOWFLAKE_PASSWORD": "x",
            **given,
            **roles,
        }
    )


@pytest.fixture
def account(monkeypatch):
    """A function that puts an account in the place of the connection."""

    def put(**states) -> Account:
        account = Account(**states)

        @contextmanager
        def connected(*_):
            yield account

        monkeypatch.setattr(schema_swap, "connect_to_snowflake", connected)
        return account

    return put


def test_a_night_is_built_in_a_clone_and_swapped_in(settings, account):
    night = account(MAIN=("monday", schema_swap.PUBLISHED))
    schema_swap.create_build_schema(settings, "tuesday", is_built_upon=True)
    assert night.asked[0] == "create or replace schema MAIN_BUILD clone MAIN"
    with pytest.raises(schema_swap.BuildNotFinished, match="building by tuesday"):
        schema_swap.swap_in_build(settings, "tuesday")
    schema_swap.mark_build_finished(settings, "tuesday")
    assert schema_swap.swap_in_build(settings, "tuesday")
    assert night.asked.count("alter schema MAIN swap with MAIN_BUILD") == 1
    assert night.states == {
        "MAIN": ("tuesday", schema_swap.PUBLISHED),
        "MAIN_BUILD": ("monday", schema_swap.PUBLISHED),
    }


@pytest.mark.parametrize(
    "live", [schema_swap.BUILT, schema_swap.PUBLISHED], ids=["broke off behind the swap", "done"]
)
def test_a_repeated_publish_swaps_nothing_back(settings, account, live):
    night = account(MAIN=("tuesday", live), MAIN_BUILD=("monday", schema_swap.PUBLISHED))
    assert not schema_swap.swap_in_build(settings, "tuesday")
    assert not any(sql.startswith("alter schema") for sql in night.asked)
    assert night.states["MAIN"] == ("tuesday", schema_swap.PUBLISHED)


def test_what_another_run_built_is_not_published(settings, account):
    account(MAIN=("monday", schema_swap.PUBLISHED), MAIN_BUILD=("tuesday", schema_swap.BUILT))
    with pytest.raises(
        schema_swap.BuildNotFinished, match="built by tuesday, not a finished build of wednesday"
    ):
        schema_swap.swap_in_build(settings, "wednesday")


def test_marts_are_granted_before_they_are_read_and_contacts_on_their_own(settings, account):
    said = schema_swap.format_grants(settings, "MAIN_BUILD", account().list_relations("MAIN_BUILD"))
    assert said == [
        "grant usage on schema MAIN_BUILD to role ANALYST",
        "grant usage on schema MAIN_BUILD to role CRM",
        "grant select on table MAIN_BUILD.dim_items to role ANALYST",
        "grant select on table MAIN_BUILD.dim_customer_contacts to role CRM",
        "grant select on table MAIN_BUILD.dim_customer_values to role CRM",
        "grant select on table MAIN_BUILD.rpt_customer_conflicts to role ANALYST",
        "grant select on view MAIN_BUILD.fct_daily to role ANALYST",
    ]


def test_merge_and_watermark_are_one_transaction_on_an_account():
    night = Account()
    with night.merge_transaction():
        night.run("merge")
    assert night.asked == ["begin", "merge", "commit"]
    with pytest.raises(ConnectionError), night.merge_transaction():
        raise ConnectionError
    assert night.asked[3:] == ["begin", "rollback"]


@pytest.mark.parametrize("name", SOURCE_TABLES)
def test_loads_statements_are_snowflakes(name):
    table = LAKE[name]
    for make in (
        load_sql.format_create_table,
        load_sql.format_create_staging_table,
        load_sql.format_copy_files,
        load_sql.format_merge,
        load_sql.format_insert_staged_rows,
    ):
        statement = sqlglot.parse_one(make(table), dialect="snowflake")
        assert not isinstance(statement, sqlglot.exp.Command), make.__name__
    assert sqlglot.parse_one(load_sql.CREATE_WATERMARKS, dialect="snowflake").find(sqlglot.exp.Schema)


@pytest.mark.parametrize("missing", ["account", "user", "warehouse"])
def test_a_missing_setting_is_named(missing):
    with pytest.raises(SettingsError, match=f"CONCIERGE_SNOWFLAKE_{missing.upper()} must be set"):
        build_connection_parameters({**GIVEN, "password": "x", missing: ""})


def test_a_way_to_prove_who_one_is_is_needed():
    with pytest.raises(
        SettingsError, match="CONCIERGE_SNOWFLAKE_PRIVATE_KEY_PATH or CONCIERGE_SNOWFLAKE_PASSWORD"
    ):
        build_connection_parameters(GIVEN)


def test_a_private_key_is_preferred_to_a_password():
    said = build_connection_parameters(
        {
            **GIVEN,
            "password": "x",
            "private_key_path": "/keys/shop.p8",
            "private_key_passphrase": "y",
            "role": "ETL",
        }
    )
    assert (said["private_key_file"], said["private_key_file_pwd"], said["role"]) == (
        "/keys/shop.p8",
        "y",
        "ETL",
    )
    assert "password" not in said
    assert said["network_timeout"] and said["login_timeout"]


def test_the_page_names_settings_that_exist():
    page = (ROOT / "docs" / "how-to" / "run-on-snowflake.md").read_text()
    named = set(re.findall(r"CONCIERGE_(?:SNOWFLAKE_[A-Z_]+|WAREHOUSE(?==))", page)) - {
        "CONCIERGE_SNOWFLAKE_"
    }
    assert len(named) > 8
    assert named <= set(SETTINGS)
