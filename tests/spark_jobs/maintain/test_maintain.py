"""Tidying puts small files together and changes no row."""

from datetime import UTC, date, datetime

from expectations.contracts.lake import CORE_IDENTITIES
from spark_jobs.maintain import job
from spark_jobs.night import Days, Night
from spark_jobs.settings import Settings


def test_small_files_become_one_and_rows_stay(lake, tmp_path):
    rows = [{"identifier_id": f"i_{n:032x}", "customer_id": f"c_{n:024x}"} for n in range(6)]
    for n in range(0, 6, 2):
        lake.append_rows(rows[n : n + 2], CORE_IDENTITIES)
    version = lake.version(CORE_IDENTITIES)
    assert n_files(lake) == 3
    day = date(2026, 1, 5)
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_SOURCES": "online_retail"})
    [report] = job.run(Night("r", Days(day, day), settings, datetime(2026, 1, 5, tzinfo=UTC)), lake)
    assert report.detail == {"n_files_removed": 3, "n_files_added": 1}
    assert n_files(lake) == 1
    held = sorted(lake.read_arrow(CORE_IDENTITIES).to_pylist(), key=lambda row: row["identifier_id"])
    assert held == rows
    assert lake.read_arrow(CORE_IDENTITIES, version=version).num_rows == 6, "a reader of the old version still can"
    assert lake.changes(CORE_IDENTITIES, version, lake.version(CORE_IDENTITIES)).num_rows == 0, "and `load` has nothing to stage"


def n_files(lake) -> int:
    from deltalake import DeltaTable

    return len(DeltaTable(lake.path(CORE_IDENTITIES)).file_uris())
