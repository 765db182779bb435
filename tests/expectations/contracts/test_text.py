"""One normal form of texts and ids: what looks equal is equal, and making it takes time in proportion to the
length.
"""

import re
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from expectations.contracts.countries import normalise_country, parse_country_code
from expectations.contracts.ids import MAX_ID_LENGTH, UPPER, find_id_flaw, may_be_id, normalise_id, parse_id
from expectations.contracts.phones import extract_digits
from expectations.contracts.text import normalise_text

BOM, ZERO_WIDTH, NO_BREAK, SOFT_HYPHEN, RIGHT_TO_LEFT = "\ufeff", "\u200b", "\u00a0", "\u00ad", "\u202e"
UNSEEN = st.sampled_from([BOM, ZERO_WIDTH, SOFT_HYPHEN, RIGHT_TO_LEFT, "\u2060", "\u034f"])
# of all planes, unassigned characters too
ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)


@pytest.mark.parametrize(
    ("received", "kept"),
    [
        ("  plain  ", "plain"),
        ("Cafe\u0301", "Café"),
        (f"{BOM}or{BOM}der{ZERO_WIDTH}", "order"),
        (f"{NO_BREAK}Home{NO_BREAK}&{NO_BREAK}Garden\u3000", "Home & Garden"),
        ("two\nlines\tand a tab\x1f", "two\nlines\tand a tab"),
        ("a\x00b\x07c\x7fd\x9fe", "abcde"),
        ("a\u200db\u200c", "ab"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\u3164", ""),
    ],
)
def test_a_text(received, kept):
    assert normalise_text(received) == kept


@given(ANY, UNSEEN)
@settings(max_examples=150)
@example("T\u0308", BOM)
@example("é\u200da\u0301", ZERO_WIDTH)
def test_what_looks_equal_is_equal(text, unseen):
    middle = len(text) // 2
    for normalise in (
        normalise_text,
        normalise_id,
        lambda x: normalise_id(x, "email"),
        lambda x: normalise_id(x, case=UPPER),
    ):
        once = normalise(text)
        assert normalise(once) == once
        assert unicodedata.is_normalized("NFC", once) and once == once.strip() and BOM not in once
        assert (
            normalise(unicodedata.normalize("NFD", text))
            == normalise(unicodedata.normalize("NFC", text))
            == once
        )
        assert normalise(f" {unseen}{text}{unseen}\t") == once
    assert normalise_id(text[:middle] + unseen + text[middle:]) == normalise_id(text), (
        "inside, where files were put together"
    )


@pytest.mark.parametrize(
    ("value", "kind", "normal", "flaw"),
    [
        ("85123a", "item_id", "85123a", None),
        ("/lab/lead", "item_id", "/lab/lead", None),
        (4711, "user_id", "4711", None),
        (" \u200b", "user_id", None, None),
        (None, "user_id", None, None),
        (True, "user_id", None, "neither"),
        (1.5, "item_id", None, "neither"),
        ({"a": 1}, "order_id", None, "neither"),
        (["x"], "message_id", None, "neither"),
        ("x" * MAX_ID_LENGTH, "item_id", "x" * MAX_ID_LENGTH, None),
        ("x" * (MAX_ID_LENGTH + 1), "item_id", None, "more than 512"),
        ("a\x00b", "item_id", None, "printed"),
        ("12\n34", "order_id", None, "printed"),
        ("\ud800", "user_id", None, "printed"),
        ("true", "item_id", None, "word for nothing"),
        ("{{order.id}}", "order_id", None, "unfilled template"),
        ("undefined", "message_id", None, "word for nothing"),
        ("NaN", "crm_id", None, "word for nothing"),
        # identify's to judge: the event stays its browser's
        (
            "{{customer.id}}",
            "user_id",
            "{{customer.id}}",
            None,
        ),
        ("test", "item_id", "test", None),  # may be one
        ("JOSE\u0301@SHOP.example", "email", "josé@shop.example", None),
    ],
)
def test_an_id(value, kind, normal, flaw):
    found = parse_id(value, kind)
    assert found.value == normal
    assert (flaw is None) == (found.flaw is None) and (flaw or "") in (found.flaw or "")


def test_letter_case_is_the_catalogues():
    assert (
        normalise_id("85123a", "item_id", UPPER)
        == normalise_id(" 85123A\u200b", "item_id", UPPER)
        == "85123A"
    )
    assert normalise_id("85123a", "item_id") != normalise_id("85123A", "item_id")


@pytest.mark.parametrize("value", [True, False, 1.5, 1e300, {}, [], ["a"]])
def test_ids_are_strings_and_whole_numbers(value):
    assert not may_be_id(value)


@pytest.mark.parametrize(
    ("received", "kept", "code"),
    [
        ("UK", "GB", "GB"),
        ("uk", "GB", "GB"),
        ("EL", "GR", "GR"),
        (" de\ufeff", "DE", "DE"),
        ("United Kingdom", "United Kingdom", "GB"),
        ("USA", "USA", "US"),  # names of Online Retail stay as they are
        ("RSA", "RSA", None),
        ("EIRE", "EIRE", None),
        ("Unspecified", "Unspecified", None),
        ("XX", "XX", None),
        ("", "", None),
    ],
)
def test_a_country(received, kept, code):
    assert normalise_country(received) == kept
    assert parse_country_code(received) == code


def test_digits_of_any_script_are_digits():
    assert extract_digits(" +٤٩ (151) 23-45") == extract_digits("＋49 151 2345") == "+491512345"
    assert extract_digits("call me") == ""


def seconds(function, text):
    """The least time of several calls: what the function itself takes."""
    took = []
    for _ in range(5):
        began = time.thread_time()
        function(text)
        took.append(time.thread_time() - began)
    return min(took)


# Each repeats what a pattern of before stumbled over: blanks, digits, marks and brackets inside a long text.
HOSTILE = [" ", "1", "é ", "\u200b", "\u200d", "{{", "@", "\u0301\u0323", "の"]
LINEAR = (
    normalise_text,
    normalise_id,
    find_id_flaw,
    lambda x: find_id_flaw(x[:MAX_ID_LENGTH], "item_id"),
    extract_digits,
    normalise_country,
)


@pytest.mark.parametrize("part", HOSTILE, ids=ascii)
def test_twice_the_length_takes_twice_the_time(part):
    once, twice = (f"x{part * (n // len(part))}x" for n in (40_000, 80_000))
    for function in LINEAR:
        assert seconds(function, twice) <= 3 * seconds(function, once) + 0.002


def test_the_measure_sees_what_is_not_linear():
    """The pattern that edges were cut with before, and Python's own sorting of stacked marks."""
    edges = re.compile(r"^\s+|\s+$")
    for function, part in (
        (lambda x: edges.sub("", x), " "),
        (lambda x: unicodedata.normalize("NFC", x), "\u0301\u0323"),
    ):
        once, twice = (f"x{part * n}x" for n in (1_500, 3_000))
        assert seconds(function, twice) > 3 * seconds(function, once)
