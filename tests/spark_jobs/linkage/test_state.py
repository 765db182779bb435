"""The night's linkage: its table, and what becomes of a state that is stale, broken or cut off."""

from dataclasses import replace
from datetime import date

import duckdb
import pyarrow as pa
import pytest

from expectations.contracts.lake import CORE_IDENTITY_LIKENESS, CORE_PEOPLE
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.linkage import state as linkage_state
from spark_jobs.linkage.cluster import ClusterThresholds
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.state import LinkageOptions, link_people
from spark_jobs.linkage.update import UpdateCounts

pytestmark = pytest.mark.slow  # links a shop's people a few times over

MODEL = LinkageModel.load_shipped()
MOST = 20
GIVEN = LinkageOptions({"email": MOST, "phone": MOST, "birth_date": 2})
ANNA = {"first_name": "Anna", "last_name": "Keller", "postcode": "34117", "city": "Kassel", "country": "DE"}
TWICE = [
    {"record_id": "9", **ANNA, "email": "anna.keller@example.com", "phone": "+49 151 5550001"},
    {"record_id": "10", **ANNA, "last_name": "Kellr", "email": "ANNA.keller@example.com"},
    {
        "record_id": "11",
        "first_name": "Piet",
        "last_name": "Okafor",
        "postcode": "1017",
        "city": "Utrecht",
        "country": "NL",
    },
]


def people(rows: list[dict], source: str = "till") -> pa.Table:
    return pa.Table.from_pylist(
        [dict.fromkeys(CORE_PEOPLE.columns) | {"source": source} | row for row in rows],
        build_arrow_schema(CORE_PEOPLE),
    )


def test_a_pair_that_is_alike_with_what_speaks_for_it(tmp_path):
    got = link_people(tmp_path / "state.duckdb", people(TWICE), MODEL, GIVEN).likeness
    assert got.schema == build_arrow_schema(CORE_IDENTITY_LIKENESS)
    [row] = got.to_pylist()
    assert (row["source_a"], row["record_id_a"], row["source_b"], row["record_id_b"]) == (
        "till",
        "10",
        "till",
        "9",
    )
    assert row["is_one_person"]
    assert row["probability"] > 0.5
    said = {name: text.rsplit(" ", 1) for name, text in row["agreements"]}
    assert {name: label for name, (label, _) in said.items()} == {
        "last": "a slip",
        "first": "same first name",
        "postcode": "same postcode",
        "place": "same place",
        "email": "same address",
        "country": "same",
    }
    # Each is rounded to a tenth, their sum to a thousandth.
    assert sum(float(bits) for _, bits in said.values()) == pytest.approx(
        row["match_weight"], abs=0.05 * len(said) + 0.001
    )
    assert not any(
        word in str(row["agreements"]).lower() for word in ("anna", "kell", "34117", "kassel", "example")
    )


@pytest.mark.parametrize("rows", [[], TWICE[:1]], ids=["nobody", "one"])
def test_too_few_to_compare_give_an_empty_table(tmp_path, rows):
    for _ in "first", "second":
        got = link_people(tmp_path / "state.duckdb", people(rows), MODEL, GIVEN).likeness
        assert (got.num_rows, got.schema) == (0, build_arrow_schema(CORE_IDENTITY_LIKENESS))


def test_a_number_on_too_many_records_says_nothing(tmp_path):
    shared = [
        {"record_id": str(i), "first_name": "Mila", "last_name": "Brandt", "phone": "0561 5550000"}
        for i in range(MOST + 1)
    ]
    state = tmp_path / "state.duckdb"
    assert link_people(state, people(shared), MODEL, GIVEN).likeness.num_rows == 0
    fewer = link_people(state, people(shared[1:]), MODEL, GIVEN)
    assert fewer.likeness.num_rows == MOST * (MOST - 1) // 2
    assert fewer.updated.n_changed == MOST
    assert fewer.likeness.equals(
        link_people(tmp_path / "other.duckdb", people(shared[1:]), MODEL, GIVEN).likeness
    )


def test_the_next_night_updates_and_another_model_or_a_broken_state_starts_again(tmp_path):
    state = tmp_path / "state.duckdb"
    first = link_people(state, people(TWICE), MODEL, GIVEN)
    assert first.updated is None
    assert link_people(state, people(TWICE), MODEL, GIVEN).updated == UpdateCounts(0, 0, 0, 0)
    other = replace(MODEL, thresholds=ClusterThresholds(join=99.0, attach=99.0))
    apart = link_people(state, people(TWICE), other, GIVEN)
    assert apart.updated is None
    assert apart.likeness.column("is_one_person").to_pylist() == [False]
    state.write_bytes(b"not a database" * 1000)
    assert link_people(state, people(TWICE), MODEL, GIVEN).likeness.equals(first.likeness)


@pytest.mark.parametrize("block", [1, 2, 3])
def test_a_damaged_state_is_made_anew(tmp_path, block):
    """A byte of a block turned over: the stamp is there and reads, what lies behind it does not."""
    rows = [
        {"record_id": str(n), "first_name": f"A{n:04d}", "last_name": f"{n:04d}B", "postcode": f"{n:05d}"}
        for n in range(3000)
    ]
    state = tmp_path / "state.duckdb"
    first = link_people(state, people(rows), MODEL, GIVEN)
    content = bytearray(state.read_bytes())
    content[3 * 4096 + block * 262_144 + 5_000] ^= 0xFF
    state.write_bytes(bytes(content))
    again = link_people(state, people([*rows, TWICE[2]]), MODEL, GIVEN)
    whole = link_people(tmp_path / "whole.duckdb", people([*rows, TWICE[2]]), MODEL, GIVEN)
    assert again.likeness.equals(whole.likeness)
    assert first.updated is None


def test_a_birthday_that_a_form_fills_in_says_nothing(tmp_path):
    born = date(1970, 1, 1)
    rows = [
        {"record_id": str(n), "first_name": "Ada", "last_name": f"Q{n}x{n}", "birth_date": born}
        for n in range(3)
    ]
    state = tmp_path / "state.duckdb"
    link_people(state, people(rows), MODEL, GIVEN)
    with duckdb.connect(str(state)) as con:
        assert con.execute("select count(dob), count(*) from people").fetchall() == [(0, 3)]
    link_people(state, people(rows[1:]), MODEL, GIVEN)
    with duckdb.connect(str(state)) as con:
        assert con.execute("select count(dob), count(*) from people").fetchall() == [(2, 2)]


def test_a_night_cut_off_leaves_the_state_as_it_was(tmp_path, monkeypatch):
    state = tmp_path / "state.duckdb"
    link_people(state, people(TWICE[:1]), MODEL, GIVEN)
    monkeypatch.setattr(linkage_state, "read_likeness", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        link_people(state, people(TWICE), MODEL, GIVEN)
    with duckdb.connect(str(state)) as con:
        assert con.execute("select record_key from people").fetchall() == [("till/9",)]
        assert con.execute("select count(*) from linked_pairs").fetchall() == [(0,)]
    monkeypatch.undo()
    assert link_people(state, people(TWICE), MODEL, GIVEN).updated == UpdateCounts(2, 0, 0, 3)


def test_the_shipped_model_holds_no_values_of_people():
    text = MODEL.to_json()
    assert not any(MODEL.frequencies.values())
    assert not any(MODEL.variants.values())
    assert not any(MODEL.words.values())
    assert set(MODEL.rarest) == set(MODEL.frequencies)
    assert len(text) < 150_000
