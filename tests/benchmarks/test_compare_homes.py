"""Two homes are equal only when every row is, but for ids of runs, clock times and hashes of code."""

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from benchmarks.compare_homes import __main__ as program
from benchmarks.compare_homes.answers import list_requests, number_overrides
from benchmarks.compare_homes.exceptions import ANSWERS, COLUMNS, SUMMARY, is_ignored
from benchmarks.compare_homes.rows import compare_tables, flatten_json

CUSTOMER = "c_1"
LISTS = {"customer_id": [CUSTOMER, "c_2"], "items": [["a", "b"], ["b"]], "inputs": [1, 2]}


def make_home(home: Path, run_id: str, items: list[list[str]] = LISTS["items"], n_orders: int = 3) -> Path:
    """A home of two lake tables, one mart and a summary."""
    write_deltalake(home / "lake" / "rec_customer_items_v1", pa.table({**LISTS, "items": items}))
    changes = {"change_id": ["1", "1"], "run_id": [run_id, run_id]}
    write_deltalake(home / "lake" / "core_identity_changes", pa.table(changes))
    (home / "warehouse").mkdir()
    with duckdb.connect(str(home / "warehouse" / "concierge.duckdb")) as db:
        db.execute(f"create table dim_customers as select 'c_1' as customer_id, {n_orders} as n_orders")
        db.execute("create schema main_intermediate")
        db.execute(
            "create view main_intermediate.int_customers as select customer_id from main.dim_customers"
        )
    summary = {"run_id": run_id, "seconds": {"land": 1.5}, "customers": {"known": n_orders}}
    (home / "summary.json").write_text(json.dumps(summary))
    return home


def compare(tmp_path: Path, capsys: pytest.CaptureFixture, **changes: object) -> tuple[int, str]:
    """Exit status and output of the program over a home and another of a later run."""
    homes = make_home(tmp_path / "a", "run 1"), make_home(tmp_path / "b", "run 2", **changes)
    status = program.main([*map(str, homes), "--without-answers"])
    return status, capsys.readouterr().out


def test_homes_of_two_runs_are_equal(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    status, out = compare(tmp_path, capsys)
    assert status == 0 and out.endswith("5 tables and kinds of answers, 7 rows before: all equal\n")


@pytest.mark.parametrize(
    ("changes", "sentences"),
    [
        pytest.param(
            {"items": [["b", "a"], ["b"]]},
            [
                "columns whose values differ: items",
                "only before: {'customer_id': c_1, 'items': [a, b]",
                "differ: lake rec_",
            ],
            id="a list in another order",
        ),
        pytest.param(
            {"n_orders": 4},
            [
                "warehouse dim_customers",
                "'n_orders': 3}",
                "'n_orders': 4}",
                "differ: warehouse dim_customers, summary.json",
            ],
            id="a row of a mart",
        ),
    ],
)
def test_a_difference_is_shown_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture, changes: dict, sentences: list[str]
) -> None:
    status, out = compare(tmp_path, capsys, **changes)
    assert status == 1
    for sentence in sentences:
        assert sentence in out


def test_rows_count_as_often_as_they_occur() -> None:
    once, twice = pa.table({"n": [1, 2]}), pa.table({"n": [1, 2, 2]})
    assert compare_tables("t", once, twice).n_differences == 1
    assert compare_tables("t", twice, pa.table({"n": [2, 1, 2]})).is_equal


def test_a_missing_table_or_another_type_is_a_difference() -> None:
    table = pa.table({"n": [1, 2]})
    assert (
        not compare_tables("t", table, None).is_equal
        and not compare_tables("t", None, table.slice(2)).is_equal
    )
    other = compare_tables("t", table, pa.table({"n": ["1", "2"]}))
    assert not other.is_equal and "columns differ" in other.details[0]


def test_ignored_fields_are_whole_paths() -> None:
    assert is_ignored("model.served.run_id", SUMMARY) and is_ignored("seconds.land", SUMMARY)
    assert not is_ignored("model.served.run_identity", SUMMARY) and not is_ignored("items.0.score", ANSWERS)
    assert all(column.reason for column in COLUMNS)
    assert dict(flatten_json({"a": [{"b": None}], "c": []})) == {"a.0.b": "None", "c": "[]"}


def test_ids_of_overrides_become_their_numbers() -> None:
    answers = [
        ("0 POST /v1/overrides", {"override_id": "o_77"}),
        ("1 GET /v1/recommendations", {"applied_overrides": ["o_77"]}),
    ]
    assert number_overrides(answers)[1][1] == {"applied_overrides": ["override 1"]}


def test_the_same_requests_for_a_seed(tmp_path: Path) -> None:
    for name, columns in {
        "core_identities": {"customer_id": [f"c_{n}" for n in range(9)]},
        "core_identifiers": {"kind": ["user_id", "anonymous_id"], "value": ["u", "b"]},
        "core_items": {"item_id": list("abcdef")},
        "core_identity_links": {"identifier_id_a": ["i_1"], "identifier_id_b": ["i_2"]},
    }.items():
        write_deltalake(tmp_path / "lake" / name, pa.table(columns))
    requests = list_requests(tmp_path, seed=1)
    assert requests == list_requests(tmp_path, seed=1) != list_requests(tmp_path, seed=2)
    paths = [path for _, path, _ in requests]
    assert (
        "/v1/identity/explain?a=i_1&b=i_2" in paths and "/v1/recommendations?customer_id=c_8&n=100" in paths
    )
