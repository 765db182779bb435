"""Overrides on disk: whatever is done to their files, a block that was in force stays in force, or it is said
that it may not.
"""

import errno
import json
import os
import shutil
import threading
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import lmdb
import msgpack
import pytest

from expectations.contracts.override import FOLDER, Override, open_override_file, read_override_rows
from expectations.contracts.published import DEPLOYMENTS
from serving_app.overrides.file_store import FileOverrides
from serving_app.overrides.store import OverridesOutOfReach
from tests.serving_app.overrides.calls import add, delete

UNTIL = "2026-02-22T00:00:00Z"


def override(number, now, kind="block"):
    return Override(
        f"o_{number}", kind, f"item-0{number}", None, 0, 1.0, now + timedelta(hours=1), now, "why"
    )


def row(one):
    return {**asdict(one), "until": one.until.isoformat(), "created_at": one.created_at.isoformat()}


def ids(store):
    return [one.override_id for one in store.read_all()]


def cut(path):
    os.truncate(path, path.stat().st_size // 2)


def flip(path):
    path.write_bytes(path.read_bytes().replace(b"item-01", b"item-09"))


HARMS = [
    cut,
    flip,
    Path.unlink,
    lambda path: path.write_text(""),
    lambda path: path.write_text("[" * 100_000),
]
FILES = [("overrides.json",), ("overrides.copy.json",), ("overrides.json", "overrides.copy.json")]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("names", FILES, ids=["first", "copy", "both"])
def test_a_running_worker_puts_right_what_is_harmed(tmp_path, clock, harm, names):
    store, other = FileOverrides(tmp_path), FileOverrides(tmp_path)
    add(store, override(1, clock()))
    add(store, override(2, clock()))
    assert ids(other) == ["o_1", "o_2"]
    for name in names:
        harm(tmp_path / FOLDER / name)
    assert ids(store) == ["o_1", "o_2"]
    assert store.describe_problem() == ""
    assert ids(FileOverrides(tmp_path)) == ["o_1", "o_2"], "a restart finds them"
    add(other, override(3, clock()))
    assert ids(store) == ["o_1", "o_2", "o_3"]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["overrides.json", "overrides.copy.json"])
def test_a_restart_reads_the_file_that_is_whole(tmp_path, clock, harm, name):
    add(FileOverrides(tmp_path), override(1, clock()))
    harm(tmp_path / FOLDER / name)
    assert ids(FileOverrides(tmp_path)) == ["o_1"]


def test_an_older_state_put_in_place_un_holds_nothing(tmp_path, clock):
    store = FileOverrides(tmp_path)
    add(store, override(1, clock()))
    shutil.copytree(tmp_path / FOLDER, tmp_path / "older")
    add(store, override(2, clock()))
    shutil.rmtree(tmp_path / FOLDER)
    shutil.copytree(tmp_path / "older", tmp_path / FOLDER)
    assert ids(store) == ["o_1", "o_2"]
    assert ids(FileOverrides(tmp_path)) == ["o_1", "o_2"]


@pytest.mark.parametrize("harm", HARMS)
def test_when_nothing_is_left_the_last_nights_blocks_hold_and_it_is_said(tmp_path, clock, harm):
    store = FileOverrides(tmp_path)
    block, pin = override(1, clock()), override(2, clock(), kind="pin")
    add(store, block)
    add(store, pin)
    night = {"by": "publish", "rules": {"overrides": [row(block), row(pin)]}, "record": {}}
    rollback = {"by": "rollback", "rules": {"overrides": []}, "record": {}}
    damaged = '{"by": "publish", "rules": []}\n{"torn'
    (tmp_path / DEPLOYMENTS).write_text(
        "".join(json.dumps(line) + "\n" for line in (night, rollback)) + damaged
    )
    for name in ("overrides.json", "overrides.copy.json"):
        harm(tmp_path / FOLDER / name)
    fresh = FileOverrides(tmp_path)
    assert ids(fresh) == ["o_1"]
    assert fresh.describe_problem().startswith("overrides are lost: overrides.json is ")
    assert "the 1 blocks of the last night hold" in fresh.describe_problem()
    fresh.refresh()
    assert "overrides are lost" in fresh.describe_problem(), "until somebody has put it right"
    add(fresh, override(3, clock()))
    assert (ids(fresh), fresh.describe_problem()) == (["o_1", "o_3"], "")


