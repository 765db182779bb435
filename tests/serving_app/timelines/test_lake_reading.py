"""Tables of the lake, asked without Spark: what is not there is empty, what takes too long is given up."""

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from expectations.contracts.lake import OPS_DELIVERIES
from serving_app.http.problems import NotReady, TooLargeToAnswer
from serving_app.timelines import lake_reading
from serving_app.timelines.lake_reading import ask_tables, list_columns

TABLES = {"deliveries": OPS_DELIVERIES}
COUNT = "select count(*) from deliveries"


def test_the_rows_are_those_of_the_newest_version(tmp_path):
    assert ask_tables(tmp_path, TABLES, COUNT, {}) == [(0,)]
    path = tmp_path / OPS_DELIVERIES.name
    write_deltalake(path, pa.table({"delivery_id": ["a", "b"]}))
    write_deltalake(path, pa.table({"delivery_id": ["c"]}), mode="overwrite")
    assert ask_tables(tmp_path, TABLES, "select delivery_id from deliveries", {}) == [("c",)]
    assert list_columns(path) == {"delivery_id"} and list_columns(tmp_path / "none") == set()


def test_a_folder_that_is_no_table_yet_is_empty(tmp_path):
    (tmp_path / OPS_DELIVERIES.name).mkdir()
    assert ask_tables(tmp_path, TABLES, COUNT, {}) == [(0,)]
    assert list_columns(tmp_path / OPS_DELIVERIES.name) == set()


def test_a_file_that_went_away_meanwhile_is_said(tmp_path):
    path = tmp_path / OPS_DELIVERIES.name
    write_deltalake(path, pa.table({"delivery_id": ["a"]}))
    for file in path.glob("*.parquet"):
        file.unlink()
    with pytest.raises(NotReady, match="load the page again"):
        ask_tables(tmp_path, TABLES, COUNT, {})


def test_what_takes_too_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(lake_reading, "SECONDS", 0.05)
    endless = "select count(*) from range(100000000000) where range % 7 = 3"
    with pytest.raises(TooLargeToAnswer, match=r"within 0\.05 seconds"):
        ask_tables(tmp_path, TABLES, endless, {})
