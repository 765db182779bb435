"""What is in production is made again from the log of deployments alone."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from expectations.contracts.published import Published, PublishedUnreadable
from spark_jobs.publish import restore, rollback
from spark_jobs.publish.champion import restore_champion_from_log
from spark_jobs.publish.deployments import read_deployments
from spark_jobs.publish.job import run
from spark_jobs.publish.restore import find_retained_records, restore_from_log
from spark_jobs.settings import Settings

AT = datetime(2026, 2, 9, 8, tzinfo=UTC)


@pytest.fixture
def nights(shop, monkeypatch):
    """More nights than are retained, each with another list; the newest but one is rolled back to."""
    monkeypatch.setenv("CONCIERGE_HOME", str(shop.home))
    shop.model_version = "none"
    for n in range(9):
        shop.rows["rec_customer_items_v1"][0]["items"][0]["score"] += 0.001
        lake = shop.land(*(["rec_customer_items_v1"] if n else []))
        run(shop.night(f"night-{n}", date(2026, 2, 1) + timedelta(days=n)), lake)
    rollback.roll_back(shop.home, None, AT, "odd")
    return shop


def derived(home):
    """Bytes of everything that the log decides, and where the warehouse's name leads."""
    files = [home / "published.json", *(home / "serving" / "history").iterdir()]
    return {path: path.read_bytes() for path in files}, (home / "warehouse" / "concierge.duckdb").readlink()


def test_what_was_derived_is_made_again_byte_for_byte(nights, capsys):
    before, log = derived(nights.home), read_deployments(nights.home)
    (nights.home / "published.json").unlink()
    (nights.home / "warehouse" / "concierge.duckdb").unlink()
    shutil.rmtree(nights.home / "serving" / "history")
    assert restore.main([]) == 0
    assert "In production: night-7 over landing days up to 2026-02-08 (none)." in capsys.readouterr().out
    assert derived(nights.home) == before
    assert read_deployments(nights.home) == log
    stamps = [path.stat().st_mtime_ns for path in before[0]]
    restore_from_log(nights.home)
    assert [path.stat().st_mtime_ns for path in before[0]] == stamps, "what is right is not written again"


def test_a_damaged_published_record_is_made_again(nights):
    before = derived(nights.home)
    (nights.home / "published.json").write_text("{")
    assert restore_from_log(nights.home) == Published.read_published_file(nights.home)
    assert derived(nights.home) == before


def test_a_home_older_than_the_log_gets_its_first_line(nights):
    (nights.home / "serving" / "production.jsonl").unlink()
    seen = Published.read(nights.home)
    assert restore_from_log(nights.home) == seen
    assert [(each.by, each.published) for each in read_deployments(nights.home)] == [("rollback", seen)]


def test_without_a_log_there_is_nothing_to_restore_from(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("CONCIERGE_HOME", str(tmp_path))
    assert restore.main([]) == 1
    assert "nothing has been published yet" in capsys.readouterr().err
    (tmp_path / "published.json").write_text("{")
    with pytest.raises(PublishedUnreadable):
        restore_from_log(tmp_path)
    assert restore.main([]) == 1
    assert "published.json is damaged, and no deployment is logged" in capsys.readouterr().err


def test_the_champion_follows_the_log(shop_of_two_models):
    shop, registry = shop_of_two_models
    settings = Settings.from_environment({"CONCIERGE_HOME": str(shop.home)})
    registry.set_champion(None)
    log = read_deployments(shop.home)
    assert restore_champion_from_log(settings, log, AT) == registry.champion().model_version == "concierge/2"
    assert restore_champion_from_log(settings, log, AT) is None, "it is so already"
    registry.set_champion(1)
    assert restore_champion_from_log(settings, log, AT) is None, "another one was made champion since"
    registry.set_champion(2)
    rollback.roll_back(shop.home, "night-0", AT)  # killed before its model
    log = read_deployments(shop.home)
    assert restore_champion_from_log(settings, log, AT) == registry.champion().model_version == "concierge/1"


def test_on_snowflake_a_rollback_needs_no_warehouse_file(nights, monkeypatch):
    """There records name no file; on DuckDB, the control, nothing can be rolled back to without it."""
    retained = [record.run_id for record in find_retained_records(nights.home)]
    shutil.rmtree(nights.home / "warehouse")
    assert find_retained_records(nights.home) == []
    lines = [
        replace(each, record={**each.record, "warehouse_file": ""}) for each in read_deployments(nights.home)
    ]
    monkeypatch.setattr(restore, "read_deployments", lambda home: lines)
    assert len(retained) == 7
    assert [record.run_id for record in find_retained_records(nights.home)] == retained
