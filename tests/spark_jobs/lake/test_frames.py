"""Rows at hand become a frame that holds all of them."""

import pyarrow as pa

from spark_jobs.lake.frames import convert_arrow_to_spark


def test_rows_behind_an_empty_batch_are_read(spark):
    some = pa.table({"n": [1, 2]})
    rows = pa.concat_tables([some, some.slice(0, 0), pa.table({"n": [3]})])
    assert [len(chunk) for chunk in rows["n"].chunks] == [2, 0, 1]
    assert [row["n"] for row in convert_arrow_to_spark(spark, rows).collect()] == [1, 2, 3]


def test_no_rows_are_an_empty_frame(spark):
    frame = convert_arrow_to_spark(spark, pa.table({"n": pa.array([], pa.int32())}))
    assert (frame.count(), frame.columns) == (0, ["n"])
