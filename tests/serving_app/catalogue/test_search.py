"""Items found by what people type."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts import snapshot as contract
from serving_app.catalogue.search import Indexed, find_best, fold_text, index_items
from serving_app.storage.snapshots import Snapshot
from tests.serving_app.conftest import pairs


def make_facts(title, brand=None, category=None):
    return contract.ItemFacts(title, category, brand, None, None, None, True, True)


ITEMS = {
    "85123A": make_facts("White hanging heart", category="Home & garden"),
    "22423": make_facts("Regency cakestand", "Café Crème", "Kitchen"),
    "22424": make_facts("Blue café mug", category="Kitchen"),
    "heart": make_facts("A heart of glass"),
    "x-1": make_facts("Sweetheart candy", category="Sweets"),
    "none": make_facts(None),
}
INDEX = [*index_items(ITEMS.items())]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("HEART", ["heart", "85123A", "x-1"]),
        ("2242", ["22424", "22423"]),
        ("22423", ["22423"]),
        ("85123a", ["85123A"]),
        ("cafe", ["22424", "22423"]),
        ("  kitchen   CAFÉ ", ["22424", "22423"]),
        ("white garden", ["85123A"]),
        ("white kitchen", []),
        (" ", []),
        ("%", []),
        ("<script>", []),
    ],
)
def test_what_is_found_and_in_which_order(text, found):
    assert find_best(INDEX, text, 10) == found
    assert find_best(INDEX, text, 1) == found[:1]


@given(
    st.text(alphabet="ab\u00c9e \u0301", max_size=6), st.lists(st.text("ab\u00e9 ", max_size=6), max_size=8)
)
def test_all_that_hold_every_word_and_nothing_else(text, titles):
    items = {f"i{n}": make_facts(title) for n, title in enumerate(titles)}
    found = find_best(index_items(items.items()), text, 100)
    words = fold_text(text).split()
    held = {
        name for name, facts in items.items() if all(w in f"{name} {fold_text(facts.title)}" for w in words)
    }
    assert {*found} == (held if words else set()) and len(found) == len({*found})


def test_a_word_may_not_reach_from_one_text_into_the_next():
    item = Indexed("ab", "cd", " ab cd ", "ab")
    assert item.rank("bc", ["bc"]) is None


def test_over_http_the_newest_night_is_searched(shop):
    def search(text):
        return [
            one["item_id"]
            for one in shop.client.get("/v1/items/search", query_string={"text": text}).json["items"]
        ]

    assert search("item-07") == ["item-07"] and search("Item 3")[0] == "item-03"
    assert search("acme mugs item 38") == ["item-38"]
    facts = contract.pack_record(make_facts("A new one"))
    more = {**dict(pairs()), contract.get_item_key("fresh"): facts}
    shop.snapshots.publish(Snapshot.from_pairs("night-2", more.items()))
    assert search("new") == ["fresh"]
    [found] = shop.client.get("/v1/items/search?text=item-38").json["items"]
    assert (found["may_be_shown"], found["price"]) == (False, 40.5)
