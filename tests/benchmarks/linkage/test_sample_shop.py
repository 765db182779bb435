"""The labelled set that linkage is judged on a second time is the sample shop's customer file, and its labels
are the truth's.
"""

import csv

import duckdb
import pyarrow.parquet as pq

from benchmarks.linkage.sample_shop import load_customer_file
from sample_shop.crm import PEOPLE_HEADER
from sample_shop.shop import Shop

CUSTOMERS, DAYS, SEED = 150, 10, 11


def test_the_shops_customer_file_with_its_persons(tmp_path):
    Shop(SEED, CUSTOMERS, tmp_path / "landing", tmp_path / "truth", write_from=0).trade_until(DAYS - 1)
    with (tmp_path / "landing" / "people" / "2026-01-14" / "people.csv").open(newline="") as file:
        reader = csv.reader(file)
        ends = [(reader.line_num, row) for row in reader]  # a record may have several lines
    with (tmp_path / "truth" / "planted" / "2026-01-14" / "records.csv").open() as file:
        spoiled = {int(row["line"]) for row in csv.DictReader(file) if row["feed"] == "people"}
    begins = [1, *(line + 1 for line, _ in ends)]
    feed = [
        row for number, (_, row) in zip(begins, ends, strict=False) if number > 1 and number not in spoiled
    ]
    truth = [
        row
        for path in (tmp_path / "truth" / "identifiers").iterdir()
        for row in pq.read_table(path).to_pylist()
    ]
    person_of = {row["value"]: row["person_id"] for row in truth if row["kind"] == "crm_id"}

    con = duckdb.connect()
    whose = load_customer_file(con, CUSTOMERS, SEED, DAYS, shuffle=1)
    records = con.execute(f"select rid, {', '.join(PEOPLE_HEADER)} from records").fetchall()
    assert sorted(tuple(value or "" for value in row[1:]) for row in records) == sorted(map(tuple, feed))
    assert not any(value == "" for row in records for value in row), (
        "what is missing is null, or it would be a value in common"
    )

    pairs = {(whose[row[0]], person_of[row[1]]) for row in records}
    assert len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}), "one label a person"
    assert 0 < len(records) - len(pairs) < 20, "second cards"
    order = [row[1] for row in sorted(records)]
    assert order != [row[0] for row in feed], "the order of the file would give second cards away"
