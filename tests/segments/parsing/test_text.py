"""Texts of definitions are those that ingest stores, on one line; nothing that SQL or dbt would execute."""

import pytest

from segments.parsing.definitions import parse_definition
from segments.parsing.flaws import SegmentError
from segments.parsing.text import parse_text
from tests.segments.parsing.texts import define


def parse_brand(written: str) -> str:
    rule = f'{{count: view, where: {{brand: {written}}}, op: ">", value: 0}}'
    return parse_definition(define(rule), "x").members.measure.events.filters[0].values[0]


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("Hilleberg", "Hilleberg"),
        ('" Hilleberg "', "Hilleberg"),
        ('"Cafe\\u0301"', "Café"),  # two characters, as some systems write an é
        ('"a\\u00a0b"', "a b"),
        ('"Fj\\u00adäll"', "Fjäll"),  # a soft hyphen
        ("it's", "it's"),
    ],
)
def test_values_are_in_the_form_that_is_stored(written, stored):
    assert parse_brand(written) == stored


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('"a\\nb"', "contains a control character"),
        ('"a\\tb"', "contains a control character"),
        ('"a\\u202eb"', "contains a control character"),
        ('"\\u00ad"', "has nothing that is seen"),
        ('"a\\\\b"', "contains \\;"),
        ('"{{ x }}"', "contains {{;"),
        ('" "', "is empty"),
    ],
)
def test_values_that_are_no_text_are_refused(written, message):
    with pytest.raises(SegmentError) as refused:
        parse_brand(written)
    assert message in str(refused.value)


def test_a_description_of_several_lines_is_one():
    text = define("{list: vip}").replace("description: Some.", "description: |\n  Some\n  more.")
    assert parse_definition(text, "x").description == "Some more."


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (["Lapsed"], "is ['Lapsed'], list; wanted text"),
        (True, "is True, bool; wanted text, in quotes"),
        (" ", "is empty; wanted text"),
        ("{# x", "contains {#; allowed: any text without {{ {% {# \\"),
    ],
)
def test_texts_of_other_files_are_held_to_the_same(value, message):
    assert parse_text("two\nlines") == "two lines"
    with pytest.raises(ValueError) as refused:
        parse_text(value)
    assert message in str(refused.value)
