"""Stock, prices and visibility over HTTP: in force in the next answer, until a newer catalogue comes."""

from datetime import timedelta
from errno import ENOSPC

import lmdb
import pytest

from expectations.contracts import snapshot as contract
from expectations.contracts.restrictions_store import FOLDER, RestrictionDatabase
from serving_app.catalogue.changes import UNREADABLE
from serving_app.catalogue.lmdb_store import LmdbItemChanges
from serving_app.catalogue.store import MemoryItemChanges
from serving_app.storage.restrictions import LmdbRestrictions
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import NOW, pairs

PUBLISHED_AT = "2026-02-21T03:00:00Z"


def list_shown(shop, path="/v1/popular?n=100"):
    return {item["item_id"]: item["price"] for item in shop.client.get(path).json["items"]}


def patch(shop, item_id, **fields):
    return shop.client.patch(f"/v1/items/{item_id}", json=fields)


def publish_with(shop, **facts):
    """A night whose record of item-20 has these facts."""
    key = contract.get_item_key("item-20")
    content = dict(pairs())
    item = contract.unpack_record(contract.ItemFacts, content[key])
    content[key] = contract.pack_record(item._replace(**facts))
    shop.snapshots.publish(Snapshot.from_pairs("night-2", content.items()))


@pytest.mark.parametrize("fields", [{"n_stock": 0}, {"is_in_stock": False}, {"is_recommendable": False}])
def test_what_may_not_be_shown_is_gone_from_every_path(shop, fields):
    assert "item-20" in list_shown(shop)
    assert patch(shop, "item-20", **fields).json["outcome"] == "changed"
    for path in (
        "/v1/popular?n=100",
        "/v1/recommendations?customer_id=c_newcomer&n=100",
        "/v1/items/item-05/similar?n=100",
    ):
        assert "item-20" not in list_shown(shop, path), path
    patch(shop, "item-20", **{name: True if value is False else 1 for name, value in fields.items()})
    assert "item-20" in list_shown(shop)


def test_what_was_sold_out_comes_back(shop):
    """Of the shop 38 is sold out and 39 not recommendable."""
    assert patch(shop, "item-38", n_stock=3).json == {
        "item_id": "item-38",
        "outcome": "changed",
        "is_known": True,
        "price": 40.5,
        "n_stock": 3,
        "is_in_stock": True,
        "is_recommendable": True,
    }
    patch(shop, "item-39", n_stock=3)
    shown = list_shown(shop)
    assert "item-38" in shown and "item-39" not in shown


def test_a_new_price_is_shown(shop):
    patch(shop, "item-20", price=9.99)
    assert list_shown(shop)["item-20"] == 9.99
    patch(shop, "item-20", price=None)
    assert list_shown(shop)["item-20"] == 22.5, "the catalogue's holds again"


def test_every_worker_knows_after_a_restart_and_a_publish(shop):
    """Another worker has stores of its own over the same home."""
    patch(shop, "item-20", n_stock=0, price=1)
    publish_with(shop, title="A better mug")
    assert "item-20" not in list_shown(shop)
    shop.use_stores(item_changes=LmdbItemChanges(shop.home / "serving" / "item_changes"))
    assert "item-20" not in list_shown(shop)
    patch(shop, "item-20", n_stock=1)
    assert list_shown(shop)["item-20"] == 1


@pytest.mark.parametrize(
    ("updated_at", "is_shown"),
    [
        pytest.param("2026-02-21T11:59:59+00:00", False, id="a catalogue from before"),
        pytest.param("2026-02-21T12:00:00+00:00", False, id="of the same moment"),
        pytest.param("2026-02-21T12:00:01+00:00", True, id="a newer one"),
        pytest.param(None, False, id="one that does not say"),
    ],
)
def test_a_newer_catalogue_wins_an_older_does_not(shop, updated_at, is_shown):
    """The change is of 12:00. Restrictions, which a night writes anew, are left out here."""
    patch(shop, "item-20", is_in_stock=False)
    shop.restrictions.permissions["items"].clear()
    publish_with(shop, updated_at=updated_at)
    snapshot = shop.snapshots.get_current()
    snapshot.meta = snapshot.meta._replace(published_at="2026-02-22T03:00:00Z")
    assert ("item-20" in list_shown(shop)) is is_shown


