"""What a night knows of nos, items and splits holds for whatever snapshot is served: a roll-back revives none
of it.
"""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from expectations.contracts.published import Published
from expectations.contracts.restrictions import CONSENTS, ITEMS, Permission
from expectations.contracts.restrictions_store import FOLDER, RestrictionDatabase
from serving_app.app import create_app
from serving_app.overrides.store import MemoryOverrides
from serving_app.settings import Settings
from serving_app.storage.memory import MemoryRestrictions
from serving_app.stores import open_stores
from spark_jobs.publish import job
from spark_jobs.publish.rollback import roll_back
from tests.spark_jobs.publish.conftest import KEY

START = datetime(2026, 2, 1, tzinfo=UTC)


def make_client(shop, **other_stores):
    settings = Settings(home=shop.home, sources=("sample_shop",), identity_key=KEY, admin_token="t")

    def clock():
        return START + timedelta(days=9)

    stores = replace(open_stores(settings, clock), **other_stores)
    client = create_app(settings, stores, clock=clock).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = "Bearer t"
    return client


@pytest.fixture
def client(shop):
    return make_client(shop, overrides=MemoryOverrides())  # a run in this process reads those on disk


def publish(shop, n: int) -> None:
    day = date(2026, 2, n)
    job.run(shop.night(f"night-{n}", day), shop.land())


def back_to(shop, n: int) -> None:
    roll_back(shop.home, f"night-{n}", START)
    assert Published.read(shop.home).run_id == f"night-{n}"


def source(client, user: str) -> str:
    return client.get("/v1/recommendations", query_string={"user_id": user}).json["source"]


def profile(client, customer: str) -> int:
    return client.get(f"/v1/customers/{customer}").status_code


def test_a_rollback_revives_no_consent_and_no_item(shop, client):
    publish(shop, 1)
    assert (source(client, "user-3"), profile(client, shop.ids["user-3"])) == ("personal", 200)
    shop.rows["feat_customers"] = [
        row for row in shop.rows["feat_customers"] if row["customer_id"] != shop.ids["user-3"]
    ]
    shop.rows["feat_items"][5]["is_in_stock"] = False
    shop.rows["feat_items"][6]["is_recommendable"] = False
    for row in (row for name in shop.rows if name.startswith("rec_") for row in shop.rows[name]):
        row["items"] = [one for one in row["items"] if one["item_id"] not in ("item-05", "item-06")]
        row.pop("because", None)
    publish(shop, 2)
    back_to(shop, 1)
    assert (source(client, "user-3"), profile(client, shop.ids["user-3"])) == ("popular", 404)
    assert (source(client, "user-2"), profile(client, shop.ids["user-2"])) == ("personal", 200)
    for path in (
        "/v1/popular?n=60",
        "/v1/recommendations?user_id=user-2&n=60",
        "/v1/items/item-04/similar?n=60",
    ):
        shown = {item["item_id"] for item in client.get(path).json["items"]}
        assert "item-07" in shown and not shown & {"item-05", "item-06"}, path
    unrestricted = make_client(shop, overrides=MemoryOverrides(), restrictions=MemoryRestrictions())
    assert source(unrestricted, "user-3") == "personal", "the control: the lists of before would serve them"
    publish(shop, 3)
    assert source(client, "user-3") == "popular"


def test_a_rollback_serves_nobody_whom_a_review_holds_back_now(shop, client):
    publish(shop, 1)
    review = {
        "review_id": "r_1",
        "kind": "giant",
        "customer_id": shop.ids["user-3"],
        "score": 1.0,
        "is_held_back": True,
    }
    shop.rows["core_identity_reviews"] = [review]
    publish(shop, 2)
    back_to(shop, 1)
    assert (source(client, "user-3"), profile(client, shop.ids["user-3"])) == ("popular", 404)
    shop.rows["core_identity_reviews"] = []
    publish(shop, 3)
    assert source(client, "user-3") == "personal"


