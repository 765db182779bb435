"""A few rows of a log that grows are read without the rest of it."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, TableFeatures

from expectations.contracts.lake import OPS_RUNS
from expectations.contracts.tables import ContractError
from spark_jobs.lake.queries import open_database, run_query
from spark_jobs.lake.tables import Lake

STEPS = ("ingest", "validate", "it's one")


@pytest.fixture
def lake(tmp_path) -> Lake:
    """A lake whose `ops_runs` has six nights of three steps, an append each."""
    lake = Lake(tmp_path / "lake")
    for night in range(6):
        for step in STEPS:
            row = {
                **dict.fromkeys(OPS_RUNS.columns),
                "run_id": f"night{night}",
                "step": step,
                "table_name": "core_events",
                "version_after": night,
                "finished_at": datetime(2026, 1, 1 + night, tzinfo=UTC),
                "touched_dates": [date(2026, 1, 1)],
                "detail": "{}" if night else None,
            }
            lake.append_rows([row], OPS_RUNS)
    return lake


@pytest.mark.parametrize(
    "matches",
    [
        {"step": ["validate"]},
        {"step": ["validate", "it's one"], "run_id": ["night3", "night5"]},
        {"detail": None, "step": ["ingest"]},
        {"step": ["no such step"]},
        {},
    ],
)
def test_matching_rows_are_those_of_a_filter(lake, matches):
    columns = list(OPS_RUNS.columns)
    everything = lake.read_arrow(OPS_RUNS).to_pylist()
    expected = [
        row
        for row in everything
        if all(
            row[name] is None if values is None else row[name] in values for name, values in matches.items()
        )
    ]
    found = lake.read_matching(OPS_RUNS, columns, matches)
    assert found.schema.types == lake.read_arrow(OPS_RUNS).schema.types
    by_time = [("finished_at", "ascending"), ("step", "ascending")]
    assert (
        found.sort_by(by_time).to_pylist()
        == pa.Table.from_pylist(expected, found.schema).sort_by(by_time).to_pylist()
    )


def test_files_that_statistics_rule_out_are_not_opened(lake):
    """One night's file is left: the others are not missed, until they are asked for."""
    kept = {
        file for file in lake.list_files(OPS_RUNS) if pq.read_table(file)["run_id"].to_pylist() == ["night3"]
    }
    for file in set(lake.list_files(OPS_RUNS)) - kept:
        (lake.root / OPS_RUNS.name / file).unlink()
    found = lake.read_matching(OPS_RUNS, ["step"], {"run_id": ["night3"]})
    assert sorted(found["step"].to_pylist()) == sorted(STEPS)
    with pytest.raises(Exception, match=r"not found|No such file"):
        lake.read_matching(OPS_RUNS, ["step"], {"run_id": ["night2"]})


def test_a_table_that_was_never_written_has_no_rows(tmp_path):
    found = Lake(tmp_path).read_matching(OPS_RUNS, ["step", "version_after"], {"step": ["ingest"]})
    assert found.num_rows == 0 and found.column_names == ["step", "version_after"]


@pytest.mark.parametrize("folder", ["a shop", "50 %", "Müller's"])
def test_a_homes_folder_may_have_any_name(tmp_path, folder):
    lake = Lake(tmp_path / folder / "lake")
    lake.append_rows([{**dict.fromkeys(OPS_RUNS.columns), "run_id": "r"}], OPS_RUNS)
    with open_database() as con:
        lake.create_view(con, OPS_RUNS)
        assert run_query(con, "select run_id from ops_runs").to_pylist() == [{"run_id": "r"}]
    assert lake.scan_files(OPS_RUNS).count_rows() == 1


def test_files_that_are_not_the_tables_rows_are_refused(lake):
    """Of a file with a deletion vector beside it deleted rows would come back."""
    assert len(lake.list_files(OPS_RUNS)) == 18
    feature = TableFeatures.DeletionVectors
    DeltaTable(lake.path(OPS_RUNS)).alter.add_feature(feature, allow_protocol_versions_increase=True)
    with pytest.raises(ContractError, match=r"ops_runs: .* deletionVectors"):
        lake.list_files(OPS_RUNS)
