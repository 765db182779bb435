"""The lists over HTTP: who gets which, where it says it comes from, and that filters hold on every path."""

import errno
import os

import orjson
import pytest

from expectations.contracts.home import HomePaths
from serving_app.storage.impression_log import ImpressionLog
from tests.serving_app.recommendations.calls import get, ids

REGULAR, NEWCOMER, FORMER = "c_regular", "c_newcomer", "c_former"
PATHS = ("/v1/recommendations", "/v1/popular", "/v1/items/item-05/similar", "/v1/items/none/similar")


def block(shop, item_id, **more):
    body = {"kind": "block", "item_id": item_id, "until": "2026-02-21T12:01:00Z", **more}
    created = shop.client.post("/v1/overrides", json=body)
    assert created.status_code == 201, created.text
    return created.json["override_id"]


def logged(shop):
    shop.stores.impressions.log.rotate(is_forced=True)
    lines = b"".join(
        path.read_bytes() for path in sorted((HomePaths(shop.home).decision_log).glob("*.jsonl"))
    ).splitlines()
    return [orjson.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("query", "customer_id", "source", "first"),
    [
        pytest.param(
            {"customer_id": REGULAR}, REGULAR, "personal", ["item-00", "item-01"], id="a customer's own list"
        ),
        pytest.param(
            {"customer_id": FORMER},
            REGULAR,
            "personal",
            ["item-00", "item-01"],
            id="by an id from before a merge",
        ),
        pytest.param(
            {"user_id": "u-regular"}, REGULAR, "personal", ["item-00", "item-01"], id="by the shop's id"
        ),
        pytest.param(
            {"user_id": " u-regular "},
            REGULAR,
            "personal",
            ["item-00", "item-01"],
            id="as normalised as when it was hashed",
        ),
        pytest.param(
            {"anonymous_id": "cookie-newcomer"},
            NEWCOMER,
            "audience",
            ["item-20", "item-21"],
            id="no list: the segment's",
        ),
        pytest.param({"user_id": "u-nobody"}, None, "popular", ["item-37", "item-36"], id="an unknown user"),
        pytest.param(
            {"customer_id": "c_nobody"}, None, "popular", ["item-37", "item-36"], id="an unknown customer"
        ),
        pytest.param(
            {"anonymous_id": "u-regular"},
            None,
            "popular",
            ["item-37", "item-36"],
            id="a user's id is no cookie's",
        ),
        pytest.param({}, None, "popular", ["item-37", "item-36"], id="a stranger"),
        pytest.param({"user_id": ""}, None, "popular", ["item-37", "item-36"], id="a template's empty id"),
        pytest.param(
            {"user_id": " ", "customer_id": REGULAR},
            REGULAR,
            "personal",
            ["item-00", "item-01"],
            id="one is empty",
        ),
    ],
)
def test_who_gets_which_list(shop, query, customer_id, source, first):
    answer = get(shop, n=2, **query)
    assert (answer["customer_id"], answer["source"], ids(answer)) == (customer_id, source, first)


def test_an_answer_says_where_it_comes_from(shop):
    shop.clock.move(minutes=30)
    answer = get(shop, customer_id=REGULAR, placement="home/top")
    item = answer["items"][0]
    assert answer | {"items": None} == {
        "request_id": "request-0001",
        "customer_id": REGULAR,
        "placement": "home/top",
        "source": "personal",
        "model_version": "concierge/7",
        "snapshot": "night-1",
        "generated_at": "2026-02-21T12:30:00.000000Z",
        "age_seconds": 9.5 * 3600,
        "applied_overrides": [],
        "ages": {"list": 9.5 * 3600, "catalogue": 9.5 * 3600, "live": None, "overrides": None},
        "items": None,
        "next_cursor": answer["next_cursor"],
        "trace": None,
    }
    assert item == {
        "item_id": "item-00",
        "rank": 1,
        "score": 0.99,
        "base_score": 0.99,
        "source": "personal",
        "is_filler": False,
        "title": "Item 0",
        "category": "Mugs",
        "reason": "chosen for this customer (by concierge/7)",
        "brand": "Acme",
        "price": 2.5,
        "currency": "EUR",
        "image_url": "https://shop.example/0.jpg",
    }
    headers = shop.client.get("/v1/popular?user_id=u-regular").headers
    assert headers["Cache-Control"] == "private, no-store" and "ETag" not in headers
    assert (headers["X-Model-Version"], headers["X-Snapshot"]) == ("concierge/7", "night-1")


@pytest.mark.parametrize("path", ["/v1/popular", "/v1/items/item-05/similar"])
def test_a_list_that_is_nobodys_own_may_be_kept_while_it_is_as_it_was(shop, path):
    first = shop.client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = {"If-None-Match": first.headers["ETag"]}
    shop.clock.move(minutes=1)
    kept = shop.client.get(path, headers=again)
    assert (kept.status_code, kept.data) == (304, b"")
    assert len(logged(shop)) == 2, "it is shown again"
    block(shop, ids(first.json)[0], until="2026-02-22T00:00:00Z")
    assert shop.client.get(path, headers=again).status_code == 200, "an override changed it"
    assert shop.client.get(path, query_string={"anonymous_id": "x"}, headers=again).status_code == 200


def test_a_short_list_is_filled_from_lower_rungs(shop):
    answer = get(shop, customer_id=NEWCOMER, n=5)
    assert [(item["item_id"], item["source"]) for item in answer["items"]] == [
        ("item-20", "audience"),
        ("item-21", "audience"),
        ("item-22", "audience"),
        ("item-37", "popular"),
        ("item-36", "popular"),
    ]
    assert answer["source"] == "audience"
    assert answer["items"][0]["reason"] == "popular with segment:lapsed (by recent_popularity)"


