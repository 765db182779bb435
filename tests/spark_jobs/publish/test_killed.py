"""A publish or a rollback that is killed: readers see a whole night, a repeat heals, and every switch has its
line in the end.
"""

import contextlib
import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.published import Published
from spark_jobs.publish import deployments, job, rollback, switch
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
        "snapshot, history, the switch, the warehouse's name, the summary"
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


def test_what_a_publish_killed_behind_the_switch_left_undone_is_done_by_its_repeat(shop, monkeypatch):
    monkeypatch.setattr(switch, "N_RETAINED", 1)
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


@pytest.mark.parametrize("catches_up", [True, False])
def test_the_next_night_writes_down_the_switch_that_was_killed_before_its_line(shop, monkeypatch, catches_up):
    coming = nights(shop, "one", "two", "three")
    run(*next(coming))
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(job, "log_publish", dead)
        run(*next(coming))
    assert Published.read(shop.home).run_id == "two"
    if not catches_up:  # the negative control
        monkeypatch.setattr(job, "log_missing_deployment", lambda *_: None)
    run(*next(coming))
    lines = [
        (each.by, each.run_id, each.was, each.switched_at) for each in deployments.read_deployments(shop.home)
    ]
    between = ("publish", "two", "one", "2026-02-02T03:00:00Z")
    assert (between in lines) == catches_up
    if catches_up:
        assert lines[1:] == [between, ("publish", "three", "two", "2026-02-03T03:00:00Z")]
        assert deployments.read_deployments(shop.home)[1].model == SERVED


@pytest.mark.parametrize("catches_up", [True, False])
def test_another_rollback_writes_down_the_one_that_was_killed_before_its_line(shop, monkeypatch, catches_up):
    for each in nights(shop, "one", "two", "three"):
        run(*each)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(deployments, "append_deployment", dead)
        rollback.roll_back(shop.home, "two", AT, "odd")
    assert Published.read(shop.home).run_id == "two"
    if not catches_up:  # the negative control
        monkeypatch.setattr(deployments, "log_missing_deployment", lambda *_: None)
    rollback.roll_back(shop.home, None, AT, "odder")
    lines = [
        (each.run_id, each.was, each.why)
        for each in deployments.read_deployments(shop.home)
        if each.by == deployments.ROLLBACK
    ]
    assert lines == [("two", "three", "")] * catches_up + [("one", "two", "odder")]
    assert deployments.read_deployments(shop.home)[-1].switched_at == "2026-02-09T08:00:00Z"


def test_a_rollback_asked_for_again_by_its_name_gets_its_line_and_reason(shop, monkeypatch):
    for each in nights(shop, "one", "two"):
        run(*each)
    with monkeypatch.context() as killed, pytest.raises(KeyboardInterrupt):
        killed.setattr(deployments, "append_deployment", dead)
        rollback.roll_back(shop.home, "one", AT, "odd")
    for _ in range(2):
        assert not rollback.roll_back(shop.home, "one", AT, "odd").is_switched
        last = deployments.read_deployments(shop.home)[-1]
        assert (last.by, last.run_id, last.was, last.why) == ("rollback", "one", "two", "odd")
    assert len(deployments.read_deployments(shop.home)) == 3
