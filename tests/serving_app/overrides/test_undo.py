"""Changes of overrides taken back from their entries in the audit log."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.override import PIN, encode_override
from serving_app.http.problems import UndoBlocked
from serving_app.overrides.changes import apply_change
from serving_app.overrides.store import MemoryOverrides
from serving_app.overrides.undo import find_entry, mark_undoable, plan_undo, read_former
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NOW, REGULAR, pairs
from tests.serving_app.overrides.calls import ACTOR, add, change, delete, make_override
from tests.serving_app.overrides.test_views import UNTIL, create, patch, shown

PIN_FOR_VIPS = {"kind": "pin", "item_id": "item-30", "segment_id": "vip", "placement": "home"}


def undo(shop, number, **more):
    return shop.client.post(f"/v1/overrides/audit/{number}/undo", json={"author": "MK", **more})


def read_audit(shop, **query):
    return shop.client.get("/v1/overrides/audit", query_string=query).json["entries"]


def read_states(shop):
    return [encode_override(one) for one in shop.overrides.read_all()]


def test_a_pin_is_taken_back_and_both_are_in_the_audit_log(shop):
    override_id = create(shop, **PIN_FOR_VIPS, reason="launch")["override_id"]
    visit = {"customer_id": REGULAR, "placement": "home", "n": 3}
    assert shown(shop, **visit)[0] == "item-30" and "item-30" not in shown(shop, n=3, placement="home")
    answer = undo(shop, 1, reason="too early")
    assert (answer.status_code, answer.text) == (204, "")
    assert "item-30" not in shown(shop, **visit)
    newest, oldest = read_audit(shop, override_id=override_id)
    assert (newest["action"], newest["undoes"], newest["reason"]) == ("deleted", 1, "too early")
    assert (newest["author"], newest["key_id"]) == ("MK", "local")
    assert (oldest["action"], oldest["undoes"], oldest["reason"]) == ("created", None, "launch")
    assert (newest["can_be_undone"], oldest["can_be_undone"]) == (True, False)


def test_a_change_is_taken_back_to_what_was_before(shop):
    override_id = create(shop, item_id="item-01")["override_id"]
    [before] = read_states(shop)
    shop.clock.move(minutes=5)
    assert patch(shop, override_id, item_id="item-02", priority=7).status_code == 200
    answer = undo(shop, 2)
    assert (answer.status_code, answer.json["version"], answer.headers["ETag"]) == (200, 3, '"3"')
    assert read_states(shop) == [before | {"version": 3}]


def test_what_was_deleted_is_there_again_with_its_id_and_a_new_version(shop):
    override_id = create(shop, **PIN_FOR_VIPS)["override_id"]
    [before] = read_states(shop)
    shop.clock.move(minutes=5)
    assert shop.client.delete(f"/v1/overrides/{override_id}").status_code == 204
    assert undo(shop, 2).json["override_id"] == override_id
    assert read_states(shop) == [before | {"version": 2}], "who read the first has not seen it was gone"
    assert undo(shop, 3).status_code == 204, "and that is taken back as well"
    assert read_states(shop) == []


def test_something_newer_stands_in_the_way(shop):
    override_id = create(shop)["override_id"]
    patch(shop, override_id, item_id="item-02")
    refused = undo(shop, 1)
    assert (refused.status_code, refused.json["type"]) == (409, "urn:concierge:problem:cannot-undo")
    assert refused.json["entry"] == 2 and "Entry 2 has come after it" in refused.json["detail"]
    undo(shop, 2)
    assert "Entry 3 has taken it back already" in undo(shop, 2).json["detail"]
    assert [one["item_id"] for one in read_states(shop)] == ["item-01"]


def test_what_has_ended_is_not_taken_back(shop):
    create(shop)
    shop.clock.move(days=2)
    refused = undo(shop, 1)
    assert (refused.status_code, refused.json["detail"][:16]) == (409, "It has ended by ")
    assert [one["can_be_undone"] for one in read_audit(shop)] == [False]


def test_an_item_that_is_gone_is_not_pinned_again(shop):
    override_id = create(shop, kind="pin", item_id="item-39")["override_id"]
    shop.client.delete(f"/v1/overrides/{override_id}")
    gone = {key: value for key, value in pairs() if not key.endswith(b"item-39")}
    shop.snapshots.publish(Snapshot.from_pairs("night-2", gone.items()))
    refused = undo(shop, 2)
    assert (refused.status_code, refused.json["detail"]) == (422, "No item has this item_id.")
    assert len(read_audit(shop)) == 2 and read_states(shop) == []


def test_a_dry_run_takes_nothing_back(shop):
    create(shop, kind="pin", item_id="item-30")
    answer = shop.client.post("/v1/overrides/audit/1/undo?dry_run=true", json={})
    assert answer.json["is_dry_run"] and answer.json["effect"]["stranger"]["before"][0] == "item-30"
    assert len(read_states(shop)) == 1 and len(read_audit(shop)) == 1


@pytest.mark.parametrize(
    ("number", "body", "status"),
    [
        (9, {}, 404),
        (0, {}, 404),
        ("x", {}, 404),
        ("9" * 5000, {}, 404),
        (1, {"until": UNTIL}, 400),
        (1, [], 400),
    ],
)
def test_what_is_not_understood_takes_nothing_back(shop, number, body, status):
    create(shop)
    answer = shop.client.post(f"/v1/overrides/audit/{number}/undo", json=body)
    assert answer.status_code == status and len(read_states(shop)) == 1


def test_of_two_who_take_back_at_once_one_is_told(shop, monkeypatch):
    override_id = create(shop)["override_id"]
    [entry] = shop.overrides.iterate_audit()
    shop.client.delete(f"/v1/overrides/{override_id}")
    monkeypatch.setattr(shop.overrides, "iterate_audit", lambda: iter([entry]))  # read before the deletion
    refused = undo(shop, 1)
    assert (refused.status_code, refused.json["detail"][:13]) == (409, "Somebody else")


STEPS = st.lists(st.tuples(st.sampled_from("acdu"), st.integers(0, 3)), max_size=12)


@settings(max_examples=60)
@given(STEPS)
def test_what_may_be_undone_is_as_before(steps):
    """Of any course of changes: each entry that says so leads back to what was before it, all others are
    refused.
    """
    store, histories = MemoryOverrides(), []
    for step, number in steps:
        there = {one.override_id: one for one in store.read_all()}
        before = store.read_all()
        override_id = f"o_{number}"
        if step == "a" and override_id not in there:
            add(store, make_override(number, NOW, kind=PIN, position=1))
        elif step == "c" and override_id in there:
            one = there[override_id]
            change(store, make_override(number, NOW, kind=PIN, position=one.version + 1), NOW)
        elif step == "d" and override_id in there:
            delete(store, override_id, NOW)
        elif step == "u" and histories and find_undoable(store):
            entry = find_undoable(store)[0]
            store.apply(plan_undo(entry, read_former(entry, NOW), NOW, ACTOR))
        else:
            continue
        histories.append(before)
    undoable = {entry["number"] for entry in find_undoable(store)}
    for entry in list(store.iterate_audit()):
        if entry["number"] not in undoable:
            with pytest.raises(UndoBlocked):
                find_entry(store.iterate_audit(), entry["number"])
            continue
        found = find_entry(store.iterate_audit(), entry["number"])
        undone = apply_change(store.read_all(), plan_undo(found, read_former(found, NOW), NOW, ACTOR))
        now = {one.override_id: one for one in undone.overrides}.get(entry["override_id"])
        then = {one.override_id: one for one in histories[entry["number"] - 1]}.get(entry["override_id"])
        assert strip(now) == strip(then)


def find_undoable(store):
    return [entry for entry in mark_undoable(store.iterate_audit(), NOW) if entry["can_be_undone"]]


def strip(override):
    return override and {**encode_override(override), "version": 0}
