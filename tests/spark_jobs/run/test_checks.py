"""The border itself: what it lets pass, what it checks again, and that it never says a value."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from expectations.contracts.lake import CORE_EVENTS, CORE_PEOPLE, FEAT_ITEMS
from expectations.suites import SUITES
from expectations.suites.suite import Suite, expect_each_row
from spark_jobs.lake import delta_writes
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake
from spark_jobs.run import checks, launcher
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.run.manifest import record_reports
from spark_jobs.settings import Settings
from tests.spark_jobs.run.good_rows import GOOD

CANARY = "canary.person"
AT, DAY = datetime(2026, 1, 5, 9, tzinfo=UTC), timedelta(days=1)
TODAY = AT.date()


@pytest.fixture
def lake(tmp_path) -> Lake:
    """An empty lake; no check needs a session."""
    return Lake(tmp_path / "lake")


def people(*rows: dict) -> list[dict]:
    return [
        {**dict.fromkeys(CORE_PEOPLE.columns), "source": "shop", "record_id": f"r{n}", **row}
        for n, row in enumerate(rows)
    ]


def a_night(home) -> RunContext:
    day = AT.date()
    return RunContext(
        "r", LandingDates(day, day), Settings.from_environment({"CONCIERGE_HOME": str(home)}), AT
    )


def test_a_verdict_belongs_to_a_version_and_holds_no_value(lake, tmp_path, capfd, caplog):
    good = {"email": f"{CANARY}@example.test", "email_identifier_id": "i_" + "0" * 32}
    lake.replace_rows(
        people(good, {**good, "email_identifier_id": None}, {**good, "email": f"call {CANARY}"}), CORE_PEOPLE
    )
    tables = ["core_people"]
    results = checks.check_tables(lake, tables)
    with pytest.raises(checks.BorderError, match=r"core_people: email_has_its_id \(1 rows\)") as stopped:
        checks.raise_if_failed(results)
    assert "email_looks_like_one" not in str(stopped.value), "a warning stops nobody"
    record_reports(lake, a_night(tmp_path), checks.STEP, [result.report() for result in results], 0.0)
    assert checks.find_due_checks(lake, tables), (
        "a version that failed is checked until it passes or is replaced"
    )

    lake.replace_rows(people(good, {**good, "email": f"call {CANARY}"}), CORE_PEOPLE)
    passed = checks.check_tables(lake, tables)
    checks.raise_if_failed(passed)
    record_reports(lake, a_night(tmp_path), checks.STEP, [result.report() for result in passed], 0.0)
    assert not checks.find_due_checks(lake, tables)
    n_versions = lake.version(CORE_PEOPLE) + 1
    lake.replace_rows(people(good), CORE_PEOPLE)
    assert checks.find_due_checks(lake, tables), "a new version is checked"
    shutil.rmtree(lake.path(CORE_PEOPLE))
    for n in range(n_versions):
        lake.replace_rows(people(*[{**good, "email_identifier_id": None}] * (n + 1)), CORE_PEOPLE)
    assert checks.find_due_checks(lake, tables), (
        "a table made anew reaches a version that has passed before, and is checked"
    )

    printed = capfd.readouterr()
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert any("core_people: email_looks_like_one (1 rows): A till's remark" in text for text in warnings)
    said = (
        printed.out
        + printed.err
        + caplog.text
        + str(stopped.value)
        + str([result.report() for result in results + passed])
    )
    assert CANARY not in said


def event(n: int, day: date = TODAY, **change) -> dict:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    row = {**GOOD["core_events"](n), "occurred_at": at, "occurred_date": day, **change}
    return {name: row.get(name) for name in CORE_EVENTS.columns}


def append_events(lake, *rows: dict) -> None:
    delta_writes.append_rows(
        pa.Table.from_pylist(list(rows), build_arrow_schema(CORE_EVENTS)),
        lake.path(CORE_EVENTS),
        CORE_EVENTS,
    )


@pytest.fixture
def checked_events(lake, tmp_path):
    """A lake whose two days of events have passed, and a function that checks and records them again."""

    def check() -> dict[str, int | None]:
        results = checks.check_tables(lake, ["core_events"])
        record_reports(lake, a_night(tmp_path), checks.STEP, [result.report() for result in results], 0.0)
        return {each.expectation.name: each.n_rows for result in results for each in result.unmet}

    delta_writes.create_table(lake.path(CORE_EVENTS), CORE_EVENTS)
    append_events(lake, *[event(n) for n in range(3)], *[event(n, TODAY - DAY) for n in range(3, 6)])
    assert not check()
    return lake, check


def test_files_that_passed_are_not_read_again_for_a_condition_over_one_row(checked_events):
    lake, check = checked_events
    append_events(lake, event(7), event(8, event_type="hover"))
    (due,) = checks.find_due_checks(lake, ["core_events"])
    new_files = checks.list_new_files(lake, due)
    assert len(new_files) == 1 and len(lake.list_files(CORE_EVENTS)) == 3
    assert check() == {"event_type: column_values_to_be_in_set": 1}
    append_events(lake, event(9))
    assert check() == {"event_type: column_values_to_be_in_set": 1}, "what failed is new until it passes"


def test_a_key_of_a_new_file_is_looked_for_in_the_old_ones(checked_events):
    lake, check = checked_events
    append_events(lake, event(4))
    assert check() == {"event_id: column_values_to_be_unique": 2}


def test_a_warning_counts_the_rows_of_all_files(lake, tmp_path):
    """What a version was let pass with is counted whole again, in old files too."""
    good = {"crm_identifier_id": "i_" + "0" * 32}
    bad = {**good, "email": "a till's remark", "email_identifier_id": "i_" + "0" * 32}
    rows = people(bad, bad)
    for n in (1, 2, 3):
        lake.replace_rows(rows, CORE_PEOPLE) if n == 1 else lake.append_rows(rows, CORE_PEOPLE)
        results = checks.check_tables(lake, ["core_people"])
        record_reports(lake, a_night(tmp_path), checks.STEP, [result.report() for result in results], 0.0)
        found = {each.expectation.name: each.n_rows for each in results[0].unmet}
        assert found["email_looks_like_one"] == 2
        rows = [
            {**row, "record_id": f"more{n}", "crm_identifier_id": "i_" + "0" * 32} for row in people(good)
        ]


def test_a_version_whose_log_is_gone_is_checked_whole(checked_events):
    lake, check = checked_events
    append_events(lake, event(8, event_type="hover"))
    (due,) = checks.find_due_checks(lake, ["core_events"])
    assert len(checks.list_new_files(lake, due)) == 1
    later = replace(due, last_passed=replace(due.last_passed, version=due.version + 1))
    assert checks.list_new_files(lake, later) is None, "a home that was put back from a copy"
    DeltaTable(lake.path(CORE_EVENTS)).create_checkpoint()
    for version in range(due.version):
        (Path(lake.path(CORE_EVENTS)) / "_delta_log" / f"{version:020d}.json").unlink()
    assert checks.list_new_files(lake, due) is None
    assert check() == {"event_type: column_values_to_be_in_set": 1}


def test_what_cannot_be_evaluated_stops_the_night_without_quoting(lake, monkeypatch, capfd, caplog):
    """DuckDB's message of a cast that fails holds the value; the others keep their answers."""
    row = {"email": f"{CANARY}@example.test", "email_identifier_id": None}
    lake.replace_rows(people(row, {**row, "email_identifier_id": "i_" + "0" * 32}), CORE_PEOPLE)
    own = (
        expect_each_row("is_a_number", "cast(email as int) > 0", "It cannot be one."),
        expect_each_row("has_its_id", "email_identifier_id is not null", "It links nothing."),
    )
    monkeypatch.setitem(SUITES, "core_people", Suite(CORE_PEOPLE, own))
    results = checks.check_tables(lake, ["core_people"])
    unmet = {each.expectation.name: each for each in results[0].unmet}
    assert unmet["is_a_number"].could_not_run and unmet["is_a_number"].is_fatal
    assert (unmet["has_its_id"].n_rows, unmet["has_its_id"].could_not_run) == (1, False)
    assert list(unmet) == ["is_a_number", "has_its_id"]
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err + caplog.text + str([str(each) for each in unmet.values()])


def test_train_does_not_read_features_that_fail(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    monkeypatch.setattr(
        "spark_jobs.train.job.run", lambda *_: pytest.fail("train ran on features that had not passed")
    )
    flags = dict.fromkeys(("is_recommendable", "is_in_stock", "is_consumable"), False)
    Lake(tmp_path / "lake").replace_rows(
        [{**dict.fromkeys(FEAT_ITEMS.columns), "item_id": "item", **flags}], FEAT_ITEMS
    )
    assert launcher.main(["train", "--from", "2026-01-05", "--to", "2026-01-05", "--run-id", "r"]) == 1
    assert (
        "feat_items: something_may_be_served (1 rows): Every list would be empty." in capfd.readouterr().err
    )


def test_a_changed_suite_checks_again():
    suite = SUITES["core_people"]
    changed = Suite(suite.table, (*suite.own, expect_each_row("new", "true", "A rule was added.")))
    assert (
        checks.hash_suite(changed)
        != checks.hash_suite(suite)
        == checks.hash_suite(Suite(suite.table, suite.own))
    )
