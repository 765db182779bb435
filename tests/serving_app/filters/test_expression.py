"""What filter expressions mean, and what is said of those that mean nothing."""

import pytest

from serving_app.filters.expression import compile_filter
from tests.serving_app.filters.expression_cases import BARE, MUG, find_flaw, matches


@pytest.mark.parametrize(
    "text",
    [
        'category = "Home" and price < 20 and not brand in ["x", "y"]',
        'brand not in ["x", "y"] AND attributes.nothing is null',
        "price = 2.5 and price >= 2.5 and price <= 2.5 and price != 3 and 3 > price",
        "price > -1",
        'category_path contains "Mugs" and title contains "mug" and title starts with "Blue"',
        'attributes.colour = "blue" and item.attributes["größe"] = "L"',
        "attributes.weight > 200 and attributes.weight = 300 and attributes.vegan",
        'attributes.weight = "300"',
        "first_seen_at >= 2026-02-20 and first_seen_at < 2026-02-20T01:00:00+01:00 or is_in_stock",
        "first_seen_at > now - 2 days and first_seen_at < now - 1 week or first_seen_at > now - 36.5 hours",
        'customer.country = "France" and customer.segments contains "vip" and customer.n_orders > 3',
        'customer.last_order_at < now - 10 days and customer.is_known and customer.rfm_segment != "lost"',
        'context.placement = "home" and context.country in ["DE", "AT"] and context.age >= 18',
        'item_id = "mug"',
        "true or price = 7",
        "not (false and is_in_stock)",
        r'title = "Blue\u0020mug" and brand != "a\"b\\c"',
        "title = 'Blue mug'",
        "n_stock > 5 and not is_consumable",
        'price in [1, 2.5,] and category\n in\t["Home"]',
    ],
)
def test_an_expression_that_matches(text):
    assert matches(text)


@pytest.mark.parametrize(
    "text",
    [
        *('brand = "x"', 'brand != "x"', 'not brand = "x"', 'not brand != "x"', 'brand in ["x"]'),
        *('brand not in ["x"]', 'title contains "x"', 'not title contains "x"', "price < 3", "not price < 3"),
        *('category_path contains "x"', 'not category_path contains "x"', "attributes.vegan"),
        *("not attributes.vegan", "attributes.weight < 3 or attributes.weight >= 3", "first_seen_at < now"),
    ],
)
def test_what_is_unknown_fits_neither_a_comparison_nor_its_negation(text):
    assert not matches(text, BARE)
    assert not matches(f"not ({text})", BARE)
    assert matches(f"{text} or true", BARE)
    assert not matches(f"{text} and true", BARE)


def test_null_itself_can_be_asked():
    assert matches('brand is null or brand != "x"', BARE)
    assert not matches("brand is null")
    assert matches("brand is not null and not (brand is null)")


def test_an_attribute_that_is_not_of_the_kind_it_is_compared_with_is_unknown():
    item = MUG._replace(attributes={"weight": "heavy", "since": "yesterday", "vegan": "maybe", "n": "nan"})
    for text in ("attributes.weight < 5", "attributes.since < now", "attributes.vegan", "attributes.n < 5"):
        assert not matches(text, item)
        assert not matches(f"not ({text})", item)


def test_a_stranger_is_in_no_segment_and_of_no_country():
    assert matches('not customer.segments contains "vip" and not customer.is_known', customer=None)
    assert not matches('customer.country = "France" or customer.country != "France"', customer=None)
    assert matches("customer.country is null", customer=None)


def test_parameters_are_values_and_never_text_of_the_expression():
    assert matches("brand = $b", b="Acme")
    assert not matches("brand = $b", b='x" or true or brand = "')
    assert matches("price < $most and attributes.weight > $w", most="3", w=200)
    assert matches("category in $categories", categories="Garden,Home")
    assert matches("category in $categories", categories=["Home"])
    assert not matches("category in $categories", categories=[])
    assert matches("price in [1, $p]", p="2.5")
    assert matches("is_in_stock = $s and first_seen_at >= $since", s="true", since="2026-02-20")
    assert matches("price > $low", low="-3")
    assert matches("$flag", flag=True)