def test_a_record_from_the_future_does_not_outlast_todays_changes(shop):
    publish_with(shop, updated_at="2027-01-01T00:00:00+00:00")
    patch(shop, "item-20", n_stock=0)
    assert "item-20" not in list_shown(shop)


def test_changes_in_any_order(shop):
    assert patch(shop, "item-20", n_stock=0, updated_at="2026-02-21T11:00:00Z").json["outcome"] == "changed"
    late = patch(shop, "item-20", n_stock=5, updated_at="2026-02-21T10:00:00Z")
    assert (late.json["outcome"], late.json["is_in_stock"]) == ("superseded", False)
    assert "item-20" not in list_shown(shop)
    # of each field its own newest word
    assert patch(shop, "item-20", price=7, updated_at="2026-02-21T10:00:00Z").json["outcome"] == "changed"
    # and of two within one second, as a shop tells it, the later received
    assert patch(shop, "item-20", n_stock=5, updated_at="2026-02-21T11:00:00Z").json["outcome"] == "changed"
    assert list_shown(shop)["item-20"] == 7


def test_the_same_change_again_changes_nothing_and_is_no_error(shop):
    first = patch(shop, "item-20", n_stock=0, updated_at="2026-02-21T11:00:00Z").json
    assert patch(shop, "item-20", n_stock=0, updated_at="2026-02-21T11:00:00Z").json == first


def test_several_items_each_on_its_own(shop):
    answer = shop.client.post(
        "/v1/items/changes",
        json={
            "changes": [
                {"item_id": "item-20", "n_stock": 0},
                {"item_id": "item-21", "n_stock": -1},
                {"item_id": "item-22", "price": 1.5},
                {"item_id": "item-23"},
                {"item_id": "item-99", "is_recommendable": False},
                {"item_id": "item-24", "n_stock": 0, "updated_at": "2026-02-21T13:00:00Z"},
                {"item_id": "item-20", "n_stock": 2, "updated_at": "2026-02-20T13:00:00Z"},
                "item-25",
                {"item_id": "item-26", "colour": "ada@shop.example"},
            ]
        },
    )
    assert answer.status_code == 200
    found = answer.json
    assert [found[f"n_{word}"] for word in ("changed", "superseded", "rejected")] == [3, 1, 5]
    assert [one["outcome"] for one in found["results"]] == [
        *("changed", "rejected", "changed", "rejected", "changed"),
        *("rejected", "superseded", "rejected", "rejected"),
    ]
    assert [one.get("is_known") for one in found["results"]][:5] == [True, None, True, None, False]
    assert "in the future" in found["results"][5]["errors"][0]["message"]
    assert "ada" not in answer.text
    shown = list_shown(shop)
    assert "item-20" not in shown and shown["item-22"] == 1.5 and "item-24" in shown


def test_an_item_may_be_hidden_before_the_catalogue_has_it(shop):
    assert patch(shop, "item-77", n_stock=0).json["is_known"] is False
    content = dict(pairs())
    facts = contract.ItemFacts("New", "Mugs", "Acme", 2.5, "EUR", None, True, True)
    content[contract.get_item_key("item-77")] = contract.pack_record(facts)
    shop.snapshots.publish(Snapshot.from_pairs("night-2", content.items()))
    pinned = shop.client.post(
        "/v1/overrides", json={"kind": "pin", "item_id": "item-77", "until": "2026-03-01T00:00:00Z"}
    )
    assert pinned.status_code == 201
    assert "item-77" not in list_shown(shop, "/v1/recommendations?n=100")
    patch(shop, "item-77", n_stock=1)
    assert "item-77" in list_shown(shop, "/v1/recommendations?n=100")


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        ({}, "give one at least of price, n_stock, is_in_stock, is_recommendable"),
        ({"updated_at": "2026-02-21T11:00:00Z"}, "give one at least"),
        ({"price": -1}, "price"),
        ({"price": "2.50"}, "price"),
        ({"price": True}, "price"),
        ({"n_stock": 2.5}, "n_stock"),
        ({"n_stock": True}, "n_stock"),
        ({"is_in_stock": 1}, "is_in_stock"),
        ({"n_stock": 10**12}, "n_stock"),
        ({"n_stock": 1, "item_id": "item-21"}, "item_id: unknown; allowed"),
        ({"stock": 1}, "stock: unknown; allowed"),
        ({"n_stock": 1, "updated_at": "2026-02-21T11:00:00"}, "updated_at"),
        ({"n_stock": 1, "updated_at": "2026-02-21T12:06:00Z"}, "must not lie in the future"),
        ({"n_stock": 1, "updated_at": "9999-12-31T23:59:59-14:00"}, "must not lie in the future"),
        ({"n_stock": 1, "updated_at": "0001-01-01T00:00:00+14:00"}, "must not lie before 2000"),
    ],
)
def test_what_is_not_understood_changes_nothing(shop, body, flaw):
    answer = shop.client.patch("/v1/items/item-20", json=body)
    assert answer.status_code == 400
    assert flaw in answer.json["detail"]
    assert shop.stores.item_changes.get_newest_number() == 0