def test_who_was_parted_gets_no_merged_list_from_before(shop, client):
    both = {shop.identifiers[user] for user in ("user-8", "user-9")}
    apart = [dict(row) for row in shop.rows["core_identities"]]
    for row in shop.rows["core_identities"]:
        row["customer_id"] = shop.ids["user-8"] if row["identifier_id"] in both else row["customer_id"]
    publish(shop, 1)
    assert source(client, "user-9") == "personal", "the control: they are one"
    shop.rows["core_identities"] = apart
    publish(shop, 2)
    assert [source(client, user) for user in ("user-8", "user-9", "user-10")] == ["personal"] * 3
    back_to(shop, 1)
    assert [source(client, user) for user in ("user-8", "user-9", "user-10")] == [
        "popular",
        "popular",
        "personal",
    ]
    assert profile(client, shop.ids["user-8"]) == 404
    back_to(shop, 2)
    assert source(client, "user-9") == "personal"


def test_lists_that_the_gate_holds_back_hold_no_consent_back(shop, client):
    from spark_jobs.publish.gate import ListsRefused

    publish(shop, 1)
    shop.rows["feat_customers"] = shop.rows["feat_customers"][1:]
    shop.rows["rec_customer_items_v1"] = shop.rows["rec_customer_items_v1"][:2]
    with pytest.raises(ListsRefused):
        publish(shop, 2)
    assert (source(client, "user-0"), source(client, "user-1")) == ("popular", "personal")


def test_who_is_left_out_in_spite_of_a_yes_is_denied_from_the_landing_day_on(shop, client):
    """As somebody is whose record was taken out of the customer file: no yes of before brings them back, one
    of after does.
    """
    publish(shop, 1)
    said = {
        "identifier_id": shop.identifiers["user-3"],
        "purpose": "personalization",
        "consented_at": START,
        "source": "web",
    }
    shop.rows["core_consents"] = [
        {**said, "feed": "events", "is_granted": True, "consented_date": START.date()}
    ]
    shop.rows["feat_customers"] = [
        row for row in shop.rows["feat_customers"] if row["customer_id"] != shop.ids["user-3"]
    ]
    publish(shop, 2)
    back_to(shop, 1)
    store, found = RestrictionDatabase(shop.home / FOLDER), []
    for day in (2, 4):
        store.record_permission(
            CONSENTS, [shop.ids["user-3"]], Permission(True, datetime(2026, 2, day, 20, tzinfo=UTC), "page")
        )
        found.append(source(client, "user-3"))
    assert found == ["popular", "personal"]


def test_the_night_lifts_what_was_heard_before_it_and_not_what_came_after(shop, client):
    publish(shop, 1)
    store = RestrictionDatabase(shop.home / FOLDER)
    store.record_permission(
        ITEMS, ["item-07"], Permission(False, datetime(2026, 2, 1, 18, tzinfo=UTC), "till")
    )
    store.record_permission(
        ITEMS, ["item-08"], Permission(False, datetime(2026, 2, 3, 18, tzinfo=UTC), "till")
    )
    publish(shop, 2)
    shown = {item["item_id"] for item in client.get("/v1/popular?n=60").json["items"]}
    assert "item-07" in shown and "item-08" not in shown


def test_a_shop_that_restocked_an_item_since_its_record_is_believed(shop, client):
    """The record of item-05 is of 5 January, and says it is sold out."""
    shop.rows["feat_items"][5]["is_in_stock"] = False
    for row in (row for name in shop.rows if name.startswith("rec_") for row in shop.rows[name]):
        row["items"] = [one for one in row["items"] if one["item_id"] != "item-05"]
        row.pop("because", None)
    publish(shop, 1)

    def is_shown():
        pin = {"kind": "pin", "item_id": "item-05", "until": "2026-03-01T00:00:00Z"}
        client.post("/v1/overrides", json=pin)
        items = client.get("/v1/recommendations?user_id=user-2").json["items"]
        return "item-05" in {item["item_id"] for item in items}

    assert not is_shown()
    client.patch("/v1/items/item-05", json={"n_stock": 4, "updated_at": "2026-02-01T10:00:00Z"})
    assert is_shown()
    publish(shop, 2)
    assert is_shown(), "the night's record is older"
    shop.rows["core_items"][5]["updated_at"] = datetime(2026, 2, 2, 10, tzinfo=UTC)
    publish(shop, 3)
    assert not is_shown(), "this night's is newer"


