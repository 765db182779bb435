"""What a request may ask of its list, over HTTP: exclusions, modes, caps, pages, placements, a trace."""

import pytest

from expectations.contracts import snapshot as contract
from serving_app.recommendations.cursor import MAX_ITEMS, digest_item, encode_cursor
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import REGULAR, listed, pairs
from tests.serving_app.recommendations.calls import get, ids

EVERYTHING = {f"item-{n:02d}" for n in range(40)} - {"item-38", "item-39"}


def refuse(shop, **query):
    answer = shop.client.get("/v1/recommendations", query_string=query)
    assert answer.status_code == 400
    return answer.json["detail"]


def test_excluded_items_are_left_out_of_every_rung(shop):
    excluded = ["item-00", "item-02", "item-37", "item-20"]
    by_query = get(shop, customer_id=REGULAR, n=100, exclude=",".join(excluded))
    by_body = shop.client.post(
        "/v1/recommendations", json={"customer_id": REGULAR, "n": 100, "exclude": excluded}
    )
    assert ids(by_body.json) == ids(by_query)
    assert {*ids(by_query)} == EVERYTHING - {*excluded}


def test_how_many_items_may_be_excluded(shop):
    body = {"exclude": [f"item-{n}" for n in range(1001)]}
    assert shop.client.post("/v1/recommendations", json=body).status_code == 400
    body["exclude"].pop()
    assert shop.client.post("/v1/recommendations", json=body).status_code == 200


@pytest.mark.parametrize("path", ["/v1/recommendations", "/v1/popular", "/v1/items/item-05/similar"])
def test_fill_gives_n_while_the_shop_has_n_and_strict_never_pads(shop, path):
    for n in (1, 10, 37, 38):
        full = get(shop, path, n=n, customer_id=REGULAR) if path != "/v1/items/item-05/similar" else None
        assert full is None or len(full["items"]) == n
    strict = get(shop, path, n=100, customer_id=REGULAR, mode="strict")
    assert {item["source"] for item in strict["items"]} == {strict["source"]}
    full = get(shop, path, n=100, customer_id=REGULAR)
    assert ids(full)[: len(strict["items"])] == ids(strict)
    assert [item["is_filler"] for item in full["items"]] == [
        item["source"] != full["source"] for item in full["items"]
    ]
    assert {*ids(full)} == EVERYTHING - ({"item-05"} if "similar" in path else set())
    assert full["items"][-1]["source"] == ("popular" if path == "/v1/recommendations" else "catalogue")


def test_a_cap_by_category(shop):
    assert len(ids(get(shop, n=20, max_per_category=3))) == 3, "all are mugs"


def join(pages):
    return [item_id for page in pages for item_id in page]


def read_pages(shop, n_pages, between=lambda page: None, **query):
    pages, cursor = [], ""
    for page in range(n_pages):
        between(page)
        answer = get(shop, cursor=cursor, **query)
        pages.append(ids(answer))
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    return pages


def test_pages_are_the_list_in_pieces(shop):
    whole = ids(get(shop, customer_id=REGULAR, n=38))
    pages = read_pages(shop, 20, customer_id=REGULAR, n=3)
    assert join(pages) == whole and [*map(len, pages)] == [3] * 12 + [2]
    first = get(shop, customer_id=REGULAR, n=3)
    second = get(shop, customer_id=REGULAR, n=3, cursor=first["next_cursor"])
    assert [item["rank"] for item in second["items"]] == [4, 5, 6]
    strict = read_pages(shop, 20, customer_id=REGULAR, n=5, mode="strict")
    assert join(strict) == [f"item-{n:02d}" for n in range(12)], "no later page goes down a rung"


def test_pages_neither_repeat_nor_skip_while_another_snapshot_is_published(shop):
    def publish(page):
        if page == 3:
            shop.snapshots.publish(Snapshot.from_pairs("night-2", pairs(run_id="night-2", first=7)))

    pages = read_pages(shop, 10, publish, customer_id=REGULAR, n=3)
    shown = join(pages)
    assert len(pages) == 10 and len(shown) == len({*shown}) == 30
    # the second night's list is items 7 to 18: of these none is missing
    assert {f"item-{n:02d}" for n in range(7, 19)} <= {*shown[: 9 + 12]}
    rest = join(read_pages(shop, 99, customer_id=REGULAR, n=3))
    assert rest == ids(get(shop, customer_id=REGULAR, n=100)), "the negative control: none is published"


def test_a_pin_counts_its_position_over_all_pages(shop):
    body = {"kind": "pin", "item_id": "item-30", "position": 5, "until": "2026-02-22T00:00:00Z"}
    shop.client.post("/v1/overrides", json=body)
    pages = read_pages(shop, 3, customer_id=REGULAR, n=3)
    assert pages[1][1] == "item-30" and join(pages).count("item-30") == 1


def test_a_page_of_pins_alone_has_a_next_one(shop):
    pin = {"kind": "pin", "item_id": "item-30", "until": "2026-03-01T00:00:00Z"}
    assert shop.client.post("/v1/overrides", json=pin).status_code == 201
    query = {"customer_id": REGULAR, "mode": "strict"}
    first = get(shop, n=1, **query)
    assert (first["source"], ids(first)) == ("override", ["item-30"])
    second = get(shop, n=2, cursor=first["next_cursor"], **query)
    assert (second["source"], ids(second)) == ("personal", ["item-00", "item-01"])


