"""The soak of concurrent writers feels a lost increment, a doubled row and a version that lacks something."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from benchmarks.soak.concurrent_writers.__main__ import COUNTERS, find_flaws, read_counts, write
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.tables import Lake

WRITERS = ["writer-0", "writer-1"]


@pytest.fixture
def lake(tmp_path) -> Lake:
    """Two writers have counted to six, one after the other."""
    for writer in WRITERS:
        write(tmp_path / "lake", writer, 6)
    return Lake(tmp_path / "lake")


def add(lake: Lake, *rows: tuple[int, str, int]) -> None:
    fields = [dict(zip(COUNTERS.columns, row, strict=True)) for row in rows]
    table = pa.Table.from_pylist(fields, build_arrow_schema(COUNTERS))
    write_deltalake(lake.path(COUNTERS), table, mode="append")


def test_what_was_counted_right_has_no_flaw_and_a_writer_goes_on_from_there(lake):
    assert find_flaws(lake.root, WRITERS, 6) == []
    write(lake.root, WRITERS[0], 8)
    assert read_counts(lake, WRITERS[0]).total() == 8
    assert [flaw.split(" added")[0] for flaw in find_flaws(lake.root, WRITERS, 8)] == ["writer-1"]


def test_a_doubled_row_and_a_version_of_two_increments_are_felt(lake):
    add(lake, (0, "writer-0", 2))
    flaws = find_flaws(lake.root, WRITERS, 6)
    assert any("has a counter twice" in flaw for flaw in flaws)
    assert any("holds 14 increments, the one before 12" in flaw for flaw in flaws)
