"""What is published is followed: at once, whole, and without making anyone wait."""

import errno
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.manifest import DATA_FILE, SnapshotManifest
from serving_app.storage import published_snapshots
from serving_app.storage.private_copy import open_private_copy
from serving_app.storage.published_snapshots import PublishedSnapshots
from tests.serving_app.storage.snapshot_files import TODAY, cut, first, folder


def test_nothing_yet_then_the_first_then_the_next_and_back(tmp_path, disk):
    store = PublishedSnapshots(tmp_path)
    assert (store.get_current(), store.describe_problem()) == (None, "nothing has been published yet")
    disk.publish(tmp_path, "night-1")
    assert (store.get_current().name, store.describe_problem()) == ("night-1", "")
    assert store.get_current() is store.get_current()
    disk.publish(tmp_path, "night-2", model_version="concierge/8")
    assert store.get_current().meta.model_version == "concierge/8"
    disk.deploy_snapshot(tmp_path, "night-1")
    assert store.get_current().name == "night-1"


def test_a_request_ends_on_the_snapshot_it_began_on(home, disk):
    store = PublishedSnapshots(home)
    held = store.get_current()
    disk.publish(home, "night-3", first=9)
    assert (first(held), first(store.get_current())) == ("item-05", "item-09")
    shutil.rmtree(folder(home, "night-2"))
    assert first(held) == "item-05", "pruned meanwhile, still readable"


@pytest.mark.parametrize("harm", ["missing", "torn", "empty", "another layout"])
def test_a_night_that_cannot_be_read_leaves_the_one_before(home, disk, harm):
    store = PublishedSnapshots(home)
    assert store.get_current().name == "night-2"
    if harm == "another layout":
        disk.publish(home, "night-3", layout=contract.LAYOUT + 1)
    elif harm != "missing":
        folder(home, "night-3").mkdir()
        (folder(home, "night-3") / DATA_FILE).write_bytes(b"" if harm == "empty" else b"torn" * 5000)
    disk.deploy_snapshot(home, "night-3", published_at="2026-02-23T03:00:00Z")
    assert store.get_current().name == "night-2"
    assert "snapshot night-3" in store.describe_problem()
    disk.deploy_snapshot(home, "night-2", published_at=TODAY)
    assert store.describe_problem() == ""


def test_no_room_for_a_copy(home, monkeypatch, clock):
    def full(**_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    store = PublishedSnapshots(home)
    assert first(store.get_current()) == "item-05"
    assert (
        "snapshot night-2 is read in place, since no copy can be made: No space left"
        in store.describe_problem()
    )
    monkeypatch.undo()
    store.verify(clock())
    assert (store.get_current().is_private, store.describe_problem()) == (True, ""), "once there is room"


def test_workers_share_one_copy_which_has_no_name(home):
    store = PublishedSnapshots(home)
    mine = os.fstat(store.get_current()._file.fileno())
    script = (
        "import os, sys; from pathlib import Path; from serving_app.storage.published_snapshots import"
        " PublishedSnapshots;snapshot ="
        " PublishedSnapshots(Path(sys.argv[1])).get_current();print(os.fstat(snapshot._file.fileno()).st_ino)"
    )
    other = subprocess.run(
        [sys.executable, "-c", script, home], cwd=Path(__file__).parents[3], capture_output=True, text=True
    )
    assert other.stdout.split() == [str(mine.st_ino)], other.stderr
    assert mine.st_nlink == 0


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path):
    data, link = tmp_path / "data", tmp_path / "verified" / "night"
    data.write_bytes(b"whole")
    check = SnapshotManifest.of("night", data).verify
    for target in (data, tmp_path / "gone", tmp_path):
        link.parent.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(target)
        with open_private_copy(data, link, check) as copy:
            assert (copy.seek(0), copy.read(), os.fstat(copy.fileno()).st_nlink) == (0, b"whole", 0)


def test_what_is_no_longer_served_is_closed(home, disk):
    def n_open():
        return len([*Path("/proc/self/fd").iterdir()])

    store, before = PublishedSnapshots(home), n_open()
    for n in range(3, 9):
        assert store.get_current()
        disk.publish(home, f"night-{n}")
    gc.collect()
    assert n_open() <= before + 3


def test_an_answer_does_not_wait_for_a_large_snapshot(home, disk, monkeypatch):
    store, may_open = PublishedSnapshots(home, patience_seconds=0.05), threading.Event()
    assert store.get_current().name == "night-2"
    real = published_snapshots.open_snapshot

    def slow(*args):
        assert may_open.wait(20)
        return real(*args)

    monkeypatch.setattr(published_snapshots, "open_snapshot", slow)
    disk.publish(home, "night-3")
    assert store.get_current().name == "night-2"
    assert store.get_current().name == "night-2", "and the next does not start again"
    may_open.set()
    store._opening.join(20)
    assert store.get_current().name == "night-3"


def test_refused_snapshots_are_not_read_again_at_every_request(home, monkeypatch):
    cut(folder(home, "night-2") / DATA_FILE)
    store, opened, real = PublishedSnapshots(home), [], published_snapshots.open_snapshot
    monkeypatch.setattr(
        published_snapshots, "open_snapshot", lambda *args: (opened.append(args), real(*args))[1]
    )
    for _ in range(5):
        store.get_current()
    assert len(opened) == 2, "the published one and the one before it, once each"
