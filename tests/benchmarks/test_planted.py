"""The judge of plants: what it counts on a home made by hand, and that it counts a home that has
everything right as right.
"""

import json
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.planted.facts import LAKE, PUBLISHED, judge_consents_of_all, judge_facts
from benchmarks.planted.score import PlantScore, format_scores
from expectations.contracts.identifiers import hash_identifier

LAST = date(2026, 1, 7)


def write(folder, subject: str, day: str, rows: list[dict]) -> None:
    path = folder / subject / f"{day}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), path)


def fact(kind: str, key: str, **facts) -> dict:
    return {"kind": kind, "key": key, "facts": json.dumps(facts)}


def identifier(kind: str, value: str) -> str:
    return hash_identifier("key", kind, "sample_shop", value)


def a_home(**tables) -> SimpleNamespace:
    owner = {identifier("user_id", user): f"c_{user}" for user in ("yes", "no", "silent")}
    empty = {
        "order_lines": {},
        "people": {},
        "items": {},
        "lists": {},
        "denied": set(),
        "shown": set(),
        "owner": owner,
    }
    return SimpleNamespace(
        identifier=identifier, held_by={c: {i} for i, c in owner.items()}, **(empty | tables)
    )


@pytest.fixture
def truth(tmp_path):
    """Two days: an order of two lines and one that must not be; an item that ended on the second, and is
    back behind the evening that is asked about; words of two people.
    """
    write(
        tmp_path,
        "facts",
        "2026-01-06",
        [
            fact("order_lines", "o1", quantities=[1, 2]),
            fact("order_lines", "o2", quantities=[]),
            fact("item_ended", "i1", is_ended=False),
            fact("consent", "yes", personalization=True),
        ],
    )
    write(tmp_path, "facts", "2026-01-07", [fact("item_ended", "i1", is_ended=True)])
    write(tmp_path, "facts", "2026-01-08", [fact("item_ended", "i1", is_ended=False)])
    at = datetime(2026, 1, 6, 9, tzinfo=UTC)
    words = [("yes", at, False), ("yes", at.replace(hour=10), True), ("no", at, True), ("no", at, False)]
    rows = [
        {
            "kind": "user_id",
            "value": user,
            "purpose": "personalization",
            "said_at": when,
            "is_granted": granted,
        }
        for user, when, granted in words
    ]
    write(tmp_path, "words", "2026-01-06", rows)
    return tmp_path


def scores(found: list[PlantScore]) -> dict[str, tuple[int, int, int]]:
    return {score.kind: score[1:4] for score in found if score.n_planted}


def test_a_home_that_has_it_right(truth):
    home = a_home(
        order_lines={"o1": [{"quantity": 2}, {"quantity": 1}]},
        items={"i1": {"is_recommendable": False}},
        lists={"c_yes": ["i2"]},
        denied={"c_no"},
    )
    found = (
        judge_facts(home, truth, LAST, LAKE)
        + judge_facts(home, truth, LAST, PUBLISHED)
        + judge_consents_of_all(home, truth, LAST)
    )
    assert scores(found) == {
        "lines of odd exports": (2, 2, 0),
        "item out of the catalogue": (1, 1, 0),
        "ended item in no list": (1, 1, 0),
        "consent by events and cards": (1, 1, 0),
        "last word no: without a list": (1, 1, 0),
        "last word yes: not denied": (1, 1, 0),
    }


def test_what_is_wrong_is_counted_and_named(truth):
    home = a_home(
        order_lines={"o1": [{"quantity": 2}], "o2": [{"quantity": 5000}]},
        items={"i1": {"is_recommendable": True}},
        shown={"i1"},
        lists={"c_no": ["i1"]},
        denied={"c_yes"},
    )
    found = (
        judge_facts(home, truth, LAST, LAKE)
        + judge_facts(home, truth, LAST, PUBLISHED)
        + judge_consents_of_all(home, truth, LAST)
    )
    assert scores(found) == {
        "lines of odd exports": (2, 0, 2),
        "item out of the catalogue": (1, 0, 1),
        "ended item in no list": (1, 0, 1),
        "consent by events and cards": (1, 0, 1),
        "last word no: without a list": (1, 0, 1),
        "last word yes: not denied": (1, 0, 1),
    }
    assert "o2" in format_scores(found) and "c_no" in format_scores(found)


def test_what_a_home_does_not_know_of_is_wrong(truth):
    assert scores(judge_facts(a_home(), truth, LAST, LAKE))["item out of the catalogue"] == (1, 0, 1)
