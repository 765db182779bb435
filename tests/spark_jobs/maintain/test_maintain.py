"""Tidying puts small files together and changes no row."""

import threading
from datetime import UTC, date, datetime

from expectations.contracts.lake import CORE_IDENTIFIERS, CORE_IDENTITIES
from spark_jobs.maintain import job
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.run.locks import step_lock
from spark_jobs.settings import Settings


def test_small_files_become_one_and_rows_stay(lake, tmp_path):
    rows = [{"identifier_id": f"i_{n:032x}", "customer_id": f"c_{n:024x}"} for n in range(6)]
    for n in range(0, 6, 2):
        lake.append_rows(rows[n : n + 2], CORE_IDENTITIES)
    version = lake.version(CORE_IDENTITIES)
    assert n_files(lake) == 3
    day = date(2026, 1, 5)
    settings = Settings.from_environment(
        {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_SOURCES": "online_retail"}
    )
    [report] = job.run(
        RunContext("r", LandingDates(day, day), settings, datetime(2026, 1, 5, tzinfo=UTC)), lake
    )
    assert report.detail == {"n_files_removed": 3, "n_files_added": 1}
    assert n_files(lake) == 1
    held = sorted(lake.read_arrow(CORE_IDENTITIES).to_pylist(), key=lambda row: row["identifier_id"])
    assert held == rows
    assert lake.read_arrow(CORE_IDENTITIES, version=version).num_rows == 6, (
        "a reader of the old version still can"
    )
    assert lake.changes(CORE_IDENTITIES, version, lake.version(CORE_IDENTITIES)).num_rows == 0, (
        "and `load` has nothing to stage"
    )


def n_files(lake) -> int:
    from deltalake import DeltaTable

    return len(DeltaTable(lake.path(CORE_IDENTITIES)).file_uris())


def test_a_night_that_waits_has_its_turn_between_two_tables(tmp_path):
    """Housekeeping held the lock for 3½ minutes of a night (2026-11-28), from its first table to its last."""
    order, night_waits = [], threading.Event()

    class Tables:
        """A lake whose every table takes so long to tidy that a step of a night comes meanwhile."""

        def exists(self, table):
            return table in (CORE_IDENTITIES, CORE_IDENTIFIERS)

        def version(self, table):
            return 0

        def compact_and_vacuum(self, table, keep_hours):
            order.append(table.name)
            night_waits.set()
            started.wait(10)
            return {}

    started = threading.Event()

    def run_step():
        night_waits.wait(10)
        lock = step_lock(tmp_path, "ingest of a night")
        started.set()
        with lock:
            order.append("ingest")

    step = threading.Thread(target=run_step)
    step.start()
    day = date(2026, 1, 5)
    settings = Settings.from_environment(
        {"CONCIERGE_HOME": str(tmp_path), "CONCIERGE_SOURCES": "online_retail"}
    )
    job.run(RunContext("r", LandingDates(day, day), settings, datetime(2026, 1, 5, tzinfo=UTC)), Tables())
    step.join()
    assert order == ["core_identifiers", "ingest", "core_identities"]
