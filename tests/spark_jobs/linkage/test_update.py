"""However records come, change and go, an update leaves what linking everything would."""

import random

import duckdb
import pyarrow as pa
import pytest

from spark_jobs.linkage.link import link_all_records
from spark_jobs.linkage.model import LinkageModel
from spark_jobs.linkage.profile import RecordTable
from spark_jobs.linkage.shop_profile import SHOP_PEOPLE
from spark_jobs.linkage.update import UpdateCounts, update_links

pytestmark = pytest.mark.slow  # links a shop's people a dozen times over

FIELDS = ("first_name", "last_name", "email", "phone", "city", "postcode", "birth_date", "country")
FIRST, LAST = ("Anna", "Hanna", "Jonas", "Mila", "Piet"), ("Keller", "Kellner", "Brandt", "Okafor")
TABLES = ("people", "linked_pairs", "clusters")
MODEL = LinkageModel.load_shipped()
RECORDS = RecordTable("records", "rid", SHOP_PEOPLE)


def person(rng: random.Random) -> dict:
    """Few values, so that many records are alike, some are equal, and components grow and fall apart."""
    return {
        "first_name": rng.choice(FIRST),
        "last_name": rng.choice(LAST),
        "email": rng.choice((None, f"{rng.choice(FIRST).lower()}{rng.randrange(9)}@example.com")),
        "phone": rng.choice((None, f"+49 151 555000{rng.randrange(9)}")),
        "city": rng.choice(("Kassel", "Mainz")),
        "postcode": rng.choice((None, "34117", "34118", "55116")),
        "birth_date": rng.choice((None, "1980-04-05", "1980-05-04", "1991-12-24")),
        "country": "DE",
    }


def load(con: duckdb.DuckDBPyConnection, records: dict[str, dict]) -> None:
    columns = {name: pa.array([record[name] for record in records.values()], pa.string()) for name in FIELDS}
    con.register("given", pa.table({"rid": pa.array(list(records), pa.string()), **columns}))
    con.execute("create or replace table records as from given")
    con.unregister("given")


def tables(con: duckdb.DuckDBPyConnection) -> dict[str, list]:
    """Each table's rows as JSON, in order of columns and rows."""
    found = {}
    for table in TABLES:
        names = ", ".join(
            sorted(n for (n,) in con.execute(f"select column_name from (describe {table})").fetchall())
        )
        found[table] = con.execute(
            f"select to_json(struct_pack({names}))::varchar from {table} order by 1"
        ).fetchall()
    return found


def linked(records: dict[str, dict]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(config={"threads": 1})
    load(con, records)
    link_all_records(con, MODEL, RECORDS)
    return con


def clusters(con: duckdb.DuckDBPyConnection) -> set[frozenset[str]]:
    rows = con.execute("select list(record_key) from clusters group by cluster_key").fetchall()
    return {frozenset(keys) for (keys,) in rows}


@pytest.mark.parametrize("seed", range(3))
def test_any_nights_leave_what_linking_everything_leaves(seed):
    rng = random.Random(seed)
    records = {f"r{i}": person(rng) for i in range(45)}
    con = linked(records)
    assert 1 < len(clusters(con)) < len(records)
    for night in range(3):
        old = dict(records)
        for key in rng.sample(sorted(records), rng.randrange(6)):
            del records[key]
        for key in rng.sample(sorted(records), rng.randrange(6)):
            records[key] = rng.choice((person(rng), dict(records[rng.choice(sorted(records))])))
        records |= {f"r{seed}{night}n{i}": person(rng) for i in range(rng.randrange(8))}
        order = rng.sample(sorted(records), len(records))
        load(con, {key: records[key] for key in order})
        got = update_links(con, MODEL, RECORDS)
        assert got.n_new == len(set(records) - set(old))
        assert got.n_gone == len(set(old) - set(records))
        assert got.n_changed == sum(records[key] != old[key] for key in set(old) & set(records))
        assert tables(con) == tables(linked(records))


def keller(**more: str) -> dict:
    return dict.fromkeys(FIELDS) | {"first_name": "Anna", "last_name": "Keller"} | more


BRIDGED = {
    "a": keller(email="anna.keller@example.com"),
    "bridge": keller(email="anna.keller@example.com", phone="0151 5550001"),
    "c": keller(phone="0151 5550001"),
}


def test_a_component_splits_when_its_bridge_goes():
    con = linked(BRIDGED)
    assert clusters(con) == {frozenset(BRIDGED)}
    load(con, {key: record for key, record in BRIDGED.items() if key != "bridge"})
    assert update_links(con, MODEL, RECORDS) == UpdateCounts(0, 0, 1, 2)
    assert clusters(con) == {frozenset("a"), frozenset("c")}
    load(con, BRIDGED)
    assert update_links(con, MODEL, RECORDS) == UpdateCounts(1, 0, 0, 3)
    assert tables(con) == tables(linked(BRIDGED))


def test_a_record_written_otherwise_is_not_changed():
    con = linked(BRIDGED)
    shouted = BRIDGED | {"c": BRIDGED["c"] | {"last_name": " KELLER"}}
    load(con, shouted)
    assert update_links(con, MODEL, RECORDS) == UpdateCounts(0, 0, 0, 0)
    assert tables(con) == tables(linked(shouted))


def test_nobody_left_and_everybody_back():
    con = linked({})
    load(con, BRIDGED)
    assert update_links(con, MODEL, RECORDS) == UpdateCounts(3, 0, 0, 3)
    assert tables(con) == tables(linked(BRIDGED))
    load(con, {})
    assert update_links(con, MODEL, RECORDS) == UpdateCounts(0, 0, 3, 0)
    assert tables(con) == {table: [] for table in TABLES}
