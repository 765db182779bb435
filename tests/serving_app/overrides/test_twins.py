"""Overrides on disk and in memory keep the same promises, and what is on disk survives a restart."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from serving_app.http.schemas import LATEST_END
from serving_app.overrides import changes
from serving_app.overrides.changes import OverrideMissing, TooManyOverrides, VersionConflict
from serving_app.overrides.file_store import FileOverrides
from serving_app.overrides.store import MemoryOverrides
from serving_app.overrides.undo import plan_undo, read_former
from tests.serving_app.overrides.calls import ACTOR, add, change, delete, make_override


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
        add(store, first)
        add(store, second)
        assert store.read_all() == (second, first)
        assert store.read_all() is store.read_all(), "nothing written: nothing read again"

    def test_deleted_once(self, store, clock):
        add(store, make_override(1, clock()))
        delete(store, "o_1", clock())
        with pytest.raises(OverrideMissing):
            delete(store, "o_1", clock())
        assert store.read_all() == ()

    def test_a_change_is_of_the_version_that_was_read(self, store, clock):
        first = make_override(1, clock())
        add(store, first)
        clock.move(minutes=1)
        later = replace(first, reason="other", created_at=clock(), version=9)
        assert change(store, later, clock(), {1}).after == replace(first, reason="other", version=2)
        with pytest.raises(VersionConflict) as conflict:
            change(store, first, clock(), {1})
        assert conflict.value.version == 2
        with pytest.raises(VersionConflict):
            delete(store, "o_1", clock(), {1, 3})
        assert store.read_all() == (replace(first, reason="other", version=2),)

    def test_one_that_has_ended_cannot_be_changed_or_deleted(self, store, clock):
        add(store, make_override(1, clock()))
        clock.move(hours=1)
        with pytest.raises(OverrideMissing):
            change(store, make_override(1, clock()), clock())
        with pytest.raises(OverrideMissing):
            delete(store, "o_1", clock())

    def test_there_is_an_end_to_how_many(self, store, clock, monkeypatch):
        monkeypatch.setattr(changes, "MAX_OVERRIDES", 2)
        for number in (1, 2):
            add(store, make_override(number, clock(), until=clock() + timedelta(minutes=number)))
        with pytest.raises(TooManyOverrides):
            add(store, make_override(3, clock()))
        clock.move(minutes=1)
        add(store, make_override(3, clock()))
        assert [one.override_id for one in store.read_all()] == ["o_2", "o_3"]

    def test_every_change_is_audited_and_no_refusal(self, store, clock):
        first = make_override(1, clock())
        add(store, first)
        change(store, replace(first, factor=2.0), clock())
        with pytest.raises(VersionConflict):
            delete(store, "o_1", clock(), {1})
        delete(store, "o_1", clock())
        entries = [*store.iterate_audit()]
        assert [(entry["number"], entry["action"]) for entry in entries] == [
            (3, "deleted"),
            (2, "changed"),
            (1, "created"),
        ]
        assert [entry["before"] and entry["before"]["version"] for entry in entries] == [2, 1, None]
        assert [entry["after"] and entry["after"]["version"] for entry in entries] == [None, 2, 1]
        assert entries[0] | {"before": None} == {
            "number": 3,
            "at": "2026-02-21T12:00:00+00:00",
            "action": "deleted",
            "override_id": "o_1",
            "before": None,
            "after": None,
            "author": "MK",
            "reason": "test",
            "key_id": "k1",
            "undoes": None,
        }

    def test_an_id_is_there_once_and_an_undo_is_audited(self, store, clock):
        add(store, make_override(1, clock(), kind="pin", position=2))
        before = store.read_all()
        with pytest.raises(VersionConflict):
            add(store, make_override(1, clock()))
        delete(store, "o_1", clock())
        entry = next(store.iterate_audit())
        undoing = plan_undo(entry, read_former(entry, clock()), clock(), ACTOR)
        store.apply(undoing)
        assert [*store.read_all()] == [replace(before[0], version=2)]
        newest = next(store.iterate_audit())
        assert (newest["number"], newest["action"], newest["undoes"]) == (3, "created", 2)
        with pytest.raises(VersionConflict):
            store.apply(undoing)

    def test_ended_ones_are_forgotten_by_the_next_write(self, store, clock):
        add(store, make_override(1, clock()))
        clock.move(minutes=59)
        add(store, make_override(2, clock(), until=LATEST_END))
        assert [one.override_id for one in store.read_all()] == ["o_1", "o_2"]
        clock.move(minutes=1)
        add(store, make_override(3, clock()))
        assert [one.override_id for one in store.read_all()] == ["o_2", "o_3"]


def test_overrides_survive_a_restart(tmp_path, clock):
    stored = make_override(1, clock())
    add(FileOverrides(tmp_path), stored)
    assert FileOverrides(tmp_path).read_all() == (stored,)


def test_of_many_who_undo_at_once_one_does(tmp_path, clock):
    """Eight in two workers, each of whom read the entry before any wrote."""
    workers = [FileOverrides(tmp_path), FileOverrides(tmp_path)]
    add(workers[0], make_override(1, clock()))
    delete(workers[0], "o_1", clock())
    entry = next(workers[0].iterate_audit())
    undoing = plan_undo(entry, read_former(entry, clock()), clock(), ACTOR)
    barrier = threading.Barrier(8)

    def undo(worker):
        barrier.wait()
        try:
            worker.apply(undoing)
        except VersionConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(undo, workers * 4)) == 1
    assert [one.version for one in FileOverrides(tmp_path).read_all()] == [2]
    assert [entry["number"] for entry in FileOverrides(tmp_path).iterate_audit()] == [3, 2, 1]
