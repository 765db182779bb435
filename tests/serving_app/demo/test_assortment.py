"""What the demo shop sells, found and cut into pages; and the pictures of it."""

import xml.etree.ElementTree as ET
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.demo.assortment import PAGE_LENGTH, Assortment, Product, cut
from serving_app.demo.pictures import SHAPES, draw_item, mix


def product(item_id, title="A Mug", category="Kitchen", **more):
    return Product(item_id, title, category, (category, "Mugs"), "Acme", 9.5, "EUR", True, **more)


SOLD_OUT = Product("k-3", "Amber Kettle", "Kitchen", ("Kitchen", "Kettles"), "Acme", 5.0, "EUR", False)
SHOP = Assortment(
    [
        product("k-1", "Slow Kettle", first_seen_at="2026-01-02"),
        product("k-2", "Quick Kettle", first_seen_at="2026-01-05"),
        SOLD_OUT,
        product("t-1", "Green Tea", "Food", first_seen_at="2026-01-03"),
    ]
)


def ids(products):
    return [one.item_id for one in products]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("kettle", ["k-2", "k-1", "k-3"]),  # what is sold out comes last
        ("KET quick", ["k-2"]),
        ("acme tea", ["t-1"]),
        ("ettle", []),
        ("kettle tea", []),
        ("  ", []),
        ("<script>", []),
        ("(", []),
    ],
)
def test_search(words, found):
    assert ids(SHOP.search(words, 1).products) == found


def test_shelves():
    assert SHOP.categories == ["Food", "Kitchen"]
    assert ids(SHOP.list_shelf("Food", 1).products) == ["t-1"]
    assert len(SHOP.list_shelf("", 1).products) == 4
    assert ids(SHOP.list_new(2)) == ["k-2", "t-1"]
    assert ids(SHOP.list_examples()) == ["t-1", "k-3"]
    assert SHOP.find("k-3") is SOLD_OUT and SHOP.find("no") is None


def test_picks_are_the_same_each_time_and_in_stock():
    assert ids(SHOP.list_picks()) == ids(SHOP.list_picks()) and "k-3" not in ids(SHOP.list_picks())
    assert sorted(ids(SHOP.list_picks("cart"))) == sorted(ids(SHOP.list_picks()))


@given(n=st.integers(0, 200), page=st.integers(1, 50))
def test_pages_hold_every_product_once(n, page):
    products = [product(str(number)) for number in range(n)]
    shelf = cut(products, page)
    assert 1 <= shelf.page <= shelf.n_pages and shelf.n_found == n
    whole = [one for number in range(1, shelf.n_pages + 1) for one in cut(products, number).products]
    assert whole == products and len(shelf.products) <= PAGE_LENGTH


@given(item_id=st.text(max_size=40), leaf=st.text(max_size=20), colour=st.text(max_size=20))
def test_a_picture_is_an_svg_that_holds_nothing_of_the_catalogue(item_id, leaf, colour):
    drawn = draw_item(item_id, (leaf,), {"colour": colour})
    assert drawn == draw_item(item_id, (leaf,), {"colour": colour})
    tree = ET.fromstring(drawn)
    assert {one.tag.partition("}")[2] for one in tree.iter()} <= {
        "svg",
        "g",
        "rect",
        "circle",
        "ellipse",
        "path",
    }
    assert not {name for one in tree.iter() for name in one.attrib} & {"href", "style", "onload"}
    assert not any(one.text and one.text.strip() for one in tree.iter())


def test_pictures_differ():
    leaves = [path.stem.replace("-", " ") for path in SHAPES.glob("*.svg")]
    assert len(leaves) >= 20
    assert len({draw_item("x", (leaf,), {}) for leaf in leaves}) == len(leaves)
    assert len({draw_item(letter, ("Tea",), {}) for letter in ascii_lowercase}) == len(ascii_lowercase)
    assert draw_item("x", ("Lamps",), {"colour": "red"}) != draw_item("x", ("Lamps",), {"colour": "blue"})


def test_colours():
    assert [mix(0, 1, 0.5), mix(1 / 3, 1, 0.5), mix(0, 0, 1)] == ["#ff0000", "#00ff00", "#ffffff"]
