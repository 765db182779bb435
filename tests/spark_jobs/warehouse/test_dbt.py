"""A build that fails says which nodes failed and leaves readers what they had."""

import hashlib
from datetime import UTC, date, datetime

import duckdb
import pytest

from expectations.contracts.lake import CORE_ITEMS
from expectations.contracts.published import Published
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.warehouse.build_inputs import prepare_build
from spark_jobs.warehouse.dbt import DbtFailed, build_warehouse
from spark_jobs.warehouse.dbt_docs import write_dbt_docs
from spark_jobs.warehouse.dbt_results import describe_failure


# Over 10 s on a busy machine: dbt reads the whole project before it builds one model.
@pytest.mark.slow  # runs dbt
def test_a_failed_test_fails_the_night_and_touches_nothing_readers_have(tmp_path):
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)})
    lake, builds = Lake(settings.lake), settings.paths.warehouse_builds
    builds.mkdir(parents=True)
    with duckdb.connect(str(builds / "before.duckdb")) as file:
        file.execute("create table dim_items as select range as item_id from range(200000)")
    Published("before", "", "", "", "before.duckdb", "", "").write(tmp_path)
    bytes_before = hashlib.sha256((builds / "before.duckdb").read_bytes()).digest()
    row = {
        **dict.fromkeys(CORE_ITEMS.columns),
        "item_id": "twice",
        "is_recommendable": True,
        "is_in_stock": True,
        "is_consumable": True,
        "first_seen_at": datetime(2026, 1, 5, tzinfo=UTC),
    }
    lake.append_rows([row, row], CORE_ITEMS)
    night = RunContext(
        "tonight",
        LandingDates(date(2026, 1, 5), date(2026, 1, 5)),
        settings,
        datetime(2026, 3, 1, tzinfo=UTC),
    )

    analyst = duckdb.connect(str(builds / "before.duckdb"), read_only=True)
    answer = analyst.execute("select item_id from dim_items")
    first = answer.fetchmany(10)
    with pytest.raises(DbtFailed, match=r"test\.concierge\.is_key_stg_core__items_item_id\S*: Got 1 result"):
        build_warehouse(settings, prepare_build(night, lake), "--select", "stg_core__items")
    assert len(first) + len(answer.fetchall()) == 200_000
    analyst.close()
    assert [file.name for file in builds.iterdir()] == ["before.duckdb"]
    assert hashlib.sha256((builds / "before.duckdb").read_bytes()).digest() == bytes_before


def test_a_build_that_never_began_shows_dbts_last_words(tmp_path):
    said = describe_failure("\n".join(f"line {n}" for n in range(100)), tmp_path / "run_results.json")
    assert said.startswith("dbt did not start building:\nline 75\n")
    assert said.endswith("line 99")


def test_docs_before_the_first_night_say_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing is published yet"):
        write_dbt_docs(Settings.from_environment({"CONCIERGE_HOME": str(tmp_path)}))