def test_a_missing_store_is_made_by_the_next_night_though_nothing_is_new(shop, client):
    publish(shop, 1)
    (shop.home / FOLDER / "data.mdb").unlink()
    assert source(client, "user-1") == "popular"
    publish(shop, 1)
    assert source(client, "user-1") == "personal"


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_with_a_current_no_gets_a_personal_list(shop, client, seed):
    """Nights, roll-backs and words heard in between, at random; the oracle keeps everybody's
    words in a list.
    """
    chance, users, everybody = (
        random.Random(seed),
        [f"user-{n}" for n in range(4)],
        list(shop.rows["feat_customers"]),
    )
    said = {user: [] for user in users}  # (hour, granted, known to the night)
    published, hour = [], 0
    for step in range(14):
        act = (
            "publish"
            if step in (0, 4)
            else chance.choice(["publish", "back", "hear", "hear", "hear", "tell"])
        )
        hour += chance.randint(0, 1)  # equal times happen
        user, granted = chance.choice(users), chance.random() < 0.5
        if act == "publish":
            willing = {user: last(words, nightly_only=True) is not False for user, words in said.items()}
            shop.rows["feat_customers"] = [row for row in everybody if willing.get(user_of(shop, row), True)]
            shop.rows["core_consents"] = [
                {
                    "identifier_id": shop.identifiers[user],
                    "purpose": "personalization",
                    "consented_at": at(when),
                    "source": "web",
                    "feed": "events",
                    "is_granted": granted,
                    "consented_date": at(when).date(),
                }
                for user, words in said.items()
                for when, granted, nightly in words
                if nightly
            ]
            published.append(len(published) + 1)
            publish(shop, published[-1])
        elif act == "back":
            back_to(shop, chance.choice(published))
        elif act == "hear":
            said[user].append((hour, granted, False))
            ids = [shop.identifiers[user], shop.ids[user]]
            RestrictionDatabase(shop.home / FOLDER).record_permission(
                CONSENTS, ids, Permission(granted, at(hour), "page")
            )
        else:
            said[user].append((hour, granted, True))  # in a file of the shop's; the next night knows
        if published:
            known = {
                user: [word for word in words if not word[2] or word in shop_knows(shop, user)]
                for user, words in said.items()
            }
            wrong = [
                user for user in users if last(known[user]) is False and source(client, user) == "personal"
            ]
            assert not wrong, f"step {step}: {act}"


def last(words: list[tuple], nightly_only: bool = False) -> bool | None:
    """The newest word, a no where both were said in one hour; None: none."""
    words = [word for word in words if word[2] or not nightly_only]
    newest = max((hour for hour, *_ in words), default=None)
    return None if newest is None else all(granted for hour, granted, _ in words if hour == newest)


def at(hour: int) -> datetime:
    return START - timedelta(days=30) + timedelta(hours=hour)


def user_of(shop, row: dict) -> str:
    return next(user for user, customer in shop.ids.items() if customer == row["customer_id"])


def shop_knows(shop, user: str) -> list[tuple]:
    """The user's words that the last night read."""
    rows = [
        row for row in shop.rows.get("core_consents", []) if row["identifier_id"] == shop.identifiers[user]
    ]
    return [
        (int((row["consented_at"] - at(0)).total_seconds() // 3600), row["is_granted"], True) for row in rows
    ]
