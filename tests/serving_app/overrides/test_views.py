"""Overrides over HTTP: versions, pages, scopes and schedules, and who changed what."""

import pytest

UNTIL = "2026-02-22T00:00:00Z"
BLOCK = {"kind": "block", "item_id": "item-01", "until": UNTIL}


def create(shop, **body):
    answer = shop.client.post("/v1/overrides", json={**BLOCK, **body})
    assert answer.status_code == 201, answer.text
    return answer.json


def put(shop, override_id, tag, **body):
    headers = {} if tag is None else {"If-Match": tag}
    return shop.client.put(f"/v1/overrides/{override_id}", json={**BLOCK, **body}, headers=headers)


def patch(shop, override_id, tag='"1"', **body):
    return shop.client.patch(f"/v1/overrides/{override_id}", json=body, headers={"If-Match": tag})


def listed(shop, **query):
    answer = shop.client.get("/v1/overrides", query_string=query)
    assert answer.status_code == 200, answer.text
    return [one["override_id"] for one in answer.json["overrides"]]


def shown(shop, path="/v1/recommendations", **query):
    return [one["item_id"] for one in shop.client.get(path, query_string=query).json["items"]]


def test_a_change_names_the_version_it_is_a_change_of(shop):
    made = shop.client.post("/v1/overrides", json=BLOCK)
    override_id = made.json["override_id"]
    assert (made.json["version"], made.headers["ETag"]) == (1, '"1"')
    shop.clock.move(minutes=1)
    first = put(shop, override_id, '"1"', item_id="item-02", reason="recall")
    assert (first.status_code, first.headers["ETag"], first.json["item_id"]) == (200, '"2"', "item-02")
    assert first.json["created_at"] == made.json["created_at"]
    second = put(shop, override_id, '"1"', item_id="item-03")
    assert (second.status_code, second.json["type"]) == (412, "urn:concierge:problem:override-changed")
    assert second.json["version"] == 2
    assert put(shop, override_id, None).status_code == 428
    assert put(shop, override_id, 'W/"2"').status_code == 412, "a weak tag names no version"
    assert put(shop, override_id, '"2", "7"').json["version"] == 3
    assert put(shop, override_id, "*").json["version"] == 4
    read = shop.client.get(f"/v1/overrides/{override_id}")
    assert read.headers["ETag"] == '"4"' and read.json["item_id"] == "item-01"


@pytest.mark.parametrize("tag", ["", '"x"', '"\u0661"', '"1', '"' + "9" * 400 + '"'])
def test_a_tag_that_is_none_changes_nothing(shop, tag):
    override_id = create(shop)["override_id"]
    tag = tag.encode().decode("latin-1")
    assert put(shop, override_id, tag, item_id="item-05").status_code in (
        (412, 200) if tag == "1" else (412,)
    )
    assert shop.client.delete(f"/v1/overrides/{override_id}", headers={"If-Match": '"9"'}).status_code == 412
    assert listed(shop) == [override_id]


def test_a_patch_changes_what_it_names(shop):
    made = create(shop, user_id="u-regular", kind="boost", factor=2, reason="spring", author="MK")
    path = made["override_id"]
    changed = patch(shop, path, factor=3, author="AB")
    expected = {**made, "factor": 3.0, "author": "AB", "version": 2}
    assert changed.json == expected
    moved = patch(shop, path, '"2"', anonymous_id="cookie-newcomer", note="summer").json
    assert (moved["customer_id"], moved["reason"]) == ("c_newcomer", "summer")
    wider = patch(shop, path, "*", customer_id=None, segment_id="vip").json
    assert (wider["customer_id"], wider["segment_id"], wider["version"]) == (None, "vip", 4)
    refused = patch(shop, path, "*", kind="pin")
    assert (refused.status_code, "factor belongs to" in refused.json["detail"]) == (400, True)
    assert patch(shop, path, "*", until=None).status_code == 400
    assert patch(shop, path, "*", item_id=None, category="Mugs").json["matches"] == 40


def test_who_said_no_since_keeps_their_override_through_a_patch(shop):
    made = create(shop, user_id="u-regular")
    shop.snapshots.publish(None)
    assert patch(shop, made["override_id"], reason="still").json["customer_id"] == "c_regular"


