"""Load against Snowflake's stand-in, over HTTP, by the real connector: only changed rows travel, and nothing
parts on the way.
"""

import json
import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from deltalake import DeltaTable

from expectations.contracts.lake import CORE_IDENTITIES, CORE_ITEMS, CORE_ORDER_LINES, SEGMENT_MOMENTS
from spark_jobs.lake.tables import Lake
from spark_jobs.run.context import LandingDates, RunContext
from spark_jobs.settings import Settings
from spark_jobs.snowflake.connection import connect_to_snowflake
from spark_jobs.warehouse import load
from spark_jobs.warehouse.build_inputs import SOURCE_TABLES

DAY = date(2026, 1, 5)


@pytest.fixture
def night(snowflake, tmp_path, request) -> RunContext:
    """A night that loads into a database of the test's own."""
    database = request.node.name.upper().partition("[")[0]
    settings = Settings.from_environment({"CONCIERGE_HOME": str(tmp_path), **snowflake(database)})
    return RunContext("a night", LandingDates(DAY, DAY), settings, datetime(2026, 1, 6, 3, tzinfo=UTC))


@pytest.fixture
def lake(tmp_path) -> Lake:
    return Lake(tmp_path / "lake")


def line(order_id: str, line_no: int, quantity: int = 1, day: int = 5, **more) -> dict:
    """One order line; what is not said is null or the plainest value."""
    price = Decimal("2.5000")
    return {
        "source": "shop",
        "order_id": order_id,
        "line_no": line_no,
        "line_type": "sale",
        "quantity": quantity,
        "ordered_at": datetime(2026, 1, day, 9, 30, 0, 123456, tzinfo=UTC),
        "ordered_date": date(2026, 1, day),
        "item_id": "mug",
        "unit_price": price,
        "amount": price * quantity,
        "currency": "EUR",
        **more,
    }


def item(item_id: str, **more) -> dict:
    return {
        "item_id": item_id,
        "is_recommendable": True,
        "is_in_stock": True,
        "is_consumable": False,
        "first_seen_at": datetime(2026, 1, 5, tzinfo=UTC),
        **more,
    }


def staged(reports) -> dict[str, int]:
    return {report.table_name: report.detail["staged"] for report in reports if report.detail["staged"]}


def held(night: RunContext, table) -> list[dict]:
    """What Snowflake holds, in key order, as Python values; times as text: the stand-in answers a null one
    with 1970.
    """
    times = [name for name, kind in table.columns.items() if kind == "timestamp"]
    wanted = [f"to_varchar({name}) as {name}" if name in times else name for name in table.columns]
    with connect_to_snowflake(night.settings) as session:
        rows = session.run(f"select {', '.join(wanted)} from {table.name} order by {', '.join(table.key)}")
    found = [dict(zip(table.columns, row, strict=True)) for row in rows]
    nested = [name for name, kind in table.columns.items() if "<" in kind]
    return [row | {name: json.loads(row[name]) for name in nested if row[name] is not None} for row in found]


def kept(lake: Lake, table) -> list[dict]:
    """What the lake holds, in the same words as `held`."""
    nested = {
        name: dict if kind.startswith("map") else list for name, kind in table.columns.items() if "<" in kind
    }
    rows = sorted(lake.read_arrow(table).to_pylist(), key=lambda row: [row[name] for name in table.key])
    for row in rows:
        for name, value in row.items():
            if isinstance(value, datetime):
                row[name] = value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") + (
                    f".{value:%f}" if value.microsecond else ""
                )
            elif value is not None and name in nested:
                row[name] = nested[name](value)
    return rows


def test_nothing_to_do_on_duckdb(night, lake):
    assert load.run(replace(night, settings=replace(night.settings, warehouse="duckdb")), lake) == []


def test_three_nights(night, lake, upsert):
    """All rows, then only what changed, then none; after each the copy is the lake's table, value
    by value.
    """
    upsert(lake, CORE_ORDER_LINES, [line(f"o{n}", 1) for n in range(50)])
    odd = item(
        "mug",
        title="Mug 'a\\b' \"c\"\n,é☃",
        category_path=["home", 'a "b"'],
        attributes={"colour": "röd", "x": "'"},
    )
    upsert(lake, CORE_ITEMS, [odd, item("bowl", category_path=[], price=Decimal("0.0100"))])
    first = load.run(night, lake)
    assert [report.table_name for report in first] == list(SOURCE_TABLES)
    n_moments = lake.read_arrow(SEGMENT_MOMENTS).num_rows
    assert staged(first) == {"core_order_lines": 50, "core_items": 2, "segment_moments": n_moments}
    assert held(night, CORE_ORDER_LINES) == kept(lake, CORE_ORDER_LINES)
    assert held(night, CORE_ITEMS) == kept(lake, CORE_ITEMS)
    assert held(night, CORE_IDENTITIES) == []  # never written: an empty table, so the same models build

    # One line is corrected twice, one comes late, one goes: three keys have changed.
    upsert(lake, CORE_ORDER_LINES, [line("o1", 1, quantity=2)])
    upsert(lake, CORE_ORDER_LINES, [line("o1", 1, quantity=3), line("o0", 2, day=2)])
    DeltaTable(lake.path(CORE_ORDER_LINES)).delete("order_id = 'o49'")
    DeltaTable(lake.path(CORE_ORDER_LINES)).optimize.compact()  # moves rows, changes none
    second = load.run(night, lake)
    n_moments = lake.read_arrow(SEGMENT_MOMENTS).num_rows  # all anew: the late line's day is the first
    assert staged(second) == {"core_order_lines": 3, "segment_moments": n_moments}
    assert held(night, CORE_ORDER_LINES) == kept(lake, CORE_ORDER_LINES)
    assert len(held(night, CORE_ORDER_LINES)) == 50

    third = load.run(night, lake)
    assert staged(third) == {}
    assert all(report.version_before == report.version_after for report in third)


