"""The hash that orders items is Spark's `xxhash64`, and XXH64 as it is specified."""

import random

import pytest
from pyspark.sql import functions as F

from spark_jobs.learning_data import item_order
from spark_jobs.learning_data.item_order import hash_text, order_by_hash

LETTERS = "abcxyz0189-_/ äß€😀"


def test_the_hash_is_sparks(spark):
    """Of every length up to three rounds of 32 bytes, several each."""
    rng = random.Random(7)
    texts = sorted({"".join(rng.choices(LETTERS, k=length)) for length in range(100) for _ in range(5)})
    frame = spark.createDataFrame([(text,) for text in texts], "text string")
    expected = {row[0]: row[1] for row in frame.select("text", F.xxhash64("text")).collect()}
    assert {text: hash_text(text) for text in texts} == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", 0xEF46DB3751D8E999, id="nothing"),
        pytest.param("a", 0xD24EC4F1A98C6E5B, id="a byte"),
        pytest.param("abc", 0x44BC2CF5AD770999, id="three"),
    ],
)
def test_published_values_of_seed_0(monkeypatch, text, expected):
    monkeypatch.setattr(item_order, "SPARK_SEED", 0)
    assert hash_text(text) % (1 << 64) == expected


def test_items_are_ordered_by_hash():
    texts = [f"item-{n}" for n in range(50)]
    ordered = [texts[place] for place in order_by_hash(texts)]
    assert ordered == sorted(texts, key=hash_text) != texts
