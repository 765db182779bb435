"""Files of traits: what is understood, what is refused with its place, and what rules know of them."""

import json

import jsonschema
import pytest
import yaml

from segments.parsing.definitions import load_definitions
from segments.parsing.flaws import SegmentError
from segments.parsing.schema import TRAIT_FILE
from segments.parsing.traits import TRAITS, describe_trait_fields, load_traits, parse_trait
from segments.tree.events import Duration, EventSet, Within
from segments.tree.measures import Constant, Count, Selection
from segments.tree.rules import Compare
from segments.tree.traits import Trait, UniqueList
from tests.segments.parsing.texts import define

HEAD = "trait: some\nname: Some\ndescription: Something.\n"
LAST_WEEK = EventSet(("view",), (), Within(Duration(7, "day")))
SCHEMA = jsonschema.Draft202012Validator(json.loads(TRAIT_FILE.read_text()))


def test_a_trait_is_read():
    text = HEAD + "unit: views\nvalue: {count: view, within: 7 days}\n"
    assert parse_trait(text, "some.yml") == Trait("some", "Some", "Something.", Count(LAST_WEEK), "views")


def test_a_list_is_read():
    text = HEAD + "value: {unique_list: brand, of: view, within: 7 days, most: 3}\n"
    assert parse_trait(text, "some.yml").value == UniqueList("brand", LAST_WEEK, 3)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (
            "{last: categroy, of: view}",
            "some.yml:4:15: unknown attribute 'categroy' (did you mean 'category'?)",
        ),
        ("{unique_list: brand, of: view}", "some.yml:4:8: most missing; needed are unique_list, most, of"),
        (
            "{unique_list: brand, of: view, most: 101}",
            "some.yml:4:45: most is 101; takes a whole number from 1 to 100",
        ),
        ("{unique_list: price, of: view, most: 3}", "some.yml:4:22: unknown attribute 'price'"),
        (
            "{field: n_orders}",
            "some.yml:4:9: field may not stand in a trait, which is worked out of events alone",
        ),
        ("{count: view, op: '>', value: 3}", "some.yml:4:22: a rule of count: unknown key 'op'"),
        (
            "{count: view, where: {item_id: {in_list: sale}}}",
            "some.yml:4:49: list of items 'sale': a trait knows no lists",
        ),
        ("{last: brand, of: view}\nunit: pieces", "some.yml:5:7: unit is of numbers, and some is a text"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(value, said):
    with pytest.raises(SegmentError) as error:
        parse_trait(f"{HEAD}value: {value}\n", "some.yml")
    assert str(error.value).startswith(said)


@pytest.mark.parametrize(
    ("name", "file", "said"),
    [
        ("some", "other.yml", "trait is 'some'; the file of that trait is some.yml"),
        ("n_orders", "n_orders.yml", "'n_orders' is a field already"),
        ("customer_id", "customer_id.yml", "'customer_id' is no name of a column"),
        ("0_days", "0_days.yml", "'0_days' is no name of a column"),
    ],
)
def test_a_name_is_the_files_and_nobody_elses(name, file, said):
    with pytest.raises(SegmentError, match=said):
        parse_trait(HEAD.replace("some", name) + "value: {count: view}\n", file)


def test_every_mistake_of_a_folder_is_named(tmp_path):
    (tmp_path / "a.yml").write_text(HEAD)
    (tmp_path / "b.yml").write_text("trait: b\n")
    with pytest.raises(SegmentError, match=r"(?s)a\.yml:1:1: .*b\.yml:1:1: "):
        load_traits(tmp_path)
    assert load_traits(tmp_path / "none") == []


def test_shipped_traits_are_understood_and_allowed_by_the_schema():
    assert len(load_traits()) == len([*TRAITS.glob("*.yml")]) >= 5
    for file in TRAITS.glob("*.yml"):
        SCHEMA.validate(yaml.safe_load(file.read_text()))
    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(yaml.safe_load(HEAD + "value: {field: n_orders}"))


def test_a_rule_on_a_trait_is_a_rule_on_its_measure(tmp_path):
    newest = Selection("last", "brand", LAST_WEEK)
    traits = [Trait("n", "N", "N.", Count(LAST_WEEK)), Trait("newest", "Newest", "Newest.", newest)]
    for name, rule, expected in (
        ("more", {"field": "n", "op": ">", "value": 2}, Compare(Count(LAST_WEEK), ">", Constant(2))),
        ("vaude", {"field": "newest", "op": "=", "value": "vaude"}, Compare(newest, "=", Constant("vaude"))),
    ):
        file = tmp_path / f"{name}.yml"
        file.write_text(define(json.dumps(rule)).replace("segment_id: some", f"segment_id: {name}"))
        [definition] = load_definitions([file], traits=traits)
        assert definition.segment.members == expected


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"field": "newst", "op": "=", "value": "a"}, r"unknown field 'newst' \(did you mean 'newest'\?\)"),
        ({"field": "newest", "op": ">", "value": 3}, "is a text, which here takes a text with = or !="),
        ({"field": "brands", "op": "=", "value": "a"}, "brands is a list, which no rule compares"),
    ],
)
def test_a_rule_that_a_trait_cannot_be_asked(tmp_path, rule, said):
    traits = [
        Trait("newest", "Newest", "Newest.", Selection("last", "brand", LAST_WEEK)),
        Trait("brands", "Brands", "Brands.", UniqueList("brand", LAST_WEEK, 3)),
    ]
    (tmp_path / "some.yml").write_text(define(json.dumps(rule)))
    with pytest.raises(SegmentError, match=said):
        load_definitions([tmp_path / "some.yml"], traits=traits)


def test_fields_have_the_kind_of_what_they_measure():
    fields, absent = describe_trait_fields(load_traits())
    assert fields["last_viewed_category"].kind == "text"
    assert fields["average_basket"].kind == "number"
    assert set(absent) == {"recently_viewed_categories"}
