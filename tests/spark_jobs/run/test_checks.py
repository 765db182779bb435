"""The border itself: what it lets pass, what it checks again, and that it never says a value."""

import shutil
from contextlib import nullcontext
from datetime import UTC, datetime

import pytest

from expectations.contracts.lake import CORE_PEOPLE, FEAT_ITEMS
from expectations.suites import SUITES
from expectations.suites.suite import Suite, expect_each_row
from spark_jobs.lake.tables import Lake
from spark_jobs.run import checks, launcher
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.run.gx import find_unmet_expectations
from spark_jobs.run.manifest import record_reports
from spark_jobs.settings import Settings

CANARY = "canary.person"
AT = datetime(2026, 1, 5, 9, tzinfo=UTC)


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
    assert checks.find_unchecked_tables(lake, tables), (
        "a version that failed is checked until it passes or is replaced"
    )

    lake.replace_rows(people(good, {**good, "email": f"call {CANARY}"}), CORE_PEOPLE)
    passed = checks.check_tables(lake, tables)
    checks.raise_if_failed(passed)
    record_reports(lake, a_night(tmp_path), checks.STEP, [result.report() for result in passed], 0.0)
    assert not checks.find_unchecked_tables(lake, tables)
    n_versions = lake.version(CORE_PEOPLE) + 1
    lake.replace_rows(people(good), CORE_PEOPLE)
    assert checks.find_unchecked_tables(lake, tables), "a new version is checked"
    shutil.rmtree(lake.path(CORE_PEOPLE))
    for n in range(n_versions):
        lake.replace_rows(people(*[{**good, "email_identifier_id": None}] * (n + 1)), CORE_PEOPLE)
    assert checks.find_unchecked_tables(lake, tables), (
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


@pytest.mark.parametrize("few", [True, False])
def test_what_cannot_be_evaluated_stops_the_night_without_quoting(spark, capfd, caplog, few):
    """Spark's message of a cast that fails holds the value."""
    row = people({"email": f"{CANARY}@example.test", "email_identifier_id": "i_" + "0" * 32})
    frame = spark.createDataFrame([tuple(row[0].values())], CORE_PEOPLE.schema)
    suite = Suite(
        CORE_PEOPLE, (expect_each_row("is_a_number", "cast(email as int) > 0", "It cannot be one."),)
    )
    found = find_unmet_expectations(frame, "core_people", suite.expectations, few)
    assert all(each.could_not_run and each.is_fatal for each in found) and "is_a_number" in [
        each.expectation.name for each in found
    ]
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err + caplog.text + str([str(each) for each in found])


def test_train_does_not_read_features_that_fail(spark, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    monkeypatch.setattr("spark_jobs.engine.client.open_session", lambda *_: nullcontext(spark))
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
