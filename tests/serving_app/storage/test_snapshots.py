"""A snapshot as the service reads it: in memory, of the layout before, and what is none."""

import msgpack
import pytest

from expectations.contracts import snapshot as contract
from serving_app.storage import snapshots
from serving_app.storage.memory import MemorySnapshots
from serving_app.storage.snapshots import Snapshot, SnapshotUnreadable


@pytest.fixture
def disk(request):
    """The helpers of conftest, which a test module cannot import by name."""
    return next(
        plugin for plugin in request.config.pluginmanager.get_plugins() if hasattr(plugin, "deploy_snapshot")
    )


def test_the_twin_in_memory(disk):
    twin = MemorySnapshots()
    assert (twin.get_current(), twin.describe_problem()) == (None, "nothing has been published yet")
    twin.publish(Snapshot.from_pairs("night-1", disk.pairs()))
    assert (twin.get_current().name, twin.describe_problem()) == ("night-1", "")


@pytest.mark.parametrize(
    "content", [{}, {contract.META: b"\xc1"}, {contract.META: contract.ListVocabulary().pack([], [], [])}]
)
def test_what_is_no_snapshot_is_refused(content):
    with pytest.raises(SnapshotUnreadable):
        Snapshot.from_pairs("x", content.items())


def test_a_key_of_any_length_is_found(tmp_path):
    long = "item-" + "é" * 600
    assert len(contract.get_item_key(long)) <= contract.MAX_KEY_BYTES
    assert contract.get_item_key(long) != contract.get_item_key(long + "x")


def test_a_snapshot_of_the_layout_before_is_read(tmp_path, disk):
    """As a roll-back does, or a service that is updated before the night."""
    old = dict(disk.pairs(layout=1))
    del old[contract.CATALOGUE]
    key = contract.get_audience_list_key(contract.POPULAR)
    old[key] = msgpack.packb((["item-02", "item-01"], [0.3, 0.1 + 0.2], [0, 1], [["fm", "knn"], []]))
    assert list(Snapshot.from_pairs("old", old.items()).read_list(key)) == [
        ("item-02", 0.3, ("fm", "knn"), None),
        ("item-01", 0.1 + 0.2, (), None),
    ]


def test_the_items_that_a_worker_remembers_are_bounded(disk, monkeypatch):
    monkeypatch.setattr(snapshots, "MAX_CACHED_ITEMS", 3)
    snapshot = Snapshot.from_pairs("night-1", disk.pairs())
    for n in (*range(40), *range(5)):
        assert snapshot.read_item(f"item-{n:02d}").title == f"Item {n}"
        assert len(snapshot._items) <= 3
    assert snapshot.read_item("item-99") is None
