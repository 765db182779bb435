"""The store of item changes: twins are alike, workers see each other's writes, damage shows nothing more."""

import os
import shutil
import threading
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.snapshot import ItemFacts
from serving_app.catalogue import lmdb_store
from serving_app.catalogue.changes import UNREADABLE, apply_change, merge_change, pack_change, unpack_change
from serving_app.catalogue.current_items import CurrentItems
from serving_app.catalogue.lmdb_store import LmdbItemChanges
from serving_app.catalogue.store import ChangesOutOfReach, MemoryItemChanges, NewChange
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import pairs

MUG = ItemFacts(
    "Mug", "Mugs", "Acme", 2.5, "EUR", None, True, True, updated_at="1970-01-01T00:00:00.000050+00:00"
)
values = st.fixed_dictionaries(
    {},
    optional={
        "price": st.none() | st.sampled_from([1.0, 2.0]),
        "n_stock": st.none() | st.integers(0, 2),
        "is_in_stock": st.none() | st.booleans(),
        "is_recommendable": st.none() | st.booleans(),
    },
).filter(bool)
changes = st.lists(
    st.builds(NewChange, st.sampled_from(["item-00", "item-01"]), values, st.integers(0, 100)), max_size=6
)


def stock(item_id, n_stock, at=1):
    return NewChange(item_id, {"n_stock": n_stock}, at)


@given(changes)
def test_each_field_has_its_newest_word(sent):
    """Against a plain replay: sort by time, keep the order of receipt among equals, the last one wins."""
    known = {}
    for one in sent:
        known[one.item_id] = merge_change(known.get(one.item_id, {}), one.values, one.at)
    for item_id, change in known.items():
        expected = {}
        for one in sorted((one for one in sent if one.item_id == item_id), key=lambda one: one.at):
            told = dict(one.values)
            if "n_stock" in told and "is_in_stock" not in told:
                told["is_in_stock"] = None if told["n_stock"] is None else told["n_stock"] > 0
            expected |= {name: (value, one.at) for name, value in told.items()}
        assert change == expected


@given(values, st.integers(0, 100))
def test_a_change_holds_unless_the_record_is_newer(told, at):
    change = merge_change({}, told, at)
    item = apply_change(MUG, change, published_at=1_000)
    for name, word in change.items():
        is_in_force = word.value is not None and at >= 50
        assert getattr(item, name) == (word.value if is_in_force else getattr(MUG, name))


def test_a_packed_change_that_was_overwritten_hides_the_item():
    packed = pack_change(b"/mug", {"price": (3.0, 7)})
    assert unpack_change(b"/mug", packed) == {"price": (3.0, 7)}
    for damaged in (packed[:-1], packed[:-1] + b"x", b"", packed[::-1]):
        assert unpack_change(b"/mug", damaged) == UNREADABLE
    assert unpack_change(b"/other", packed) == UNREADABLE
    assert not apply_change(MUG, UNREADABLE, published_at=10**18).may_be_shown


