"""`make sql`: what is asked for on the command line ends with an exit code that a script may trust."""

import duckdb
import pytest

from expectations.contracts.lake import OPS_RUNS
from operate import sql
from spark_jobs.tables import Lake


@pytest.fixture
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    (tmp_path / "warehouse").mkdir()
    with duckdb.connect(str(tmp_path / "warehouse" / "concierge.duckdb")) as warehouse:
        warehouse.execute("create table dim_segments as select 'all' as segment_id")
    return tmp_path


def test_an_answer_is_printed_and_an_error_fails(home, capsys):
    assert sql.main(["select * from dim_segments"]) == 0
    assert "all" in capsys.readouterr().out
    assert sql.main(["select * from dim_segmnets"]) == 1
    assert "dim_segmnets does not exist" in capsys.readouterr().err
    assert sql.main(["drop table dim_segments"]) == 1, "read-only"


def test_a_home_on_snowflake_says_where_to_ask(home, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_WAREHOUSE", "snowflake")
    monkeypatch.setenv("CONCIERGE_SNOWFLAKE_ACCOUNT", "acme-eu")
    assert sql.main([]) == 1
    assert "CONCIERGE.MAIN of the Snowflake account acme-eu" in capsys.readouterr().err


def test_the_run_manifest_is_read_beside_the_marts(home, capsys):
    rows = [{**dict.fromkeys(OPS_RUNS.columns), "run_id": "r", "step": "land", "table_name": "landing/shop"}]
    Lake(home / "lake").append_rows(rows, OPS_RUNS)
    assert sql.main(["select step, table_name from ops_runs"]) == 0
    assert "landing/shop" in capsys.readouterr().out
