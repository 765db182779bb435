"""A warehouse of one's own: built from the lake, begun from the published one, which stays as it is."""

import os
from datetime import UTC, date, datetime

import duckdb
import pytest

from expectations.contracts.lake import CORE_ITEMS, OPS_DELIVERIES
from operate import dbt
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings
from spark_jobs.warehouse.development import (
    copy_published_warehouse,
    get_development_schema_name,
    plan_development_build,
)

pytestmark = pytest.mark.slow  # runs dbt


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """A home whose lake holds one item, and whose published warehouse holds one table."""
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    lake = Lake(settings.lake)
    delivery = {
        **dict.fromkeys(OPS_DELIVERIES.columns),
        "delivery_id": "d",
        "landing_date": date(2026, 1, 5),
        "n_records": 1,
    }
    lake.append_rows([delivery], OPS_DELIVERIES)
    item = {
        **dict.fromkeys(CORE_ITEMS.columns),
        "item_id": "tea",
        "is_recommendable": True,
        "is_in_stock": True,
        "is_consumable": True,
        "first_seen_at": datetime(2026, 1, 5, tzinfo=UTC),
    }
    lake.append_rows([item], CORE_ITEMS)
    settings.paths.warehouse_builds.mkdir(parents=True)
    with duckdb.connect(str(settings.paths.warehouse_builds / "one.duckdb")) as file:
        file.execute("create table published as select 1 as n")
    settings.paths.warehouse_file.symlink_to("builds/one.duckdb")
    return settings


# Over 10 s on a busy machine: dbt reads the whole project before it builds one model.
def test_one_model_is_built_beside_the_published_warehouse(settings, capfd):
    before = settings.paths.warehouse_file.read_bytes()
    assert dbt.main(["build", "-s", "+dim_items"]) == 0
    assert "The warehouse of your own" in capfd.readouterr().out
    own = settings.paths.dbt_development / "warehouse.duckdb"
    with duckdb.connect(str(own), read_only=True) as warehouse:
        assert warehouse.execute("select item_id from dim_items").fetchall() == [("tea",)]
        assert warehouse.execute("select n from published").fetchall() == [(1,)], "begun from last night's"
    assert settings.paths.warehouse_file.read_bytes() == before
    assert [file.name for file in settings.paths.warehouse_builds.iterdir()] == ["one.duckdb"]
    assert not settings.paths.dbt.exists(), "a night's own folder"


def test_it_begins_anew_when_another_night_is_published(settings):
    file = copy_published_warehouse(settings)
    with duckdb.connect(str(file)) as own:
        own.execute("create table mine as select 1 as n")
    copy_published_warehouse(settings)
    with duckdb.connect(str(file), read_only=True) as own:
        own.execute("select n from mine")
    newer = file.stat().st_mtime_ns + 1_000_000_000
    os.utime(settings.paths.warehouse_file, ns=(newer, newer))
    copy_published_warehouse(settings)
    with duckdb.connect(str(file), read_only=True) as own, pytest.raises(duckdb.CatalogException):
        own.execute("select n from mine")


def test_dbt_is_told_the_newest_landing_day_and_to_build_whole(settings):
    plan = plan_development_build(settings)
    assert (plan.dbt_inputs["as_of"], plan.dbt_inputs["changed_days"]) == ("2026-01-05", None)
    assert set(plan.dbt_inputs["lake_versions"]) == {"core_items"}


def test_an_empty_lake_is_said_to_be_empty(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert dbt.main([]) == 1
    assert "nothing has been ingested" in capsys.readouterr().err


def test_the_schema_on_snowflake_is_ones_own(monkeypatch, tmp_path):
    monkeypatch.setattr("getpass.getuser", lambda: "a.b-c")
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    assert get_development_schema_name(settings) == f"{settings.snowflake['schema']}_DEV_A_B_C"