def test_pages_neither_repeat_nor_skip(shop):
    ids = []
    for number in range(7):
        ids.append(create(shop, item_id=f"item-0{number}")["override_id"])
        shop.clock.move(microseconds=1)
    pages, cursor = [], None
    while cursor is not None or not pages:
        page = shop.client.get(
            "/v1/overrides", query_string={"limit": 3, **({"cursor": cursor} if cursor else {})}
        )
        pages.append([one["override_id"] for one in page.json["overrides"]])
        if len(pages) == 1:
            shop.client.delete(f"/v1/overrides/{ids[2]}")  # the one at which the page ended
        cursor = page.json["next_cursor"]
    assert pages == [ids[:3], ids[3:6], ids[6:]]
    for wrong in ("x", "é", "MjAyNg", "2026"):
        assert shop.client.get("/v1/overrides", query_string={"cursor": wrong}).status_code == 400


def test_what_is_listed(shop):
    block = create(shop)["override_id"]
    category = create(shop, item_id=None, category=" MUGS ", kind="bury")["override_id"]
    segment = create(shop, segment_id="vip", placement="home/top")["override_id"]
    customer = create(shop, user_id="u-regular", item_id="item-02")["override_id"]
    later = create(shop, starts_at="2026-02-21T13:00:00Z")["override_id"]
    assert sorted(listed(shop)) == sorted([block, category, segment, customer])
    assert listed(shop, state="scheduled") == [later]
    assert len(listed(shop, state="current")) == 5
    assert listed(shop, category="mugs") == listed(shop, kind="bury") == [category]
    assert listed(shop, segment_id="vip") == listed(shop, placement="home/top") == [segment]
    assert listed(shop, customer_id="c_former") == listed(shop, item_id="item-02") == [customer]
    assert shop.client.get("/v1/overrides?user_id=u-nobody").status_code == 422
    shop.clock.move(hours=1)
    assert later in listed(shop) and listed(shop, state="scheduled") == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"segment_id": "nobodys"}, "No customer is in this segment"),
        ({"item_id": None, "category": "Tea"}, "No item of the shop is in this category"),
    ],
)
def test_what_would_do_nothing_is_refused_but_for_a_block(shop, fields, words):
    for more in ({"kind": "boost", "factor": 2}, {"kind": "bury"}):
        answer = shop.client.post("/v1/overrides", json={**BLOCK, **fields, **more})
        assert (answer.status_code, answer.json["type"]) == (422, "urn:concierge:problem:cannot-apply")
        assert words in answer.json["detail"]
    made = create(shop, **fields)
    assert 0 in (made["matches"], made["matches_customers"])


def test_a_scope_holds_where_it_says_and_nowhere_else(shop):
    first = shown(shop, customer_id="c_regular", n=1)[0]
    create(shop, item_id=first, segment_id="champions", placement="home/top")
    assert first not in shown(shop, customer_id="c_regular", placement="home/top", n=100)
    assert first in shown(shop, customer_id="c_regular", n=100)
    popular = shown(shop, n=1)[0]
    create(shop, item_id=popular, segment_id="champions", placement="home/top")
    assert popular not in shown(shop, customer_id="c_regular", placement="home/top", n=100)
    assert popular in shown(shop, customer_id="c_newcomer", placement="home/top", n=100)
    assert popular in shown(shop, placement="home/top", n=100)


def test_a_category_is_blocked_on_every_path(shop):
    create(
        shop, item_id=None, category="mugs", starts_at="2026-02-21T12:00:01Z", until="2026-02-21T12:00:02Z"
    )
    for path in ("/v1/recommendations", "/v1/popular", "/v1/items/item-05/similar"):
        assert shown(shop, path)
    shop.clock.move(seconds=1)
    for path in ("/v1/recommendations", "/v1/popular", "/v1/items/item-05/similar"):
        assert shown(shop, path) == [], "all items are mugs"
    shop.clock.move(seconds=1)
    assert shown(shop)


def test_the_audit_log_says_who_changed_what(shop):
    made = create(shop, author="MK", reason="recall")
    override_id = made["override_id"]
    patch(shop, override_id, item_id="item-02")
    shop.clock.move(minutes=1)
    shop.client.delete(f"/v1/overrides/{override_id}", query_string={"reason": "over", "author": "AB"})
    create(shop)
    answer = shop.client.get("/v1/overrides/audit", query_string={"override_id": override_id, "limit": 2})
    deleted, changed = answer.json["entries"]
    assert (deleted["action"], deleted["author"], deleted["reason"]) == ("deleted", "AB", "over")
    assert (deleted["at"], deleted["key_id"]) == ("2026-02-21T12:01:00+00:00", "local")
    assert (changed["before"]["item_id"], changed["after"]["item_id"]) == ("item-01", "item-02")
    assert (changed["author"], changed["after"]["author"]) == ("", "MK"), "who changed it did not say"
    more = {"override_id": override_id, "before": answer.json["next_before"]}
    last = shop.client.get("/v1/overrides/audit", query_string=more).json
    assert [entry["action"] for entry in last["entries"]] == ["created"] and last["next_before"] is None