@pytest.mark.parametrize(
    "body", [{}, {"changes": []}, {"changes": {}}, {"changes": [{}] * 501}, {"changes": [{}], "more": 1}]
)
def test_a_body_that_is_no_list_of_changes(shop, body):
    answer = shop.client.post("/v1/items/changes", json=body)
    assert answer.status_code == 400
    assert "a list of 1 to 500" in answer.json["detail"]


@pytest.mark.parametrize("error", [OSError(ENOSPC, "no room"), lmdb.MapFullError("full")])
def test_a_change_holds_where_the_restrictions_cannot_be_written(shop, home, monkeypatch, error):
    def refuse(*_):
        raise error

    monkeypatch.setattr(RestrictionDatabase, "record_permissions", refuse)
    shop.use_stores(restrictions=LmdbRestrictions(home / FOLDER))
    assert patch(shop, "item-20", n_stock=0).status_code == 200
    assert "item-20" not in list_shown(shop)


def lose_changes(shop):
    """The store is lost; the restrictions are not."""
    shop.use_stores(item_changes=MemoryItemChanges())


def test_stock_that_comes_back_shows_no_item_whose_recall_was_lost(shop):
    patch(shop, "item-20", is_recommendable=False)
    lose_changes(shop)
    assert "item-20" not in list_shown(shop)
    shop.clock.move(minutes=1)
    body = {"changes": [{"item_id": "item-20", "n_stock": n} for n in (0, 5, 6)]}
    assert shop.client.post("/v1/items/changes", json=body).json["n_changed"] == 3
    assert "item-20" not in list_shown(shop)
    assert patch(shop, "item-20", is_recommendable=True).status_code == 200
    assert "item-20" in list_shown(shop)


def test_a_no_that_comes_late_is_in_the_restrictions_too(shop):
    patch(shop, "item-20", n_stock=5, updated_at="2026-02-21T11:00:00Z")
    patch(shop, "item-20", is_recommendable=False, updated_at="2026-02-21T10:00:00Z")
    patch(shop, "item-21", is_in_stock=True, updated_at="2026-02-21T11:00:00Z")
    patch(shop, "item-21", is_in_stock=False, updated_at="2026-02-21T11:00:00Z")
    lose_changes(shop)
    assert not {"item-20", "item-21"} & {*list_shown(shop)}


def test_a_change_that_cannot_be_read_hides_until_the_shop_says_otherwise(shop):
    changes = MemoryItemChanges()
    changes._changes["item-20"] = UNREADABLE
    shop.use_stores(item_changes=changes)
    assert patch(shop, "item-20", n_stock=5).status_code == 200
    assert "item-20" not in list_shown(shop)
    assert patch(shop, "item-20", is_recommendable=True).status_code == 200
    assert "item-20" in list_shown(shop)


def test_nothing_published(shop):
    shop.snapshots.publish(None)
    assert patch(shop, "item-20", n_stock=0).status_code == 503


def test_a_clock_that_is_a_little_ahead(shop):
    ahead = (NOW + timedelta(minutes=4)).isoformat()
    assert patch(shop, "item-20", n_stock=0, updated_at=ahead).status_code == 200
    assert "item-20" not in list_shown(shop)
