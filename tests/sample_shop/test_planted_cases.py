"""Plants: each told in the truth, nothing else changed by them, and every word about consent heard as it
was said.
"""

import csv
import gzip
import json
import re
from collections import defaultdict
from dataclasses import replace
from datetime import datetime

import pyarrow.parquet as pq
import pytest

from sample_shop.consent_truth import find_event_time, is_granted
from sample_shop.planted_cases import all_cases
from sample_shop.planted_cases.consent import STORIES
from sample_shop.shop import Shop
from tests.sample_shop.conftest import MAIN

FACTS = {
    "consent",
    "item_ended",
    "person_ended",
    "order_lines",
    "person_exists",
    "order",
    "order_email",
    "one_phone",
    "own_browser",
    "own_user",
}
UNCHANGED = ("purchases", "persons", "shelf", "consents", "items", "identifiers", "traps", "sessions")


def content(path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


@pytest.fixture(scope="module")
def without(small, tmp_path_factory):
    """The same shop with no plant."""
    home = tmp_path_factory.mktemp("without")
    other = replace(small, landing=home / "landing", truth=home / "truth")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(all_cases, "SUBJECTS", ())
        Shop(11, 150, other.landing, other.truth, write_from=0).trade_until(9)
    return other


def test_plants_stand_behind_the_days_lines_and_change_no_other_byte(small, without):
    """A file of trade begins as it did without plants, but for the line ends of one day and one catalogue
    that breaks off.
    """
    held = {path.relative_to(small.landing) for path in small.landing.rglob("*.*")}
    assert {path.name for path in held} - set(MAIN.values()) == {"till_9.csv", "phone.csv"}
    grown = 0
    for path in sorted(path for path in without.landing.rglob("*") if path.is_file()):
        plain, planted = content(path), content(small.landing / path.relative_to(without.landing))
        plain, planted = (text.replace(b"\r", b"\n") for text in (plain, planted))
        assert planted.startswith(plain) or plain.startswith(planted), path
        grown += len(planted) > len(plain)
    assert grown > 25
    for subject in UNCHANGED:
        for path in sorted((without.truth / subject).iterdir()):
            assert pq.read_table(path).equals(pq.read_table(small.truth / subject / path.name)), path


def test_every_planted_line_is_where_the_truth_says(small):
    """By its key, read from the files alone: the record that begins on that line names it."""
    keyed = [(day, row) for day, row in small.planted() if row["is_extra"] == "true" and row["key"]]
    for day, row in keyed:
        path, number = small.landing / row["feed"] / day / row["file"], int(row["line"])
        line = re.split(b"\r\n|\r|\n", content(path))[number - 1]
        assert row["key"].encode() in line, (day, row)
    assert len({row["kind"] for _, row in keyed}) > 50


def test_every_kind_of_fact_is_told(small):
    facts = [row for row in small.true("facts").to_pylist()]
    assert {row["kind"] for row in facts} == FACTS
    users = {row["key"] for row in facts if row["kind"] in ("own_browser", "own_user")}
    assert len(users) == 53 + 13
    ended = {
        (row["kind"], row["key"]): json.loads(row["facts"])["is_ended"]
        for row in facts
        if row["kind"].endswith("_ended")
    }
    assert sorted(kind for (kind, _), is_ended in ended.items() if is_ended) == ["item_ended", "person_ended"]


def said(traded) -> dict[tuple[str, str, str], list[tuple[datetime, bool]]]:
    """Every word in the files, by identifier and purpose, of spoiled records too where they can be read."""
    found, unreadable = defaultdict(list), {"cut_off", "not_utf8", "not_an_object", "column_too_many"}
    broken = {
        (row["feed"], day, int(row["line"])) for day, row in traded.planted() if row["kind"] in unreadable
    }
    for day, number, line in traded.raw_events():
        event = {} if ("events", day, number) in broken else json.loads(line)
        for purpose, word in (
            event.get("context", {}).get("consent", {}).get("categoryPreferences", {}).items()
        ):
            at = find_event_time(event)
            for kind, name in (("user_id", "userId"), ("anonymous_id", "anonymousId")):
                if at and word not in (None, "") and isinstance(event.get(name), str):
                    found[kind, event[name], purpose].append(
                        (at, word in (True, "Yes", "granted") or word == 1)
                    )
    for day in traded.days("people"):
        (_, header), *records = traded.records("people", day)
        for number, fields in records:
            card = dict(zip(header, fields, strict=False))
            is_dated = ("people", day, number) not in broken and not card["updated_at"].startswith("2026-13")
            for purpose in ("marketing", "personalization") if is_dated else ():
                for kind, value in (
                    ("crm_id", card["crm_id"]),
                    ("user_id", card["user_id"]),
                    ("email", card["email"].lower()),
                ):
                    if value:
                        at = datetime.fromisoformat(card["updated_at"])
                        found[kind, value, purpose].append((at, card[f"{purpose}_consent"] == "true"))
    return found


def test_the_last_words_are_those_in_the_files(small):
    """Against every word sorted by time, a yes before a no of the same moment: the last one holds."""
    last: dict = {}
    for row in small.true("words").to_pylist():
        key = row["kind"], row["value"], row["purpose"]
        last[key] = max(last.get(key, row), row, key=lambda each: (each["said_at"], not each["is_granted"]))
    expected = {
        key: sorted(words, key=lambda word: (word[0], not word[1]))[-1] for key, words in said(small).items()
    }
    assert {key: (row["said_at"], row["is_granted"]) for key, row in last.items()} == expected
    assert len(expected) > 900


def test_what_each_story_ends_with_is_its_last_word(small):
    words = said(small)
    kinds = {
        row["kind"]
        for _, row in small.planted()
        if row["is_extra"] == "true" and row["kind"].startswith("consent_")
    }
    facts = [
        (row["key"], json.loads(row["facts"]))
        for row in small.true("facts").to_pylist()
        if row["kind"] == "consent"
    ]
    assert {fact["story"] for _, fact in facts} == set(STORIES) and kinds >= {
        f"consent_{story}" for story in STORIES
    }
    for user, fact in facts:
        own = words["user_id", user, "personalization"] + words["crm_id", f"C{user}", "personalization"]
        assert sorted(own, key=lambda word: (word[0], not word[1]))[-1][1] is fact["personalization"], fact


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (True, True),
        (False, False),
        (1, True),
        (0, False),
        (2, False),
        ("granted", True),
        ("Yes", True),
        ("denied", False),
        ("no", False),
        ("false ", False),
        ({"a": 1}, False),
        (["yes"], False),
        (1.0, False),
        (None, None),
        ("", None),
    ],
)
def test_what_counts_as_a_yes(word, expected):
    assert is_granted(word) is expected


def test_a_quoted_note_looks_like_an_order_and_is_none(small):
    (path,) = small.landing.glob("orders/*/phone.csv")
    records = small.records("orders", path.parent.name, "phone.csv")
    lines = path.read_text().splitlines()
    assert len(records) == 3 and len(lines) == 6
    phantom = next(csv.reader([lines[2]]))
    assert (
        phantom[6] == "5000" and len(phantom) == 13 and phantom[0] not in {fields[0] for _, fields in records}
    )