def test_gone_and_back(night, lake, upsert, monkeypatch):
    """A key deleted and written again between two loads is there; one written and deleted is not."""
    monkeypatch.setattr(load, "SOURCE_TABLES", ("core_order_lines",))
    upsert(lake, CORE_ORDER_LINES, [line("a", 1), line("b", 1)])
    load.run(night, lake)
    table = DeltaTable(lake.path(CORE_ORDER_LINES))
    table.delete("order_id = 'a'")
    upsert(lake, CORE_ORDER_LINES, [line("a", 1, quantity=7), line("c", 1)])
    DeltaTable(lake.path(CORE_ORDER_LINES)).delete("order_id = 'c'")
    load.run(night, lake)
    assert [(row["order_id"], row["quantity"]) for row in held(night, CORE_ORDER_LINES)] == [
        ("a", 7),
        ("b", 1),
    ]


@pytest.mark.parametrize("broken", ["upload_files", "merge_staged_rows", "write_watermark"])
def test_broken_load_is_repeated(night, lake, upsert, monkeypatch, broken):
    """A load that breaks before, between or behind its statements leaves nothing that its repetition does not
    heal.
    """
    settings = replace(
        night.settings, snowflake={**night.settings.snowflake, "database": f"BROKEN_{broken.upper()}"}
    )
    night = replace(night, settings=settings)
    monkeypatch.setattr(load, "SOURCE_TABLES", ("core_order_lines",))
    upsert(lake, CORE_ORDER_LINES, [line("a", 1), line("b", 1)])
    load.run(night, lake)
    upsert(lake, CORE_ORDER_LINES, [line("a", 1, quantity=5), line("c", 1)])
    DeltaTable(lake.path(CORE_ORDER_LINES)).delete("order_id = 'b'")

    def breaks(*_):
        raise ConnectionError("the line went dead")

    with monkeypatch.context() as patch:
        patch.setattr(load, broken, breaks)
        with pytest.raises(ConnectionError):
            load.run(night, lake)
    assert staged(load.run(night, lake)) == {"core_order_lines": 3}
    assert held(night, CORE_ORDER_LINES) == kept(lake, CORE_ORDER_LINES)


def test_loaded_anew_where_changes_cannot_be_told(night, lake, upsert, monkeypatch):
    """Another table under the name, a feed that is gone, and a table of another shape: all rows travel, and
    only theirs stay.
    """
    monkeypatch.setattr(load, "SOURCE_TABLES", ("core_identities",))
    upsert(
        lake,
        CORE_IDENTITIES,
        [{"identifier_id": "a", "customer_id": "1"}, {"identifier_id": "b", "customer_id": "2"}],
    )
    load.run(night, lake)

    upsert(lake, CORE_IDENTITIES, [{"identifier_id": "a", "customer_id": "3"}])
    for file in (lake.root / "core_identities" / "_change_data").rglob("*.parquet"):
        file.unlink()
    assert staged(load.run(night, lake)) == {"core_identities": 2}
    assert held(night, CORE_IDENTITIES) == kept(lake, CORE_IDENTITIES)

    shutil.rmtree(lake.path(CORE_IDENTITIES))
    upsert(lake, CORE_IDENTITIES, [{"identifier_id": "z", "customer_id": "9"}])
    assert staged(load.run(night, lake)) == {"core_identities": 1}
    assert held(night, CORE_IDENTITIES) == [{"identifier_id": "z", "customer_id": "9"}]

    with connect_to_snowflake(night.settings) as session:
        session.run("update load_watermarks set shape = 'older' where table_name = 'core_identities'")
        session.run("create or replace table core_identities (identifier_id varchar)")
    assert staged(load.run(night, lake)) == {"core_identities": 1}
    assert held(night, CORE_IDENTITIES) == [{"identifier_id": "z", "customer_id": "9"}]


def test_key_pair(night, tmp_path):
    """The connector proves itself by a key of an encrypted file; with a wrong passphrase it does not come so
    far.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    locked = serialization.BestAvailableEncryption(b"open sesame")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    (tmp_path / "key.p8").write_bytes(pem)
    reach = {**night.settings.snowflake, "password": "", "private_key_path": str(tmp_path / "key.p8")}
    right = replace(night.settings, snowflake={**reach, "private_key_passphrase": "open sesame"})
    with connect_to_snowflake(right) as session:
        assert session.run("select 1") == [(1,)]
    wrong = replace(night.settings, snowflake={**reach, "private_key_passphrase": "open sesam"})
    with pytest.raises(ValueError), connect_to_snowflake(wrong):
        pass
