"""What is said in another JSON kind than declared is named, and never becomes null without a word."""

import json

import pytest
from pyspark.sql import functions as F

from spark_jobs.ingest.json_types import find_wrong_kind

SHAPE = (
    "name string, device struct<type:string>, names array<string>, products"
    " array<struct<id:string,rank:int,score:double>>, attributes map<string,string>"
)
RIGHT = [
    {},
    {"name": "", "device": {}, "names": [], "products": [], "attributes": {}},
    {"name": None, "device": None, "names": None, "products": None, "attributes": None},
    {"name": 5, "device": {"type": True, "not asked for": [1]}, "names": ["a", ""], "unknown": {"a": [None]}},
    {"products": [{"id": 5, "rank": 2147483647, "score": 1}, {"id": "x", "rank": None, "score": 1e308}]},
    {"attributes": {"a": None, "b": [1], "c": {"d": 1}, "": "x"}},
    {"name": 10**900, "names": ["\U0001f469\u200d\U0001f680", "\u0000", "א"]},
]
WRONG = [
    ({"name": {}}, "d.name"),
    ({"name": []}, "d.name"),
    ({"device": "phone"}, "d.device"),
    ({"device": [{"type": "phone"}]}, "d.device"),
    ({"device": {"type": {}}}, "d.device.type"),
    ({"names": "Food > Oil"}, "d.names"),
    ({"names": {"0": "Food"}}, "d.names"),
    ({"names": ["Food", None, "Oil"]}, "d.names[]"),
    ({"names": ["Food", 5]}, "d.names[]"),
    ({"names": [["Food"]]}, "d.names[]"),
    ({"products": {"id": "x"}}, "d.products"),
    ({"products": [None]}, "d.products[]"),
    ({"products": [{"id": "x"}, "y"]}, "d.products[]"),
    ({"products": [{"id": "x"}, {"id": ["y"]}]}, "d.products[].id"),
    ({"products": [{"rank": 1.5}]}, "d.products[].rank"),
    ({"products": [{"rank": "1"}]}, "d.products[].rank"),
    ({"products": [{"rank": 2**31}]}, "d.products[].rank"),
    ({"products": [{"rank": 2**63}]}, "d.products[].rank"),
    ({"products": [{"score": "high"}]}, "d.products[].score"),
    ({"products": [{"score": True}]}, "d.products[].score"),
    ({"attributes": "origin:GR"}, "d.attributes"),
    ({"attributes": ["origin"]}, "d.attributes"),
    # No number of a thousand digits can be parsed by Spark, and `from_json` then gives null for every field
    # of the document.
    ({"name": "x", "unknown": 10**1000}, "d"),
]
TEXTS = [
    ("", None),
    (" ", None),
    ("null", None),
    ("abc", "d"),
    ("5", "d"),
    ("[]", "d"),
    ('"{}"', "d"),
    ("{", "d"),
    ('{"a":1', "d"),
]


def test_the_first_value_of_a_wrong_kind_is_named(spark):
    rows = (
        [(json.dumps(each), None) for each in RIGHT]
        + [(json.dumps(each), path) for each, path in WRONG]
        + TEXTS
        + [(None, None)]
    )
    frame = spark.createDataFrame(rows, "received string, expected string").coalesce(1)
    found = frame.select(
        "received", "expected", find_wrong_kind(F.col("received"), SHAPE, "d").alias("found")
    ).collect()
    assert [(row["received"], row["found"]) for row in found] == [
        (row["received"], row["expected"]) for row in found
    ]


@pytest.mark.parametrize(("shape", "text"), [("array<string>", '["a"]'), ("map<string,string>", '{"a":1}')])
def test_a_document_may_be_a_list_or_a_map(spark, shape, text):
    frame = spark.createDataFrame([(text,), ('"a"',)], "received string").coalesce(1)
    assert [row[0] for row in frame.select(find_wrong_kind(F.col("received"), shape, "d")).collect()] == [
        None,
        "d",
    ]