@settings(max_examples=25, deadline=None)
@given(st.lists(changes, max_size=4))
def test_twins(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("twins") / "item_changes"
    disk, other, memory = LmdbItemChanges(folder), LmdbItemChanges(folder), MemoryItemChanges()
    for batch in batches:
        assert disk.record(batch) == memory.record(batch)
        for item_id in ("item-00", "item-01", "item-02"):
            assert disk.read(item_id) == memory.read(item_id) == other.read(item_id)
    assert (disk.get_newest_number() == 0) == (memory.get_newest_number() == 0)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "item_changes"


@pytest.fixture
def snapshot():
    return Snapshot.from_pairs("night-1", pairs())


def test_each_worker_remembers_and_forgets(folder, snapshot, monkeypatch):
    monkeypatch.setattr(lmdb_store, "N_NEWEST", 3)
    writer, reads = LmdbItemChanges(folder), count()
    store = LmdbItemChanges(folder)
    read = store.read
    monkeypatch.setattr(store, "read", lambda item_id: (next(reads), read(item_id))[1])
    items = CurrentItems(store)

    def ask(*numbers):
        read_item = items.get_reader(snapshot)
        return [read_item(f"item-{n:02d}").n_stock for n in numbers]

    assert ask(1, 2) == [None, None] and next(reads) == 0, "there is no store yet, and nothing is asked"
    writer.record([stock("item-01", 4)])
    assert ask(1, 2) == [4, None]
    assert ask(1, 2) == [4, None] and next(reads) == 3, "each was read once"
    writer.record([stock("item-02", 5, at=2)])
    assert ask(1, 2) == [4, 5] and next(reads) == 5, "only what changed is read anew"
    writer.record([stock(f"item-{n:02d}", n, at=3) for n in (1, 3, 4, 5, 6)])
    assert ask(1, 2, 6) == [1, 5, 6], "more changes than are told one by one"
    assert items.get_reader(snapshot)("item-99") is None


def test_a_change_while_an_answer_is_made_is_known_to_the_next(folder, snapshot):
    store = LmdbItemChanges(folder)
    store.record([stock("item-01", 4)])
    items = CurrentItems(store)
    read_item = items.get_reader(snapshot)
    store.record([stock("item-02", 0, at=2)])
    read_item("item-02")  # remembered by the answer under way, whichever it saw
    assert items.get_reader(snapshot)("item-02").n_stock == 0


@pytest.mark.parametrize("harm", ["cut", "overwritten", "gone"])
def test_a_damaged_store_is_told_and_made_anew_by_the_next_change(folder, harm):
    store = LmdbItemChanges(folder)
    store.record([stock("item-01", 0)])
    assert store.describe_problem() == ""
    data = folder / "data.mdb"
    if harm == "cut":
        with data.open("r+b") as file:
            file.truncate(4096)
    elif harm == "overwritten":
        data.write_bytes(b"torn" * 5000)
    else:
        data.unlink()
    assert store.read("item-01") == {}
    assert store.get_newest_number() == 0
    assert "the changes of items cannot be read" in store.describe_problem()
    assert str(folder) not in store.describe_problem()
    store.record([stock("item-02", 3)])
    assert store.describe_problem() == ""
    assert store.read("item-02")["n_stock"].value == 3


def test_a_store_that_was_cut_anywhere_ends_no_process(folder, tmp_path):
    LmdbItemChanges(folder).record([stock(f"item-{n}", n) for n in range(200)])
    whole = (folder / "data.mdb").read_bytes()
    for n_pages in range(1, len(whole) // 4096):
        cut = tmp_path / f"cut-{n_pages}"
        cut.mkdir()
        (cut / "data.mdb").write_bytes(whole[: n_pages * 4096])
        store = LmdbItemChanges(cut)
        assert (store.read("item-1"), store.get_newest_number()) == ({}, 0)
        assert "cannot be read" in store.describe_problem()


def test_a_store_made_anew_is_no_earlier_one(folder, snapshot):
    store = LmdbItemChanges(folder)
    store.record([stock("item-01", 4), stock("item-02", 4)])
    items = CurrentItems(store)
    assert items.get_reader(snapshot)("item-02").n_stock == 4
    shutil.rmtree(folder)
    store.record([stock("item-01", 5), stock("item-01", 6, at=2), stock("item-01", 7, at=3)])
    read_item = items.get_reader(snapshot)
    assert (read_item("item-01").n_stock, read_item("item-02").n_stock) == (7, None)


@pytest.mark.parametrize("harm", ["deleted", "cut"])
def test_what_hides_an_item_outlives_the_store(shop, harm):
    """The restrictions hold it too; the price is lost."""
    shop.client.patch("/v1/items/item-20", json={"n_stock": 0, "price": 1})
    shop.client.patch("/v1/items/item-21", json={"price": 1})
    assert not any("items" in one for one in shop.client.get("/readyz").json["problems"])
    if harm == "deleted":
        shutil.rmtree(shop.home / "serving" / "item_changes")
    else:
        os.truncate(shop.home / "serving" / "item_changes" / "data.mdb", 8192)
        problems = shop.client.get("/readyz").json["problems"]
        assert any(one.startswith("the changes of items cannot be read") for one in problems)
    shown = {item["item_id"]: item["price"] for item in shop.client.get("/v1/popular?n=100").json["items"]}
    assert "item-20" not in shown and shown["item-21"] == 23.5


def test_two_workers_that_write_at_once_lose_nothing(folder):
    """Each tells one field of the same items, in an order of its own."""

    def write(name, numbers):
        store = LmdbItemChanges(folder)
        for n in numbers:
            store.record([NewChange(f"item-{n}", {name: n}, at=n + 1)])

    orders = {"price": range(40), "n_stock": range(39, -1, -1)}
    threads = [threading.Thread(target=write, args=one) for one in orders.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = LmdbItemChanges(folder)
    found = [
        (store.read(f"item-{n}")["price"].value, store.read(f"item-{n}")["n_stock"].value) for n in range(40)
    ]
    assert found == [(n, n) for n in range(40)]


def test_a_home_that_cannot_be_written(tmp_path):
    (tmp_path / "serving").write_text("a file where a folder should be")
    store = LmdbItemChanges(tmp_path / "serving" / "item_changes")
    with pytest.raises(ChangesOutOfReach, match="Nothing was changed"):
        store.record([stock("item-01", 4)])
