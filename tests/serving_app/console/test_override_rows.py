"""Lists compared, times of the shop, and changes told, as pure functions."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving_app.console.override_form import OverrideForm, read_local_time
from serving_app.console.override_rows import Names, compare_lists, describe_effect, describe_override

BERLIN = ZoneInfo("Europe/Berlin")
LISTS = st.lists(st.sampled_from("abcdefg"), unique=True, max_size=6)


def test_two_lists_side_by_side():
    rows = compare_lists(["a", "b", "c"], ["x", "c", "a", "b"], {"x": "Item X"})
    assert [tuple(row) for row in rows] == [
        (1, "a", "Item X", "new"),
        (2, "b", "c", "up"),
        (3, "c", "a", ""),
        (4, None, "b", ""),
    ]


@given(LISTS, LISTS)
def test_each_place_once_and_marks_are_true(before, after):
    rows = compare_lists(before, after, {})
    assert [row.before for row in rows if row.before] == before
    assert [row.after for row in rows if row.after] == after
    assert {row.after for row in rows if row.change == "new"} == {*after} - {*before}
    higher = {one for one in after if one in before and after.index(one) < before.index(one)}
    assert {row.after for row in rows if row.change == "up"} == higher


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("2026-02-27T18:00", "2026-02-27T18:00:00+01:00"),
        ("2026-07-27T18:00", "2026-07-27T18:00:00+02:00"),
        ("2026-10-25T02:30", "2026-10-25T02:30:00+02:00"),  # twice; the first
        ("2026-02-27T18:00Z", "2026-02-27T18:00:00+00:00"),
        ("Friday", "Friday"),
    ],
)
def test_times_are_the_shops(typed, sent):
    assert read_local_time(typed, BERLIN) == sent


def test_a_form_is_what_it_was_made_of():
    stored = {"kind": "pin", "item_id": "i", "position": 2, "until": "2026-02-27T17:00:00Z", "priority": 3}
    form = OverrideForm.of(stored, BERLIN)
    assert form.as_body(BERLIN) == stored | {
        "position": "2",
        "priority": "3",
        "until": "2026-02-27T18:00:00+01:00",
    }


@pytest.mark.parametrize(
    ("stored", "sentence"),
    [
        ({"kind": "pin", "item_id": "i", "position": 2}, "Pin Mug at place 2"),
        ({"kind": "block", "item_id": "gone"}, "Block gone"),
        ({"kind": "boost", "category": "Tea", "factor": 1.5}, "Boost all of Tea ×1.5"),
        ({"kind": "bury", "item_id": "i", "factor": None}, "Bury Mug to the end"),
        ({"kind": "bury", "item_id": "i", "factor": 0.0}, "Bury Mug to the end"),
    ],
)
def test_what_an_override_does_in_a_sentence(stored, sentence):
    assert describe_override(stored, Names({"i": "Mug"}, {})) == sentence


@pytest.mark.parametrize(
    ("effect", "sentence"),
    [
        ((0, 0, True, None), "Nobody with a list of their own is concerned; strangers would not."),
        (
            (1, 1, True, {"after": []}),
            "Of 1 customer with a list of their own, 1 would see another first 10; so would strangers.",
        ),
        (
            (2000, 1200, False, None),
            "Of the first 2,000 customers with a list of their own, 1,200 would see another first 10;"
            " strangers would not.",
        ),
    ],
)
def test_an_effect_in_a_sentence(effect, sentence):
    names = ("n_customers_checked", "n_customers_changed", "is_whole", "stranger")
    assert describe_effect(dict(zip(names, effect, strict=True)) | {"n_items": 10}) == sentence
