"""What must hold now holds on every path, whatever snapshot is served: a no, an erasure, an item taken away,
a split.
"""

from datetime import UTC, datetime

import lmdb
import pytest

from expectations.contracts import restrictions_store
from expectations.contracts.restrictions import CONSENTS, ERASURES, ITEMS, Permission
from serving_app.storage.memory import MemoryRestrictions
from serving_app.storage.restrictions import LmdbRestrictions

NOW = datetime(2026, 2, 21, 11, tzinfo=UTC)
NO, YES = Permission(False, NOW, "web/events"), Permission(True, NOW.replace(hour=12), "web/events")
ASKED = [{"user_id": "u-regular"}, {"customer_id": "c_regular"}, {"customer_id": "c_former"}]


def source(shop, who) -> str:
    return shop.client.get("/v1/recommendations", query_string=who).json["source"]


def identifier(shop) -> str:
    return shop.ids["u-regular"]


@pytest.mark.parametrize("kind", [CONSENTS, ERASURES])
@pytest.mark.parametrize("who", ASKED, ids=["by their own id", "by ours", "by an old one"])
def test_a_no_ends_the_personal_list_with_the_next_answer(shop, kind, who):
    assert source(shop, who) == "personal"
    shop.restrictions.record_permission(kind, ["c_regular"], NO)
    answer = shop.client.get("/v1/recommendations", query_string=who).json
    assert (answer["source"], answer["customer_id"]) == ("popular", None)
    shop.restrictions.record_permission(kind, ["c_regular"], YES)
    assert source(shop, who) == "personal"


def test_a_no_of_the_asked_identifier_is_enough_and_the_newest_word_of_all_holds(shop):
    shop.restrictions.record_permission(CONSENTS, [identifier(shop)], NO)
    assert [source(shop, who) for who in ASKED] == ["popular", "personal", "personal"]
    shop.restrictions.record_permission(CONSENTS, ["c_regular"], YES)
    assert source(shop, ASKED[0]) == "personal"


def test_who_was_one_with_somebody_gets_no_merged_list_from_a_snapshot_of_before(shop):
    """The snapshot does not say which version of the identities it was made of, so it knows of no split."""
    shop.restrictions.splits = {identifier(shop): 3}
    assert [source(shop, who) for who in ASKED] == ["popular", "personal", "personal"]


def test_an_item_taken_away_is_shown_on_no_path(shop):
    paths = [
        "/v1/recommendations?user_id=u-regular&n=50",
        "/v1/recommendations?anonymous_id=cookie-newcomer&n=50",
        "/v1/recommendations?n=50",
        "/v1/popular?n=50",
        "/v1/items/item-05/similar?n=50",
    ]

    def shown(path) -> set[str]:
        return {item["item_id"] for item in shop.client.get(path).json["items"]}

    assert all("item-20" in shown(path) for path in paths)
    shop.restrictions.record_permission(ITEMS, ["item-20"], NO)
    assert not any("item-20" in shown(path) for path in paths)


def test_a_store_that_is_missing_or_damaged_names_nobody_and_is_told(shop, tmp_path):
    folder = tmp_path / restrictions_store.FOLDER
    shop.use_stores(restrictions=LmdbRestrictions(folder))
    assert source(shop, ASKED[0]) == "popular"
    ready = shop.client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (200, "degraded")
    assert "nobody gets a list of their own" in ready.json["problems"][0]

    # as the next night does: served again without a restart
    store = restrictions_store.RestrictionDatabase.create(folder)
    assert source(shop, ASKED[0]) == "personal" and shop.client.get("/readyz").json["status"] == "ready"
    store.record_permission(CONSENTS, ["c_regular"], NO)
    assert source(shop, ASKED[0]) == "popular"
    data = folder / "data.mdb"
    data.write_bytes(data.read_bytes()[:8192])
    assert source(shop, {"anonymous_id": "cookie-newcomer"}) == "popular"
    assert shop.client.get("/readyz").json["status"] == "degraded"


def test_the_twin_in_memory_does_as_the_store(tmp_path):
    disk = restrictions_store.RestrictionDatabase.create(tmp_path / "restrictions")
    twins = [MemoryRestrictions(), LmdbRestrictions(tmp_path / "restrictions")]
    for twin in twins:
        for kind, name, permission in [
            (CONSENTS, "a", YES),
            (CONSENTS, "a", NO),
            (CONSENTS, "b", NO),
            (ERASURES, "c", NO),
            (ITEMS, "m", NO),
        ]:
            twin.record_permission(kind, [name], permission)
    twins[0].splits = {"s": 2}
    disk.write_run_permissions({}, {"s": 2})
    results = []
    for twin in twins:
        with twin.open_view() as view:
            results.append(
                [
                    [view.may_be_personal([name], 1) for name in "abcs"],
                    view.may_be_shown("m"),
                    view.may_be_shown("x"),
                ]
            )
    assert results == [[[True, False, False, False], False, True]] * 2


def test_a_store_that_is_put_right_is_read_again(tmp_path):
    folder = tmp_path / "restrictions"
    restrictions_store.RestrictionDatabase.create(folder).record_permission(
        CONSENTS, [f"i_{n}" for n in range(500)], NO
    )
    whole = (folder / "data.mdb").read_bytes()
    store = LmdbRestrictions(folder)
    with store.open_view() as under_way:
        assert under_way.may_be_personal(["i_x"], 0)
        with (folder / "data.mdb").open("r+b") as file:
            file.write(whole.replace(b"/i_250", b"/i_950"))
        with store.open_view() as view:
            assert not view.may_be_personal(["i_x"], 0)
        assert store.describe_problem().startswith("nobody gets a list of their own: ")
        assert str(tmp_path) not in store.describe_problem()
        (folder / "whole").write_bytes(whole)
        (folder / "whole").rename(folder / "data.mdb")
    del under_way, view
    with store.open_view() as view:
        assert view.may_be_personal(["i_x"], 0) and not view.may_be_personal(["i_7"], 0)
    assert store.describe_problem() == ""


def test_a_store_exchanged_while_nobody_asked_is_no_damage(tmp_path):
    """As on a quiet worker: the night makes the store anew, and the timer is the first to look at it."""
    folder = tmp_path / "restrictions"
    restrictions_store.RestrictionDatabase.create(folder)
    store = LmdbRestrictions(folder)
    assert store.describe_problem() == ""
    restrictions_store.RestrictionDatabase.create(folder).record_permission(CONSENTS, ["i_7"], NO)
    store.refresh(NOW)
    with store.open_view() as view:
        assert view.may_be_personal(["i_x"], 0) and not view.may_be_personal(["i_7"], 0)


def test_a_store_that_takes_no_more_readers_names_nobody(shop, tmp_path, monkeypatch):
    folder = tmp_path / restrictions_store.FOLDER
    restrictions_store.RestrictionDatabase.create(folder)
    shop.use_stores(restrictions=LmdbRestrictions(folder))
    shop.stores.restrictions.record_permission(CONSENTS, ["somebody else"], NO)  # of none, nobody need ask
    assert source(shop, ASKED[0]) == "personal"

    class Full:
        def __init__(self, env):
            self._env = env

        def begin(self, **_):
            raise lmdb.ReadersFullError("no slot")

        def __getattr__(self, name):
            return getattr(self._env, name)

    database = shop.stores.restrictions._find_database()
    monkeypatch.setattr(database, "_env", Full(database._env))
    assert source(shop, ASKED[0]) == "popular"
