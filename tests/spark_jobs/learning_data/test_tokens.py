"""Tokens of attributes: which there are, and none of a value that is null."""

from spark_jobs.learning_data.tokens import build_item_tokens


def test_a_category_that_is_null_is_no_attribute(spark):
    schema = "category string, brand string, price_band string, category_path array<string>, title string"
    frame = spark.createDataFrame(
        [("Food", None, "low", ["Food", None, "Oil"], "Oil of Kos"), (None,) * 5], schema
    )
    first, second = (row["tokens"] for row in frame.select(build_item_tokens().alias("tokens")).collect())
    assert first == ["category=Food", "price=low", "path=Food", "path=Oil", "word=oil", "word=kos"]
    assert second == []