def dry_run(shop, method, path="", tag=None, **body):
    headers = {"If-Match": tag} if tag else {}
    json = {"json": body} if body else {}
    answer = shop.client.open(
        f"/v1/overrides{path}", method=method, query_string={"dry_run": "true"}, headers=headers, **json
    )
    assert answer.status_code == 200, answer.text
    assert "ETag" not in answer.headers and "Location" not in answer.headers
    said = answer.json["is_dry_run"], answer.json["is_in_force"], answer.json["version"]
    assert said == (True, False, None), "nothing was written, and nothing reads as if it were"
    of_which = answer.json["override_id"], answer.json["created_at"] is None
    assert of_which == ((path.strip("/"), False) if path else (None, True))
    return answer.json["effect"]


def test_a_dry_run_says_what_a_new_override_would_do_and_does_nothing(shop):
    lists = [shown(shop, customer_id="c_regular"), shown(shop)]
    effect = dry_run(shop, "POST", **BLOCK)
    assert effect == {
        "at": "2026-02-21T12:00:00.000000Z",
        "placement": "recommendations",
        "n_items": 10,
        "n_customers_checked": 1,
        "n_customers_changed": 1,
        "is_whole": True,
        "examples": [
            {
                "customer_id": "c_regular",
                "before": [f"item-{n:02d}" for n in range(10)],
                "after": [f"item-{n:02d}" for n in (0, 2, 3, 4, 5, 6, 7, 8, 9, 10)],
            }
        ],
        "stranger": None,
    }
    pin = {"kind": "pin", "item_id": "item-00", "until": UNTIL}
    effect = dry_run(shop, "POST", **pin)
    assert (effect["n_customers_changed"], effect["stranger"]["after"][0]) == (0, "item-00")
    assert [shown(shop, customer_id="c_regular"), shown(shop)] == lists
    assert shop.client.get("/v1/overrides/audit").json["entries"] == []


def test_a_dry_run_of_a_change_and_of_a_deletion(shop):
    made = create(shop)
    path = f"/{made['override_id']}"
    effect = dry_run(shop, "PATCH", path, '"1"', item_id="item-02")
    [example] = effect["examples"]
    assert example["before"] == [f"item-{n:02d}" for n in (0, 2, 3, 4, 5, 6, 7, 8, 9, 10)]
    assert example["after"] == [f"item-{n:02d}" for n in (0, 1, 3, 4, 5, 6, 7, 8, 9, 10)]
    [example] = dry_run(shop, "DELETE", path)["examples"]
    assert example["after"] == [f"item-{n:02d}" for n in range(10)]
    assert dry_run(shop, "PUT", path, "*", **BLOCK)["n_customers_changed"] == 0
    query = "?dry_run=true"
    assert shop.client.put(f"/v1/overrides{path}{query}", json=BLOCK).status_code == 428
    assert shop.client.delete(f"/v1/overrides/o_none{query}").status_code == 404
    assert shop.client.get(f"/v1/overrides{path}").json == made
    assert (made["is_dry_run"], made["is_in_force"]) == (False, True)


@pytest.mark.parametrize(
    ("scope", "n_checked", "n_changed"),
    [
        ({"segment_id": "champions"}, 1, 1),
        ({"segment_id": "lapsed"}, 0, 0),
        ({"user_id": "u-regular"}, 1, 1),
        ({"customer_id": "c_newcomer"}, 1, 0),
        ({"placement": "email"}, 1, 1),
    ],
)
def test_a_dry_run_looks_at_those_whom_it_is_for(shop, scope, n_checked, n_changed):
    effect = dry_run(shop, "POST", **BLOCK, **scope)
    assert (effect["n_customers_checked"], effect["n_customers_changed"]) == (n_checked, n_changed)
    assert effect["placement"] == scope.get("placement", "recommendations")


def test_a_dry_run_looks_at_the_first_moment_of_a_scheduled_override(shop):
    create(shop, item_id="item-00", until="2026-02-21T13:00:00Z")
    effect = dry_run(shop, "POST", **BLOCK, starts_at="2026-02-21T13:00:00Z")
    assert effect["at"] == "2026-02-21T13:00:00.000000Z"
    assert effect["examples"][0]["before"][0] == "item-00", "by then the other block has ended"
