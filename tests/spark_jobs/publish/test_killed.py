"""A publish or a rollback that is killed: readers see a whole night, a repeat heals, and every deployment has
its line in the end.
"""

import contextlib
import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from expectations.contracts import published as published_contract
from expectations.contracts import snapshot as contract
from expectations.contracts.published import Published
from spark_jobs.publish import deployments, job, retention, rollback
from spark_jobs.publish.job import run
from tests.spark_jobs.publish.conftest import published

AT = datetime(2026, 2, 9, 8, tzinfo=UTC)
SERVED = {"model_version": "concierge/4", "reason": "lift"}


def dead(*_):
    raise KeyboardInterrupt


def nights(shop, *names):
    """Runs of 2026-02-01 and the days after it, each with another list, landed when its turn comes."""
    for n, name in enumerate(names):
        shop.rows["rec_customer_items_v1"][0]["items"][0]["score"] += 0.001
        lake = shop.land(*(["rec_customer_items_v1"] if (shop.home / "published.json").exists() else []))
        shop.report(name, SERVED)
        yield shop.night(name, date(2026, 2, 1) + timedelta(days=n)), lake


def test_what_a_killed_publish_left_is_no_snapshot(shop):
    part = shop.home / "serving" / "snapshots" / ".one.part"
    part.mkdir(parents=True)
    (part / "data.mdb").write_bytes(b"torn")
    run(shop.night("one"), shop.land())
    assert contract.META in published(shop)[1]
    assert not part.exists()


@pytest.mark.parametrize("dies_at", range(6))
def test_killed_at_any_rename_readers_see_a_whole_night_and_a_repeat_heals(shop, monkeypatch, dies_at):
    run(shop.night("one"), shop.land())
    old = published(shop)
    shop.rows["rec_customer_items_v1"][0]["items"].pop()
    lake, n_renamed = shop.land("rec_customer_items_v1"), []

    def dying(rename):
        def renamed(path, target):
            if len(n_renamed) == dies_at:
                raise KeyboardInterrupt
            n_renamed.append(path)
            return rename(path, target)

        return renamed

    for name in ("rename", "replace"):
        monkeypatch.setattr(Path, name, dying(getattr(Path, name)))
    with contextlib.suppress(KeyboardInterrupt):
        run(shop.night("two"), lake)
    monkeypatch.undo()
    assert len(n_renamed) == min(dies_at, 5), (
        "snapshot, history, the published record, the warehouse's name, the summary"
    )
    seen = published(shop)
    assert seen[0].run_id == ("one" if dies_at < 3 else "two")
    assert (seen[1] == old[1]) == (dies_at < 3)
    run(shop.night("two"), lake)
    healed = published(shop)
    assert healed[0].run_id == shop.warehouse_run() == "two"
    assert healed[1] != old[1]
    assert not list((shop.home / "serving").rglob("*.part"))
    assert json.loads((shop.home / "summary.json").read_text())["published"] == asdict(healed[0])
    assert [(one.run_id, one.was) for one in deployments.read_deployments(shop.home)] == [
        ("one", ""),
        ("two", "one"),
    ]


def test_what_a_publish_killed_after_its_deployment_left_undone_is_done_by_its_repeat(shop, monkeypatch):
    monkeypatch.setattr(retention, "N_RETAINED", 1)
    run(shop.night("one"), shop.land())
    shop.rows["rec_customer_items_v1"][0]["items"].pop()
    lake = shop.land("rec_customer_items_v1")
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(job.summary, "write_summary", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        run(shop.night("two"), lake)
    assert json.loads((shop.home / "summary.json").read_text())["run_id"] == "one"
    run(shop.night("two"), lake)
    assert json.loads((shop.home / "summary.json").read_text())["run_id"] == "two"
    assert [path.name for path in (shop.home / "serving" / "snapshots").iterdir()] == ["two"]


WRITES = ("append_deployment", "write_history_record", "write_text_atomically", "link_warehouse_file")


def die_before(monkeypatch, write):
    """Let the next deployment end before one of its writes: its line, its record to roll back to, the
    published record, the warehouse's name. What is written before its line is another's, and is finished.
    """
    if write == "append_deployment":
        monkeypatch.setattr(deployments, write, dead)
        return
    module = published_contract if write == "write_text_atomically" else deployments
    logged, append, go_on = [], deployments.append_deployment, getattr(module, write)
    monkeypatch.setattr(deployments, "append_deployment", lambda *row: logged.append(append(*row)))
    monkeypatch.setattr(module, write, lambda *row: dead() if logged else go_on(*row))


def seen_by_readers(home):
    """The run that service, log and analysts see."""
    [*_, last] = deployments.read_deployments(home)
    return Published.read(home).run_id, last.run_id, (home / "warehouse" / "concierge.duckdb").readlink().stem


@pytest.mark.parametrize("write", WRITES)
def test_a_publish_killed_before_any_write_is_what_the_log_says_at_the_next_night(shop, monkeypatch, write):
    coming = nights(shop, "one", "two", "three")
    run(*next(coming))
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        die_before(killed, write)
        run(*next(coming))
    assert Published.read(shop.home).run_id == ("two" if write == "link_warehouse_file" else "one")
    is_logged = write != "append_deployment"
    assert deployments.restore_last_deployment(shop.home).run_id == ("two" if is_logged else "one")
    assert len({*seen_by_readers(shop.home)}) == 1
    run(*next(coming))
    assert seen_by_readers(shop.home) == ("three",) * 3
    lines = [
        (each.by, each.run_id, each.was, each.switched_at) for each in deployments.read_deployments(shop.home)
    ]
    between = [("publish", "two", "one", "2026-02-02T03:00:00Z")] * is_logged
    assert lines[1:] == [*between, ("publish", "three", lines[-2][1], "2026-02-03T03:00:00Z")]
    assert all(each.model == SERVED and each.rules for each in deployments.read_deployments(shop.home))


@pytest.mark.parametrize("write", [each for each in WRITES if each != "write_history_record"])
def test_a_rollback_killed_before_any_write_is_finished_when_asked_again(shop, monkeypatch, write):
    for each in nights(shop, "one", "two"):
        run(*each)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        die_before(killed, write)
        rollback.roll_back(shop.home, "one", AT, "odd")
    is_logged = write != "append_deployment"
    assert rollback.roll_back(shop.home, "one", AT, "odd").is_deployed != is_logged
    assert seen_by_readers(shop.home) == ("one",) * 3
    [*_, last] = deployments.read_deployments(shop.home)
    assert (last.by, last.run_id, last.was, last.why) == ("rollback", "one", "two", "odd")
    assert not rollback.roll_back(shop.home, "one", AT, "odd").is_deployed
    assert len(deployments.read_deployments(shop.home)) == 3


@pytest.mark.parametrize("is_restored", [True, False])
def test_another_rollback_leaves_what_the_killed_one_went_to(shop, monkeypatch, is_restored):
    for each in nights(shop, "one", "two", "three"):
        run(*each)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        die_before(killed, "write_derived_files")
        rollback.roll_back(shop.home, "two", AT, "odd")
    assert Published.read(shop.home).run_id == "three"
    if not is_restored:  # the negative control
        monkeypatch.setattr(rollback, "restore_last_deployment", Published.read)
    rollback.roll_back(shop.home, None, AT, "odder")
    lines = [
        (each.run_id, each.was, each.why)
        for each in deployments.read_deployments(shop.home)
        if each.by == deployments.ROLLBACK
    ]
    assert lines == [
        ("two", "three", "odd"),
        ("one", "two", "odder") if is_restored else ("two", "three", "odder"),
    ]
