"""Files that tasks write become rows of the table by one commit, and by nothing else."""

from datetime import date

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from expectations.contracts.raw_tables import define_raw_table
from spark_jobs.lake.file_writer import TableFileWriter, add_files
from spark_jobs.lake.tables import Lake

RAW = define_raw_table("shop", "things", ("name",))
DAYS = date(2026, 1, 5), date(2026, 1, 6)


def received(name: str, line: int, delivery: str = "d") -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(
        [
            {
                "name": name,
                "source_file": "f",
                "source_line": line,
                "delivery_id": delivery,
                "wrong_kinds": None,
            }
        ]
    )


@pytest.fixture
def write(spark, tmp_path):
    """A function that writes rows by day as a task does, and the lake."""
    lake = Lake(tmp_path, spark)

    def write_rows(rows):
        writer = TableFileWriter(tmp_path / RAW.name, RAW)
        for day, batch in rows:
            writer.write(batch, day)
        return writer.close()

    return lake, write_rows


def test_files_of_two_tasks_are_one_version(write, spark):
    lake, write_rows = write
    files = write_rows(
        [(DAYS[0], received("a", 1)), (DAYS[0], received("b", 2)), (DAYS[1], received("c", 1))]
    )
    files += write_rows([(DAYS[1], received("d", 2))])
    assert [(file.day, file.n_rows) for file in files] == [(DAYS[0], 2), (DAYS[1], 1), (DAYS[1], 1)]
    assert not lake.exists(RAW)
    assert lake.rewrite_days(files, RAW, DAYS, "delivery_id = 'd'").version_after == 1
    expected = [("a", DAYS[0]), ("b", DAYS[0]), ("c", DAYS[1]), ("d", DAYS[1])]
    by_arrow = lake.read_arrow(RAW, ["name", "landing_date"]).to_pylist()
    by_spark = spark.read.format("delta").load(lake.path(RAW)).select("name", "landing_date").collect()
    for rows in (by_arrow, by_spark):
        assert sorted((row["name"], row["landing_date"]) for row in rows) == expected
    assert DeltaTable(lake.path(RAW)).count() == 4


def test_a_repeated_delivery_takes_the_place_of_its_rows(write):
    lake, write_rows = write
    lake.rewrite_days(
        write_rows([(DAYS[0], received("old", 1)), (DAYS[0], received("other", 1, "e"))]), RAW, DAYS, "false"
    )
    lake.rewrite_days(write_rows([(DAYS[0], received("new", 1))]), RAW, DAYS, "delivery_id = 'd'")
    assert sorted(lake.read_arrow(RAW, ["name"])["name"].to_pylist()) == ["new", "other"]


def test_no_file_is_no_row(write):
    lake, write_rows = write
    assert write_rows([(DAYS[0], received("a", 1).slice(0, 0))]) == []
    lake.rewrite_days([], RAW, DAYS, "false")
    assert lake.read_arrow(RAW).num_rows == 0


def test_a_file_that_lies_elsewhere_is_not_committed(tmp_path):
    """As a worker with a disk of its own would write it."""
    writer, lake = TableFileWriter(tmp_path / "worker", RAW), Lake(tmp_path / "lake")
    writer.write(received("a", 1), DAYS[0])
    files = writer.close()
    with pytest.raises(FileNotFoundError, match=r"raw_shop__things: landing_date=2026-01-05/part-"):
        lake.rewrite_days(files, RAW, DAYS, "false")
    assert lake.read_arrow(RAW).num_rows == 0
    file = files[0].path
    (tmp_path / "lake" / RAW.name / file).parent.mkdir(exist_ok=True)
    (tmp_path / "worker" / file).replace(tmp_path / "lake" / RAW.name / file)
    add_files(files, lake.path(RAW), RAW)
    assert lake.read_arrow(RAW, ["name"])["name"].to_pylist() == ["a"]


def test_one_file_is_open_at_a_time(tmp_path):
    writer = TableFileWriter(tmp_path, RAW)
    for line, day in enumerate((*DAYS, DAYS[0])):
        writer.write(received("a", line), day)
        assert len(writer.files) == line
    assert [(file.day, file.n_rows) for file in writer.close()] == [(day, 1) for day in (*DAYS, DAYS[0])]
