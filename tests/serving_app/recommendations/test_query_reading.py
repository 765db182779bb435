"""A query whose shared part was read before is the query as read anew, and wrong in the same way."""

from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from serving_app.http.problems import BadRequest
from serving_app.http.requests import parse_parameters
from serving_app.recommendations.query_reading import (
    VISITOR_IDS,
    fold_parameters,
    read_shared_query,
    read_visitors_query,
)
from serving_app.recommendations.schemas import ItemQuery, RecommendationQuery

NAMES = st.sampled_from([*VISITOR_IDS, "n", "filter", "param.x", "country", "explain", "exclude", "other"])
VALUES = st.one_of(
    st.sampled_from(["c_1", "7", "", " ", "ä", "a b", "price < 3", "true", "x" * 600]), st.text(max_size=4)
)


def read_anew(model, text):
    return model(**fold_parameters(parse_parameters(text)))


def try_reading(read, model, text):
    try:
        return read(model, text)
    except ValidationError as error:
        return sorted((flaw["loc"], flaw["msg"]) for flaw in error.errors())
    except BadRequest as error:
        return error.detail


@given(st.lists(st.tuples(NAMES, VALUES), max_size=5), st.booleans(), st.sampled_from(["utf-8", "latin-1"]))
def test_it_is_read_as_by_the_model(pairs, is_name_encoded, encoding):
    text = urlencode(pairs, encoding=encoding, errors="replace")
    if is_name_encoded:
        text = text.replace("customer_id", "customer%5Fid")
    for model in (RecommendationQuery, ItemQuery):
        read = try_reading(read_visitors_query, model, text)
        assert read is None or read == try_reading(read_anew, model, text)


def test_the_shared_part_is_read_once():
    before = read_shared_query.cache_info()
    queries = [
        read_visitors_query(RecommendationQuery, f"n=3&customer_id=c_{n}&filter={quote('price < 9.75')}")
        for n in range(5)
    ]
    after = read_shared_query.cache_info()
    assert (after.misses - before.misses, after.hits - before.hits) == (1, 4)
    assert [query.customer_id for query in queries] == [f"c_{n}" for n in range(5)]
    assert {(query.n, query.filter) for query in queries} == {(3, "price < 9.75")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "n=3",
        "customer_id=a&user_id=b",
        "customer_id=a&customer_id=a",
        "customer_id=a%20b",
        "customer_id=a+b",
        "customer_id=a&user%5Fid=b",
        "customer_id=ä",
        "customer_id=",
    ],
)
def test_any_other_is_left_to_the_model(text):
    assert read_visitors_query(RecommendationQuery, text) is None


def test_a_long_query_is_not_remembered():
    text = "customer_id=c_1&exclude=" + ",".join(["item-1"] * 300)
    before = read_shared_query.cache_info().currsize
    assert read_visitors_query(RecommendationQuery, text) is None
    assert read_shared_query.cache_info().currsize == before