def test_a_home_without_overrides_has_no_flaw(tmp_path):
    store = FileOverrides(tmp_path)
    assert (store.read_all(), store.describe_problem(), read_override_rows(tmp_path)) == ((), "", [])


def test_a_full_disk_is_a_503_and_changes_nothing(shop, tmp_path, monkeypatch, caplog, clock):
    store = FileOverrides(tmp_path / "disk")
    add(store, override(1, clock()))
    shop.use_stores(overrides=store)

    def refuse(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    body = {"kind": "block", "item_id": "item-02", "until": UNTIL}
    answer = shop.client.post("/v1/overrides", json=body)
    assert (answer.status_code, answer.json["type"]) == (503, "urn:concierge:problem:overrides-out-of-reach")
    assert "No space left on device" in answer.json["detail"] and str(tmp_path) not in answer.text
    assert shop.client.delete("/v1/overrides/o_1").status_code == 503
    assert ids(store) == ["o_1"]
    assert not [*(tmp_path / "disk" / FOLDER).glob(".*.part")], "no half of a file takes what room is left"
    cut(tmp_path / "disk" / FOLDER / "overrides.copy.json")
    assert ids(store) == ["o_1"]
    assert "overrides.copy.json is damaged, cannot be written back: No space left" in store.describe_problem()
    assert shop.client.get("/readyz").json["problems"] == [store.describe_problem()]
    store.refresh()
    assert caplog.text.count("what was in force holds") == 1, "not at every try"
    monkeypatch.undo()
    store.refresh()
    assert store.describe_problem() == ""
    assert shop.client.post("/v1/overrides", json=body).status_code == 201


def test_overrides_of_before_are_brought_over(tmp_path, clock):
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    with lmdb.open(str(folder)) as env, env.begin(write=True) as txn:
        txn.put(b"o_1", msgpack.packb(row(override(1, clock()))))
    assert [one["override_id"] for one in read_override_rows(tmp_path)] == ["o_1"], "a night reads them too"
    assert ids(FileOverrides(tmp_path)) == ["o_1"]
    assert {path.name for path in folder.iterdir()} == {
        "overrides.json",
        "overrides.copy.json",
        ".overrides.lock",
    }
    store = FileOverrides(tmp_path)
    delete(store, "o_1", clock())
    assert ids(FileOverrides(tmp_path)) == []


def test_out_of_reach_holds_no_path(tmp_path, clock):
    (tmp_path / "serving").write_text("a file where the folder should be")
    with pytest.raises(OverridesOutOfReach) as error:
        add(FileOverrides(tmp_path), override(1, clock()))
    assert str(tmp_path) not in str(error.value)


def test_no_request_waits_for_a_write_of_its_own_worker(tmp_path, clock, monkeypatch):
    """While it writes, another worker's change cannot come between; its own counts when it is on disk."""
    store, seen = FileOverrides(tmp_path), []
    add(store, override(1, clock()))
    sync = os.fsync

    def look_meanwhile(handle):
        reader = threading.Thread(target=lambda: seen.append(ids(store)))
        reader.start()
        reader.join(5)
        assert not reader.is_alive()
        sync(handle)

    monkeypatch.setattr(os, "fsync", look_meanwhile)
    add(store, override(2, clock()))
    assert seen and all(one == ["o_1"] for one in seen[:2])
    assert ids(store) == ["o_1", "o_2"]


def test_a_reader_that_finds_damage_does_not_wait_for_a_writer(tmp_path, clock):
    store = FileOverrides(tmp_path)
    add(store, override(1, clock()))
    cut(tmp_path / FOLDER / "overrides.copy.json")
    with open_override_file(tmp_path).writer_lock():
        assert ids(store) == ["o_1"]
        assert "what was in force holds" in store.describe_problem()
    store.refresh()
    assert store.describe_problem() == ""


def test_a_worker_that_seldom_looks_at_the_copy_knows_every_write(tmp_path, clock):
    store = FileOverrides(tmp_path)
    seldom = FileOverrides(tmp_path, look_every_seconds=3600)
    assert ids(seldom) == []
    for number in range(3):
        add(store, override(number, clock()))
        assert ids(seldom) == ids(store) and len(ids(seldom)) == number + 1
