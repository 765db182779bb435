"""Whatever is done to the files of a snapshot, an intact list or the stated fallback is served, and it is
said.
"""

import os
import shutil
from pathlib import Path

import pytest

from expectations.contracts import manifest
from expectations.contracts.manifest import DATA_FILE, FILE, SnapshotManifest
from expectations.contracts.published import DEPLOYMENTS, HISTORY
from serving_app.storage.published_snapshots import VERIFY_EVERY, PublishedSnapshots
from tests.serving_app.storage.snapshot_files import cut, first, folder


def flip(data):
    with data.open("r+b") as file:
        for at in range(2 * 4096, data.stat().st_size, data.stat().st_size // 40):
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 0xFF]))


def swap(data):
    shutil.copyfile(data.parent.parent / "night-1" / DATA_FILE, data)


def swap_folder(data):
    shutil.rmtree(data.parent)
    shutil.copytree(data.parent.parent / "night-1", data.parent)


def without_manifest(data):
    (data.parent / FILE).unlink()


def half_manifest(data):
    os.truncate(data.parent / FILE, 20)


HARMS = [
    (cut, "data.mdb has"),
    (flip, "is not what was written"),
    (Path.unlink, "data.mdb: No such file"),
    (swap, "is damaged"),
    (swap_folder, "is another snapshot's"),
    (without_manifest, "manifest.json is missing"),
    (half_manifest, "cannot be read"),
    (lambda data: data.write_bytes(b""), "has 0 bytes"),
    (lambda data: shutil.rmtree(data.parent), "cannot be read"),
]


@pytest.mark.parametrize(("harm", "words"), HARMS)
def test_a_damaged_snapshot_is_refused_by_name_and_yesterdays_served(home, harm, words):
    harm(folder(home, "night-2") / DATA_FILE)
    store = PublishedSnapshots(home)
    assert (store.get_current().name, first(store.get_current())) == ("night-1", "item-00")
    assert "snapshot night-2" in store.describe_problem() and words in store.describe_problem()
    assert store.describe_problem().endswith("; snapshot night-1 is served")
    assert str(home) not in store.describe_problem()


@pytest.mark.parametrize(("harm", "words"), HARMS)
def test_harm_to_what_is_being_served_changes_no_answer_and_is_told(home, clock, harm, words):
    store = PublishedSnapshots(home)
    store.verify(clock())
    served = store.get_current()
    harm(folder(home, "night-2") / DATA_FILE)
    assert store.get_current() is served and first(served) == "item-05"
    clock.move(seconds=5)
    store.verify(clock())
    assert store.get_current() is served and first(served) == "item-05"
    assert (
        "snapshot night-2" in store.describe_problem()
        and words.partition(" missing")[0] in store.describe_problem()
    )
    assert store.describe_problem().endswith("; snapshot night-2 is served")


def test_without_verifying_a_wrong_item_is_served(home, monkeypatch):
    """The negative control: it is the checksum that sees it."""
    swap(folder(home, "night-2") / DATA_FILE)
    monkeypatch.setattr(manifest.SnapshotManifest, "verify", lambda self, file: None)
    store = PublishedSnapshots(home)
    assert (store.get_current().name, first(store.get_current()), store.describe_problem()) == (
        "night-2",
        "item-00",
        "",
    )


def test_a_change_that_leaves_size_and_time_is_found_by_the_slow_pass(home, clock):
    store, data = PublishedSnapshots(home), folder(home, "night-2") / DATA_FILE
    store.verify(clock())
    before = data.stat()
    flip(data)
    os.utime(data, ns=(before.st_atime_ns, before.st_mtime_ns))
    clock.move(seconds=5)
    store.verify(clock())
    assert store.describe_problem() == "", "size and time are those of before"
    clock.time += VERIFY_EVERY
    store.verify(clock())
    assert "snapshot night-2 is damaged" in store.describe_problem()


def test_a_snapshot_that_is_put_right_is_served_again(home, clock):
    data = folder(home, "night-2") / DATA_FILE
    whole = data.read_bytes()
    cut(data)
    store = PublishedSnapshots(home)
    store.verify(clock())
    assert store.get_current().name == "night-1"
    data.write_bytes(whole)
    clock.move(seconds=5)
    store.verify(clock())
    assert (store.get_current().name, store.describe_problem()) == ("night-2", "")


def test_what_an_operator_rolled_back_from_never_stands_in(home, disk):
    disk.deploy_snapshot(home, "night-1")
    cut(folder(home, "night-1") / DATA_FILE)
    store = PublishedSnapshots(home)
    assert store.get_current() is None
    assert "snapshot night-1 is damaged" in store.describe_problem()


@pytest.mark.parametrize(
    "text", ["", "{", "[" * 100_000, "[]", '{"run_id": 1}', "\x00\xff", '{"snapshot": "../night-1"}', None]
)
def test_a_damaged_published_record(home, text):
    running = PublishedSnapshots(home)
    assert running.get_current().name == "night-2"
    if text is None:
        (home / "published.json").unlink()
    else:
        (home / "published.json").write_bytes(text.encode("latin-1"))
    for store in (running, PublishedSnapshots(home)):
        assert (store.get_current().name, first(store.get_current())) == ("night-2", "item-05")
        assert store.describe_problem().startswith(
            f"published.json is {'missing' if text is None else 'damaged'}"
        )


def test_after_a_rollback_a_damaged_published_record_does_not_undo_it(home):
    back = (home / HISTORY / "night-1.json").read_text()
    (home / DEPLOYMENTS).write_text(f'{{"by": "rollback", "record": {back}}}\n{{"torn')
    (home / "published.json").write_text("{")
    assert PublishedSnapshots(home).get_current().name == "night-1"


def test_a_file_that_may_not_be_read_takes_nothing_away(home, disk, monkeypatch):
    store = PublishedSnapshots(home)
    assert store.get_current().name == "night-2"

    def forbidden(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", forbidden)
    disk.deploy_snapshot(home, "night-1")
    assert store.get_current().name == "night-2"
    assert (
        store.describe_problem()
        == "published.json cannot be read: Permission denied; snapshot night-2 is served"
    )


def test_a_snapshot_made_before_manifests_is_read_unless_it_is_short(tmp_path, disk):
    disk.publish(tmp_path, "old", layout=2)
    (folder(tmp_path, "old") / FILE).unlink()
    assert PublishedSnapshots(tmp_path).get_current().name == "old"
    cut(folder(tmp_path, "old") / DATA_FILE)
    store = PublishedSnapshots(tmp_path)
    assert store.get_current() is None
    assert "shorter than it says" in store.describe_problem()


def test_a_manifest_names_sizes_and_never_a_path(tmp_path):
    (tmp_path / FILE).write_text("[" * 100_000)
    with pytest.raises(manifest.SnapshotDamaged) as error:
        SnapshotManifest.read(tmp_path)
    assert str(tmp_path) not in str(error.value)
