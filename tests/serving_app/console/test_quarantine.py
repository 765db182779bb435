"""Refused records by feed and reason, and samples that hold nobody's values."""

from datetime import date

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from expectations.contracts.lake import OPS_DELIVERIES, QUARANTINE
from serving_app.console.quarantine_service import QuarantineService, read_names

CANARY, DAY = "canary@example.org", date(2026, 1, 5)
HEADER = ["crm_id", "email", "first_name", "country"]
FILE = "shop/people/2026-01-05/people.csv"


def refuse(n, reason="bad_time", *, entity="people", delivery="d_now", text=None, day=DAY, file=FILE):
    record = text or f"c{n},{CANARY},Canary,FR"
    return dict(
        zip(
            QUARANTINE.columns,
            ("shop", entity, file, n, delivery, day, record, reason, "birth_date"),
            strict=True,
        )
    )


@pytest.fixture
def lake(tmp_path):
    """A function that writes refused records, with two deliveries of which one was replaced."""

    def write(rows):
        deliveries = [
            {"delivery_id": "d_now", "superseded_by": None},
            {"delivery_id": "d_old", "superseded_by": "d_now"},
        ]
        schema = pa.schema({"delivery_id": pa.string(), "superseded_by": pa.string()})
        write_deltalake(tmp_path / "lake" / OPS_DELIVERIES.name, pa.Table.from_pylist(deliveries, schema))
        write_deltalake(
            tmp_path / "lake" / QUARANTINE.name, pa.Table.from_pylist(rows), partition_by=["landing_date"]
        )
        raw = pa.table({name: pa.array([], pa.string()) for name in (*HEADER, "source_file", "landing_date")})
        write_deltalake(tmp_path / "lake" / "raw_shop__people", raw)

    return write


def write_file(home, header):
    path = home / "landing" / FILE
    path.parent.mkdir(parents=True)
    path.write_text(",".join(header) + "\n")


def test_records_are_counted_by_feed_and_reason_without_replaced_files(tmp_path, lake):
    later = date(2026, 1, 7)
    lake(
        [
            refuse(1),
            refuse(2),
            refuse(3, day=later),
            refuse(4, "bad_id", entity="orders"),
            refuse(5, "bad_id", delivery="d_old"),
        ]
    )
    groups = QuarantineService(tmp_path).list_groups()
    assert [(group.entity, group.reason, group.n, group.first, group.last) for group in groups] == [
        ("people", "bad_time", 3, DAY, later),
        ("orders", "bad_id", 1, DAY, DAY),
    ]
    assert "bad_time: 3; bad_id: 1" in QuarantineService(tmp_path).draw_days()
    assert groups[0].meaning.startswith("A time that cannot be read")


def test_a_home_without_a_lake_has_refused_nothing(tmp_path):
    service = QuarantineService(tmp_path)
    assert service.list_groups() == [] and service.list_samples("a", "b", "c") == []


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        pytest.param(HEADER, "crm_id=•••, email=•••, first_name=•••, country=FR", id="of a known header"),
        pytest.param(
            ["Canary", CANARY, "x", "y"], "x9,xxxxxx@xxxxxxx.xxx,xxxxxx,xx", id="of a file without one"
        ),
        pytest.param(None, "x9,xxxxxx@xxxxxxx.xxx,xxxxxx,xx", id="of a file that is gone"),
    ],
)
def test_a_sample_shows_what_is_wrong_and_not_of_whom(tmp_path, lake, header, shown):
    lake([refuse(7)])
    if header:
        write_file(tmp_path, header)
    (sample,) = QuarantineService(tmp_path).list_samples("shop", "people", "bad_time")
    assert sample.text == shown and sample.place == f"{FILE} line 7"


def test_no_file_outside_of_landing_is_read(tmp_path, lake):
    lake([refuse(1, file="../outside.csv")])
    (tmp_path / "outside.csv").write_text(",".join(HEADER))
    (sample,) = QuarantineService(tmp_path).list_samples("shop", "people", "bad_time")
    assert sample.text.startswith("x9,")


def test_the_pages_hold_no_value_and_no_markup_of_a_record(shop, sign_in, lake, keys):
    hostile = '{"title": "<script>alert(1)</script>", "email": "canary@example.org"}'
    lake([refuse(1), refuse(2, "bad_value", entity="catalogue", text=hostile, file="c.jsonl")])
    reader = sign_in(keys["admin"])
    page = reader.get("/console/quarantine").text
    assert "/console/quarantine/shop/catalogue/bad_value" in page and "2" in page
    samples = reader.get("/console/quarantine/shop/catalogue/bad_value").text
    assert "&lt;script&gt;alert(1)" in samples and "<script>alert" not in samples and "canary" not in samples
    assert "canary" not in reader.get("/console/quarantine/shop/people/bad_time").text.lower()
    assert "There is no such record" in reader.get("/console/quarantine/x/y/'; drop table quarantine").text


@pytest.mark.parametrize(("line", "names"), [("a, b\n", ["a", "b"]), ("", []), ('"a', []), ("a\n", ["a"])])
def test_a_header(line, names):
    assert read_names(line) == names
