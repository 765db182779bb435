"""Many records are normalised as one by one, whichever way a column takes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.contracts.ids import UPPER
from spark_jobs.ingest.column_normalisation import make_column_normaliser, make_plain_check
from spark_jobs.ingest.text_normalisation import make_record_normaliser
from spark_jobs.sources.declaration import IdField

COLUMNS = ("order", "item", "email", "country", "note", "context")
ID_FIELDS = (
    IdField("order_id", "order"),
    IdField("item_id", "item", UPPER),
    IdField("email", "email"),
    IdField("country", "country"),
    IdField("item_id", "context.id"),
)
PLAIN = ["A1", "B-2", "C#3", "X_9"]
ODD = [
    "",
    " A1",
    "a1",
    "é",
    "e\u0301",
    "null",
    "{{id}}",
    "A" * 513,
    "two words",
    "x\ny",
    "\u200b",
    "uk",
    "\\u0041",
    "a@B.c",
]
DOCUMENTS = [
    '{"id":"A1"}',
    '{"id":" A1"}',
    '{"id":true}',
    '{"id":"null"}',
    '{"note":"\\u0001 x"}',
    '{"id":null}',
    "{",
]
TEXTS = st.one_of(st.none(), st.sampled_from(PLAIN), st.sampled_from(ODD), st.text(max_size=4))
ROWS = st.one_of(
    st.none(),
    st.tuples(TEXTS, TEXTS, TEXTS, TEXTS, TEXTS, st.one_of(st.none(), st.sampled_from(DOCUMENTS))),
    st.tuples(*[st.sampled_from(PLAIN)] * 5, st.just('{"id":"A1"}')),
)


@given(st.lists(st.tuples(ROWS, st.sampled_from([None, None, None, "order", "email,item"])), max_size=6))
@settings(max_examples=300, deadline=None)
def test_many_records_are_normalised_as_one_by_one(records):
    rows, wrong_kinds = [row for row, _ in records], [row and kinds for row, kinds in records]
    columns, flaws, doubts = make_column_normaliser(COLUMNS, ID_FIELDS)(rows, wrong_kinds)
    one = make_record_normaliser(COLUMNS, ID_FIELDS)
    for place, (row, kinds) in enumerate(zip(rows, wrong_kinds, strict=True)):
        values, flaw, doubt = (
            ((None,) * len(COLUMNS), None, None)
            if row is None
            else one(row, tuple(kinds.split(",")) if kinds else ())
        )
        assert tuple(column[place] for column in columns) == values
        assert (flaws[place], doubts[place]) == (flaw, doubt)


@pytest.mark.parametrize(
    ("kind", "case", "value", "is_plain"),
    [
        pytest.param("order_id", "as_given", "o-1", True, id="a plain id"),
        pytest.param("order_id", "as_given", "NULL", False, id="a word for nothing, in any case"),
        pytest.param("user_id", "as_given", "null", True, id="a word that persons may have"),
        pytest.param("user_id", "as_given", "u 1", False, id="a space"),
        pytest.param("user_id", "as_given", "u\n1", False, id="a line end"),
        pytest.param("user_id", "as_given", "", False, id="nothing"),
        pytest.param("user_id", "as_given", "u" * 513, False, id="too long"),
        pytest.param("email", "as_given", "a@b.c", True, id="an e-mail in lower case"),
        pytest.param("email", "as_given", "A@b.c", False, id="an e-mail in mixed case"),
        pytest.param("item_id", "upper", "sku", False, id="lower case where case says nothing"),
        pytest.param("country", "as_given", "FR", False, id="a country is always read"),
    ],
)
def test_a_column_with_one_odd_id_is_read_value_by_value(kind, case, value, is_plain):
    check = make_plain_check([IdField(kind, "id", case)])
    assert check([value]) is is_plain
    neighbours = ["A1", None, value] if case == UPPER else ["a1", None, value]
    assert check(neighbours) is is_plain
