"""Overrides on disk and in memory keep the same promises, and what is on disk survives a restart."""

from datetime import timedelta

import pytest

from serving_app.http.schemas import LATEST_END
from serving_app.overrides.store import FileOverrides, MemoryOverrides
from tests.serving_app.overrides.calls import make_override


@pytest.mark.parametrize("kind", ["memory", "disk"])
class TestOverrides:
    @pytest.fixture
    def store(self, kind, tmp_path):
        return MemoryOverrides() if kind == "memory" else FileOverrides(tmp_path)

    def test_kept_as_given_oldest_first(self, store, clock):
        first, second = (
            make_override(1, clock()),
            make_override(2, clock() - timedelta(minutes=1), kind="boost", factor=2.5, customer_id="c"),
        )
        store.add(first)
        store.add(second)
        assert store.read_all() == (second, first)
        assert store.read_all() is store.read_all(), "nothing written: nothing read again"

    def test_deleted_once(self, store, clock):
        store.add(make_override(1, clock()))
        assert [store.delete("o_1"), store.delete("o_1"), store.read_all()] == [True, False, ()]

    def test_ended_ones_are_forgotten_by_the_next_write(self, store, clock):
        store.add(make_override(1, clock()))
        clock.move(minutes=59)
        store.add(make_override(2, clock(), until=LATEST_END))
        assert [one.override_id for one in store.read_all()] == ["o_1", "o_2"]
        clock.move(minutes=1)
        store.add(make_override(3, clock()))
        assert [one.override_id for one in store.read_all()] == ["o_2", "o_3"]


def test_overrides_survive_a_restart(tmp_path, clock):
    stored = make_override(1, clock())
    FileOverrides(tmp_path).add(stored)
    assert FileOverrides(tmp_path).read_all() == (stored,)