def test_similar_items(shop):
    answer = get(shop, "/v1/items/item-05/similar", n=4)
    assert ids(answer) == ["item-06", "item-07", "item-08", "item-37"], (
        "not the item itself, nor one discontinued"
    )
    assert (answer["source"], answer["placement"]) == ("similar", "similar")
    unknown = get(shop, "/v1/items/none/similar", n=1)
    assert (ids(unknown), unknown["source"]) == (["item-37"], "popular")


@pytest.mark.parametrize(
    "query",
    [{}, {"customer_id": REGULAR}, {"customer_id": NEWCOMER}],
    ids=["stranger", "personal", "audience"],
)
@pytest.mark.parametrize("path", PATHS)
def test_filters_hold_on_every_path(shop, path, query):
    everything = ids(get(shop, path, n=100, **query))
    assert {"item-38", "item-39"}.isdisjoint(everything), "sold out, discontinued"
    for blocked in everything[:3]:
        block(shop, blocked)
    left = get(shop, path, n=100, **query)
    assert ids(left) == everything[3:]
    assert len(left["applied_overrides"]) == 3
    shop.clock.move(minutes=1)
    assert ids(get(shop, path, n=100, **query)) == everything, "over to the second"


@pytest.mark.parametrize("path", PATHS)
def test_a_block_for_one_customer_is_theirs_alone(shop, path):
    [first] = ids(get(shop, path, n=1))
    assert first in ids(get(shop, path, customer_id=FORMER, n=100))
    block(shop, first, user_id="u-regular")
    assert first not in ids(get(shop, path, customer_id=FORMER, n=100))
    assert first in ids(get(shop, path, n=100))


def test_pins_and_boosts_steer_recommendations_alone(shop):
    for body in ({"kind": "pin", "item_id": "item-15"}, {"kind": "boost", "item_id": "item-30", "factor": 9}):
        shop.client.post("/v1/overrides", json={**body, "until": "2026-02-22T00:00:00Z"})
    answer = get(shop, n=3)
    assert ids(answer) == ["item-15", "item-30", "item-37"]
    # item-30 stands ninth in the popular list, behind item-38 and seven others: its own score is 1 - 8/100.
    scores = [(item["score"], item["base_score"]) for item in answer["items"]]
    assert scores == [(None, None), pytest.approx((0.92 * 9, 0.92), 1e-4), pytest.approx((0.99, 0.99), 1e-4)]
    assert ids(get(shop, "/v1/popular", n=2)) == ["item-37", "item-36"]
    assert ids(get(shop, "/v1/items/item-05/similar", n=2)) == ["item-06", "item-07"]


def test_an_item_id_may_hold_anything(shop):
    assert get(shop, "/v1/items/a%2Fb%20c/similar", n=1)["source"] == "popular"


def test_without_a_snapshot_the_page_stays_up(shop):
    shop.snapshots.publish(None)
    for path in PATHS:
        answer = get(shop, path, user_id="u-regular")
        assert (answer["source"], answer["items"], answer["model_version"], answer["snapshot"]) == (
            "static",
            [],
            None,
            None,
        )
    assert [record["list_source"] for record in logged(shop)] == ["static"] * len(PATHS)


def test_every_list_is_logged_as_it_was_served(shop):
    block(shop, "item-00")
    served = [get(shop, path, **query) for path in PATHS for query in ({}, {"customer_id": REGULAR})]
    records = logged(shop)
    assert [record["request_id"] for record in records] == [answer["request_id"] for answer in served]
    for record, answer in zip(records, served, strict=True):
        names = ("customer_id", "placement", "model_version", "snapshot", "applied_overrides")
        assert {name: record[name] for name in names} == {name: answer[name] for name in names}
        assert (record["served_at"], record["list_source"]) == (answer["generated_at"], answer["source"])
        assert record["items"] == [
            {name: item[name] for name in ("item_id", "rank", "score", "source")} for item in answer["items"]
        ]


@pytest.mark.parametrize("path", PATHS)
def test_head_is_no_impression(shop, path):
    assert shop.client.head(path).status_code == 200
    assert logged(shop) == []
    get(shop, path)
    assert len(logged(shop)) == 1, "the negative control"


@pytest.fixture
def full_disk(shop, monkeypatch):
    """A disk on which no log can be written."""
    real = os.open

    def refuse(path, *args, **more):
        if ".jsonl.open" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *args, **more)

    monkeypatch.setattr(os, "open", refuse)


def test_a_full_disk_blanks_no_list_and_is_counted(shop, full_disk):
    for n in range(1, 4):
        answer = get(shop, customer_id=REGULAR)
        assert (answer["source"], ids(answer)[0]) == ("personal", "item-00")
        ready = shop.client.get("/readyz")
        assert (ready.status_code, ready.json["status"], ready.json["n_unlogged"]) == (200, "degraded", n)
        assert ready.json["problems"] == ["the decision log cannot be written: No space left on device"]
    assert [*(HomePaths(shop.home).decision_log).iterdir()] == []


def test_a_shop_may_withhold_what_cannot_be_logged(shop, full_disk):
    shop.use_stores(impressions=ImpressionLog(shop.stores.impressions.log, withholds_unlogged=True))
    answer = get(shop, customer_id=REGULAR)
    assert (answer["source"], answer["items"], answer["applied_overrides"]) == ("static", [], [])
    ready = shop.client.get("/readyz")
    assert (ready.status_code, ready.json["detail"]) == (
        503,
        "the decision log cannot be written: No space left on device",
    )
