"""Each kind of expectation means what Great Expectations means by its name, also of nulls and repeats."""

import duckdb
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expectations.suites import SUITES
from expectations.suites.suite import (
    expect_between,
    expect_each_row,
    expect_match,
    expect_not_empty,
    expect_not_null,
    expect_one_of,
    expect_unique,
    expect_values_present,
)
from spark_jobs.run.suite_evaluation import find_unmet_expectations
from tests.spark_jobs.run.great_expectations_answers import count_unmet

SAID = "It says why."
KINDS = (
    expect_not_empty(SAID),
    expect_not_null("word", SAID),
    expect_not_null("number", SAID, mostly=0.5),
    expect_one_of("word", ("a", "it's"), SAID),
    expect_between("number", 0, None, SAID),
    expect_between("number", -1, 2, SAID),
    expect_match("word", "^(?:a|b+)$", SAID),
    expect_unique(("word",), SAID),
    expect_unique(("word", "number"), SAID),
    expect_values_present("word", ("a", "b"), SAID),
)
SCHEMA = pa.schema({"word": pa.string(), "number": pa.int64()})
WORDS = st.none() | st.sampled_from(["a", "b", "bb", "it's", "ab", ""])
ROWS = st.lists(st.tuples(WORDS, st.none() | st.integers(-2, 3)), max_size=6)


@pytest.fixture(scope="module")
def evaluate_suite():
    """What our queries answer, where the first `n_old` rows were looked at before. One connection for all:
    to open one takes longer than to ask.
    """
    with duckdb.connect(config={"threads": 1}) as connection:

        def evaluate(rows: list[tuple], expectations: tuple, n_old: int = 0) -> dict[str, int | None]:
            table = pa.Table.from_pylist([dict(zip(SCHEMA.names, row, strict=True)) for row in rows], SCHEMA)
            connection.register("rows", table[:n_old]).register("new_rows", table[n_old:])
            unmet = find_unmet_expectations(connection, expectations)
            unmet_before = {each.expectation.name for each in unmet}
            connection.register("rows", table)
            met_before = frozenset(each.name for each in expectations if each.name not in unmet_before)
            found = find_unmet_expectations(connection, expectations, met_before if n_old else frozenset())
            return {each.expectation.name: each.n_rows for each in found}

        yield evaluate


@pytest.mark.slow  # imports Great Expectations, which takes 5 s
@pytest.mark.parametrize("expectation", KINDS, ids=lambda each: each.name)
def test_a_kind_means_what_great_expectations_means(evaluate_suite, expectation):
    @settings(max_examples=12, deadline=None)
    @given(ROWS)
    def agrees(rows):
        frame = pd.DataFrame(rows, columns=SCHEMA.names).astype({"number": "Int64"})
        assert evaluate_suite(rows, (expectation,)) == count_unmet(frame, (expectation,))

    agrees()


@settings(max_examples=150, deadline=None)
@given(ROWS, ROWS)
def test_new_rows_beside_old_ones_are_answered_as_all_rows_are(evaluate_suite, old, new):
    """A file that is checked is not read again for conditions over one row, and the answer is the same."""
    everything = (
        *[each for each in KINDS if each.name != KINDS[5].name],
        expect_each_row("by_number", "number is null or word <> 'ab'", SAID),
        expect_each_row("few", "count(*) over (partition by word) < 3", SAID, looks_across_rows=True),
    )
    assert len({each.name for each in everything}) == len(everything)
    assert evaluate_suite(old + new, everything, len(old)) == evaluate_suite(old + new, everything)


def test_every_kind_in_use_is_compared():
    used = {each.kind for suite in SUITES.values() for each in suite.expectations}
    assert used == {each.kind for each in KINDS}