def test_a_cursor_ends_and_a_wrong_one_is_refused(shop):
    assert encode_cursor("popular", (), map(str, range(MAX_ITEMS))) is not None
    assert encode_cursor("popular", [digest_item("a")], map(str, range(MAX_ITEMS))) is None
    good = get(shop, n=3)["next_cursor"]
    for wrong in ("x", "AAAA", good[:-3], f"{good}é", "A" * 5000):
        assert refuse(shop, cursor=wrong).startswith("cursor: ")


def test_a_home_has_placements_of_its_own(shop):
    shop.home.mkdir(exist_ok=True)
    file = shop.home / "placements.yml"
    file.write_text("placements:\n  home: {sources: [popular], has_pins_and_boosts: false}\n")
    shop.use_stores()
    assert get(shop, customer_id=REGULAR, placement="home/top")["source"] == "popular"
    assert get(shop, customer_id=REGULAR, placement="elsewhere")["source"] == "personal"
    assert get(shop, customer_id=REGULAR, placement="email")["source"] == "personal"
    assert get(shop, placement="email")["source"] == "static", "an e-mail is not padded"
    answer = get(shop, customer_id=REGULAR, placement="product", item_id="item-05")
    assert (answer["source"], ids(answer)[0]) == ("similar", "item-06") and "item-05" not in ids(answer)


def test_a_placement_names_what_is_new_in_the_shop(shop):
    shop.home.mkdir(exist_ok=True)
    (shop.home / "placements.yml").write_text("placements:\n  novelties: {sources: [new, popular]}\n")
    content = dict(pairs())
    vocabulary = contract.ListVocabulary.of_bytes(content[contract.CATALOGUE])
    content[contract.get_audience_list_key(contract.NEW)] = listed(vocabulary, 3, 38, 1)  # 38 is sold out
    shop.snapshots.publish(Snapshot.from_pairs("night-1", content.items()))
    shop.use_stores()
    answer = get(shop, placement="novelties", n=3)
    assert (answer["source"], ids(answer)) == ("new", ["item-03", "item-01", "item-37"])
    assert [(item["source"], item["is_filler"]) for item in answer["items"]] == [
        ("new", False),
        ("new", False),
        ("popular", True),
    ]
    assert answer["items"][0]["reason"] == "new in the shop (by item_knn)"


def test_placements_that_are_wrong_are_reported_and_not_used(shop):
    shop.home.mkdir(exist_ok=True)
    (shop.home / "placements.yml").write_text("placements:\n  home: {sources: [poplar]}\n")
    shop.use_stores()
    assert get(shop, customer_id=REGULAR, placement="home")["source"] == "personal"
    [problem] = shop.client.get("/readyz").json["problems"]
    assert "did you mean 'popular'" in problem


def test_a_trace_counts_what_each_stage_removed(shop):
    for item_id in ("item-01", "item-02"):
        body = {"kind": "block", "item_id": item_id, "until": "2026-02-22T00:00:00Z"}
        shop.client.post("/v1/overrides", json=body)
    answer = get(shop, customer_id=REGULAR, n=5, exclude="item-03", explain="true")
    trace = {stage["stage"]: stage for stage in answer["trace"]}
    assert [*trace] == ["gather", "filters", "live", "overrides", "diversity", "fill", "explain"]
    # item-38, sold out, is first in the list; then 00, 01 and 02 blocked, 03 excluded, 04 … 07
    assert trace["filters"]["removed"] == {"excluded": 1, "out_of_stock": 1}
    assert trace["overrides"]["removed"] == {"blocked": 2}
    seen = {name: stage["n_seen"] for name, stage in trace.items()}
    assert [*seen.values()] == [1, 9, 7, 7, 0, 5, 5]
    assert [name for name, stage in trace.items() if stage["microseconds"] <= 0] == ["diversity"]


def test_a_trace_counts_what_a_cap_removed(shop):
    """All are mugs."""
    query = {"customer_id": REGULAR, "n": 5, "max_per_category": 2, "diversity": 0.5, "explain": "true"}
    [diversity] = [stage for stage in get(shop, **query)["trace"] if stage["stage"] == "diversity"]
    assert diversity["removed"] == {"cap": diversity["n_seen"] - 2} and diversity["microseconds"] > 0


def test_items_with_limits_are_for_those_who_say_who_they_are(shop):
    known = dict(pairs())
    key = contract.get_item_key("item-37")
    facts = contract.unpack_record(contract.ItemFacts, known[key])
    known[key] = contract.pack_record(facts._replace(min_age=18, blocked_countries=("FR",)))
    shop.snapshots.publish(Snapshot("night-1", known.get))
    assert ids(get(shop, n=1)) == ["item-36"]
    assert ids(get(shop, n=1, age=18, country="Spain")) == ["item-37"]
    assert ids(get(shop, n=1, age=17, country="Spain")) == ["item-36"]
    assert ids(get(shop, n=1, age=18, country="FR")) == ["item-36"]
