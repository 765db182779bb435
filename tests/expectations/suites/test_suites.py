"""Every suite is held against the contract of its table, without Spark."""

import re
from pathlib import Path

import pytest

from expectations.contracts.lake import LAKE
from expectations.contracts.tables import ContractError
from expectations.suites import GUARDED, SUITES
from expectations.suites.suite import FAIL, WARN, Suite, expect_contract, expect_each_row, expect_not_null
from spark_jobs.run.checks import INCOMING_TABLES, OUTGOING_TABLES
from tests.spark_jobs.run.great_expectations_answers import get_expectation_class

FOLDER = Path(__file__).resolve().parents[3] / "expectations" / "suites"
SQL_WORDS = set(
    re.findall(
        r"\w+",
        """
        and or not is null in like between true false over partition by distinct from lambda cast as date
        timestamptz coalesce trim substring count bool_or sha256 abs isnan regexp_matches range len nulls last
        isfinite max
        map_values list_distinct list_filter list_transform list_contains list_reverse_sort x y id to of
        item_id score sources rank weight base neighbours transitions fold_in is_personal most_events
        """,
    )
)


@pytest.mark.parametrize("name", GUARDED)
def test_a_suite_keeps_its_contract(name):
    suite = SUITES[name]
    assert suite.table is LAKE[name]
    assert (FOLDER / f"{name}.py").exists(), "the suite has the name of the table it guards"
    for column in suite.table.required:
        assert any(
            e.kind == "expect_column_values_to_not_be_null" and e.columns == (column,) and e.severity == FAIL
            for e in suite.expectations
        ), f"{name}.{column} may be null"
    assert any("unique" in e.kind and e.columns == suite.table.key for e in suite.expectations), (
        f"{name} may repeat its key"
    )
    names = [each.name for each in suite.expectations]
    assert len(names) == len(set(names)), (
        f"{name}: two expectations of one name cannot be told apart in a report"
    )
    for each in suite.expectations:
        assert each.severity in (FAIL, WARN) and len(each.reason.split()) > 3, (
            f"{name}: {each.name} needs a reason"
        )
        assert not set(each.columns) - set(suite.table.columns)
        words = set(re.findall(r"[a-z_]\w*", re.sub(r"'[^']*'", "", each.sql)))
        assert not words - SQL_WORDS - set(suite.table.columns), (
            f"{name}: {each.name} names what is no column"
        )


@pytest.mark.slow  # imports Great Expectations, which takes 5 s
def test_great_expectations_knows_every_kind():
    kinds = {each.kind for suite in SUITES.values() for each in suite.expectations}
    assert len(kinds) > 5 and all(map(get_expectation_class, kinds))


def test_every_core_feature_and_list_table_has_a_suite_and_a_border():
    layers = ("core_", "feat_", "fct_", "rec_", "pred_")
    wanted = {name for name in LAKE if name.startswith(layers)} | {"quarantine"}
    assert set(GUARDED) == wanted
    assert sorted(name for names in OUTGOING_TABLES.values() for name in names) == sorted(GUARDED)
    assert not {name for names in INCOMING_TABLES.values() for name in names} - set(GUARDED)


def test_what_a_contract_promises_is_expected():
    kinds = [(each.kind, each.columns) for each in expect_contract(LAKE["core_order_lines"])]
    assert kinds[-1] == ("expect_compound_columns_to_be_unique", ("source", "order_id", "line_no"))
    assert [columns for kind, columns in kinds[:-1]] == [
        ("source",),
        ("order_id",),
        ("line_no",),
        ("ordered_at",),
        ("ordered_date",),
        ("line_type",),
        ("quantity",),
        ("unit_price",),
        ("amount",),
        ("currency",),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(
            expect_not_null("no_such_column", "It says why."), id="a column that the contract does not have"
        ),
        pytest.param(expect_not_null("item_id", "It says why.", severity="panic"), id="an unknown severity"),
        pytest.param(expect_not_null("item_id", "because"), id="a reason that is no sentence"),
        pytest.param(
            expect_each_row("few", "count(*) over () < 9", "It says why."),
            id="a window over other rows that is not declared",
        ),
        pytest.param(
            expect_not_null("item_id", "It says why.", WARN), id="what the contract promises, once more"
        ),
    ],
)
def test_a_suite_that_breaks_its_contract_is_refused(wrong):
    with pytest.raises(ContractError):
        Suite(LAKE["core_items"], (wrong,))
