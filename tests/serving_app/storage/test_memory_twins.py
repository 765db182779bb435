"""Stores and their twins in memory keep the same promises; what is on disk survives restarts, and switches
follow at once.
"""

from datetime import timedelta

import msgpack
import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.override import Override
from serving_app.http.schemas import LATEST_END
from serving_app.overrides.index import OverrideIndex
from serving_app.overrides.store import FileOverrides, MemoryOverrides
from serving_app.storage.memory import MemorySnapshots
from serving_app.storage.snapshots import Snapshot, SnapshotUnreadable


@pytest.fixture
def disk(request):
    """The helpers of conftest, which a test module cannot import by name."""
    return next(
        plugin for plugin in request.config.pluginmanager.get_plugins() if hasattr(plugin, "switch_to")
    )


def override(number, now, **more):
    values = {
        "kind": "block",
        "item_id": "item-01",
        "customer_id": None,
        "position": 0,
        "factor": 1.0,
        "note": "why",
    }
    return Override(
        **{
            **values,
            "override_id": f"o_{number}",
            "until": now + timedelta(hours=1),
            "created_at": now,
            **more,
        }
    )


@pytest.mark.parametrize("kind", ["memory", "disk"])
class TestOverrides:
    @pytest.fixture
    def store(self, kind, tmp_path):
        return MemoryOverrides() if kind == "memory" else FileOverrides(tmp_path)

    def test_kept_as_given_oldest_first(self, store, clock):
        first, second = (
            override(1, clock()),
            override(2, clock() - timedelta(minutes=1), kind="boost", factor=2.5, customer_id="c"),
        )
        store.add(first)
        store.add(second)
        assert store.read_all() == (second, first)
        assert store.read_all() is store.read_all(), "nothing written: nothing read again"

    def test_deleted_once(self, store, clock):
        store.add(override(1, clock()))
        assert [store.delete("o_1"), store.delete("o_1"), store.read_all()] == [True, False, ()]

    def test_ended_ones_are_forgotten_by_the_next_write(self, store, clock):
        store.add(override(1, clock()))
        clock.move(minutes=59)
        store.add(override(2, clock(), until=LATEST_END))
        assert [one.override_id for one in store.read_all()] == ["o_1", "o_2"]
        clock.move(minutes=1)
        store.add(override(3, clock()))
        assert [one.override_id for one in store.read_all()] == ["o_2", "o_3"]


def test_overrides_survive_a_restart(tmp_path, clock):
    stored = override(1, clock())
    FileOverrides(tmp_path).add(stored)
    assert FileOverrides(tmp_path).read_all() == (stored,)


def test_the_index_follows_a_customer_through_a_merge(clock):
    mine, everyones, others = (
        override(1, clock(), customer_id="c_old"),
        override(2, clock()),
        override(3, clock(), customer_id="c2"),
    )
    index = OverrideIndex([mine, everyones, others], {"c_old": "c_new", "c2": "c2"}.get)
    assert index.select_for_customer("c_new") == [mine, everyones]
    assert index.select_for_customer(None) == [everyones]


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
    assert len(contract.item(long)) <= contract.MAX_KEY_BYTES
    assert contract.item(long) != contract.item(long + "x")


def test_a_snapshot_of_the_layout_before_is_read(tmp_path, disk):
    """As a roll-back does, or a service that is updated before the night."""
    old = dict(disk.pairs(layout=1))
    del old[contract.CATALOGUE]
    key = contract.audience_list(contract.POPULAR)
    old[key] = msgpack.packb((["item-02", "item-01"], [0.3, 0.1 + 0.2], [0, 1], [["fm", "knn"], []]))
    assert list(Snapshot.from_pairs("old", old.items()).read_list(key)) == [
        ("item-02", 0.3, ("fm", "knn"), None),
        ("item-01", 0.1 + 0.2, (), None),
    ]