@pytest.mark.parametrize(
    ("text", "parameters", "flaw"),
    [
        ("price < $p", {}, "the filter's parameters need values: p"),
        ("price < $p", {"p": "1", "q": "2"}, "a parameter is sent that is not in the filter; it has: p"),
        ("price < $p", {"p": "cheap"}, "the filter's parameter p must be a number"),
        ("price < $p", {"p": True}, "the filter's parameter p must be a number"),
        ("price < $p", {"p": "1e999"}, "the filter's parameter p must be a number"),
        ("price < $p", {"p": float("nan")}, "the filter's parameter p must be a number"),
        ("is_in_stock = $s", {"s": "yes"}, "the filter's parameter s must be true or false"),
        ("first_seen_at < $t", {"t": "tomorrow"}, "the filter's parameter t must be a date"),
        ("first_seen_at < $t", {"t": "2026-02-30"}, "the filter's parameter t must be a date"),
        ("brand = $b", {"b": ["x"]}, "the filter's parameter b must be a text"),
        ("brand in $b", {"b": {"x": 1}}, "the filter's parameter b must be a list, each a text"),
        ("brand in $b", {"b": ["x"] * 201}, "must be a list of 200 entries at most"),
        ("brand = $b", {"b": "x" * 501}, "a text may have 500 characters at most"),
        ("brand = $b", {"b": "a\0b"}, "no control character"),
    ],
)
def test_parameters_that_do_not_fit(text, parameters, flaw):
    assert flaw in find_flaw(text, **parameters)


@pytest.mark.parametrize(
    ("text", "place", "flaw"),
    [
        ("pirce < 3", (1, 1), "no such field; did you mean price?; allowed: item_id, title, category"),
        ('context.placment = "x"', (1, 1), "did you mean context.placement?"),
        ('brand = "x" and\n  colour = "red"', (2, 3), "no such field"),
        ("attributes = 3", (1, 1), "name an attribute: attributes.colour"),
        ('price["x"] = 3', (1, 1), "no such field"),
        ('price < "cheap"', (1, 7), "a number cannot be compared with a text"),
        ('first_seen_at < "2026-01-31"', (1, 15), "a date cannot be compared with a text"),
        ("first_seen_at < 2026-02-31", (1, 17), "there is no such date"),
        ('category > "a"', (1, 10), "> compares numbers or dates; here stands a text"),
        ('category_path = "x"', (1, 15), "a list of texts is asked with contains"),
        ('category_path in ["x"]', (1, 15), "a list of texts is asked with contains"),
        ('price contains "2"', (1, 1), "expected here, not a number"),
        ("title contains 2", (1, 16), "a text is expected here, not a number"),
        ('price in [1, "2"]', (1, 14), "a number is expected here, not a text"),
        ("price in 3", (1, 10), "expected a parameter as $name or ["),
        ("price = null", (1, 9), 'null is written "is null"'),
        ('"x" is null', (1, 1), "a field is expected before is null"),
        ("$a = $b", (1, 4), "two parameters cannot be compared"),
        ("brand = $x or price = $x", (1, 23), "elsewhere it is a text, here a number"),
        ("title", (1, 1), "a comparison is expected after a text"),
        ("price <", (1, 8), "expected one of: a field, a text in quotes, a number"),
        ("price < 3 and", (1, 14), "expected one of: a field"),
        ('title = "x', (1, 9), "the text in quotes does not end"),
        (r'title = "\x41"', (1, 9), "is followed by one of"),
        ("price == 3", (1, 8), "expected one of"),
        ("price < 3 limit 5", (1, 11), "expected one of: and, or, the end"),
        ("", (1, 1), "expected one of"),
        ("and", (1, 1), "this word has a meaning of its own"),
    ],
)
def test_what_is_not_understood_is_named_by_its_place(text, place, flaw):
    found = find_flaw(text)
    assert found.startswith(f"filter, line {place[0]}, column {place[1]}: ")
    assert flaw in found


@pytest.mark.parametrize(
    ("text", "is_bound_once"),
    [
        ('price < 20 and not category in ["a", "b"]', True),
        ("attributes.colour = 'red' or title is null".replace("'", '"'), True),
        ("price < $most", False),
        ("price in $prices", False),
        ("customer.n_orders > 1 or price < 20", False),
        ("context.age > 18", False),
        ("first_seen_at > now - 3 days", False),
    ],
)
def test_what_reads_items_alone_is_bound_once(text, is_bound_once):
    assert (compile_filter(text).predicate is not None) == is_bound_once
