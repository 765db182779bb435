"""What ingest accepts the API can name: items by path, by query and in an override; persons by the id that
was hashed.
"""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from expectations.contracts import snapshot as contract
from expectations.contracts.identifiers import hash_identifier
from expectations.contracts.ids import AS_GIVEN, UPPER, parse_id
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import KEY, REGULAR, SOURCE, pairs

UNTIL = "2026-02-22T00:00:00Z"
ANY = st.text(st.characters(), min_size=1, max_size=30)  # of all planes, lone surrogates too
ODD = st.sampled_from(
    [
        "/",
        "//",
        "..",
        "%",
        "?",
        "#",
        "&",
        "+",
        " ",
        "similar",
        "\\",
        ";",
        '"',
        "\u00e9",
        "e\u0301",
        "\ufeff",
        "a",
    ]
)
ITEM_IDS = st.one_of(ANY, st.lists(ODD, min_size=1, max_size=6).map("".join))


def publish(shop, *item_ids, case=AS_GIVEN):
    """A snapshot of these items, each with a list of one other."""
    vocabulary = contract.ListVocabulary()
    known = {**dict(pairs())}
    meta = contract.unpack_record(contract.SnapshotMeta, known[contract.META])
    known[contract.META] = contract.pack_record(meta._replace(item_case=case))
    for item_id in item_ids:
        known[contract.get_item_key(item_id)] = contract.pack_record(
            contract.ItemFacts("A", "B", None, 1.0, "EUR", None, True, True)
        )
        known[contract.get_similar_list_key(item_id)] = vocabulary.pack(
            [f"of {item_id}"], [1.0], [("item_knn",)]
        )
        known[contract.get_item_key(f"of {item_id}")] = known[contract.get_item_key(item_id)]
    known[contract.get_audience_list_key(contract.POPULAR)] = vocabulary.pack(
        list(item_ids), [1.0] * len(item_ids), [()] * len(item_ids)
    )
    known[contract.CATALOGUE] = vocabulary.as_bytes()
    shop.snapshots.publish(Snapshot("night-1", known.get))


def ids(answer):
    assert answer.status_code == 200, answer.text
    return [item["item_id"] for item in answer.json["items"]]


@given(ITEM_IDS)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example("/lab/lead")
@example("..")
@example("a/../similar/similar")
@example("x" * 512)
def test_what_ingest_accepts_the_api_can_name(shop, text):
    accepted = parse_id(text, "item_id").value
    if accepted is None:
        return
    publish(shop, accepted)
    for form in (accepted, text):
        path = f"/v1/items/{quote(form, safe='')}/similar"
        assert ids(shop.client.get(path))[0] == f"of {accepted}"
        assert (
            ids(shop.client.get(f"/v1/items/similar?{urlencode({'item_id': form})}"))[0] == f"of {accepted}"
        )
        body = {"kind": "block", "item_id": form, "until": UNTIL}
        created = shop.client.post("/v1/overrides", json=body)
        assert (created.status_code, created.json["item_id"], created.json["matches"]) == (201, accepted, 1)
        assert ids(shop.client.get("/v1/popular?mode=strict")) == []
        shop.client.delete(f"/v1/overrides/{created.json['override_id']}")


@pytest.mark.parametrize(
    ("path", "item_id"),
    [
        ("/v1/items/%2Flab%2Flead/similar", "/lab/lead"),
        ("/v1/items//lab/lead/similar", "/lab/lead"),
        ("/v1/items/lab%2F%2Flead%2F/similar", "lab//lead/"),
        ("/v1/items/a%2Fsimilar/similar", "a/similar"),
        ("/v1/items/.hidden/similar", ".hidden"),
        ("/v1/items/%EF%BB%BFi1/similar", "i1"),
    ],
)
def test_a_path_names_its_item_and_no_other(shop, path, item_id):
    publish(shop, "/lab/lead", "lab/lead", "lab//lead/", "a/similar", "a", ".hidden", "i1")
    assert ids(shop.client.get(path))[0] == f"of {item_id}"


@pytest.mark.parametrize("item_id", ["x" * 513, "a%00b", "%0A", "a%0Ab"])
def test_what_ingest_refuses_the_api_refuses(shop, item_id):
    for path in (f"/v1/items/{item_id}/similar", f"/v1/items/similar?item_id={item_id}"):
        answer = shop.client.get(path)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (400, "item_id")


def test_an_item_is_named_once(shop):
    answer = shop.client.get("/v1/items/a/similar?item_id=b")
    assert (answer.status_code, answer.json["detail"]) == (400, "item_id stands in the path already")


@pytest.mark.parametrize("text", ["85123a", " 85123A", "85123\ufeffa"])
def test_letter_case_is_what_the_catalogue_says(shop, text):
    publish(shop, "85123A", "POST", case=UPPER)
    created = shop.client.post("/v1/overrides", json={"kind": "block", "item_id": text, "until": UNTIL})
    assert (created.json["item_id"], created.json["matches"]) == ("85123A", 1)
    assert ids(shop.client.get("/v1/popular?mode=strict")) == ["POST"]
    assert ids(shop.client.get("/v1/items/post/similar", query_string={"n": 1})) == ["of POST"]


def test_where_case_tells_two_items_are_two(shop):
    publish(shop, "ab1", "AB1")
    shop.client.post("/v1/overrides", json={"kind": "block", "item_id": "ab1", "until": UNTIL})
    assert ids(shop.client.get("/v1/popular?mode=strict")) == ["AB1"]


def test_a_block_made_before_anything_was_published_holds_in_either_case(shop):
    shop.snapshots.publish(None)
    shop.client.post("/v1/overrides", json={"kind": "block", "item_id": "85123a", "until": UNTIL})
    publish(shop, "85123A", "POST", case=UPPER)
    assert ids(shop.client.get("/v1/popular?mode=strict")) == ["POST"]


@pytest.mark.parametrize("text", ["caf\u00e9-7", "cafe\u0301-7", "\ufeffcafe\u0301\u200b-7 "])
def test_a_visitor_is_found_however_the_id_is_composed(shop, text):
    known = dict(pairs()) | {
        contract.get_identifier_key(hash_identifier(KEY, "user_id", SOURCE, "caf\u00e9-7")): REGULAR.encode()
    }
    shop.snapshots.publish(Snapshot("night-1", known.get))
    assert (
        shop.client.get("/v1/recommendations", query_string={"user_id": text}).json["customer_id"] == REGULAR
    )
