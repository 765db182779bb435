"""An analyst's way to ask why: the marts of a small shop's links, and the query of
docs/explanation/identity.md against the service.
"""

import re
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import duckdb
import sqlglot
from hypothesis import example, given
from hypothesis import strategies as st

from expectations.contracts.snapshot import IdentifierLinks, Link
from serving_app.identity.explanation import explain_identity

PAGE = (Path(__file__).resolve().parents[2] / "docs/explanation/identity.md").read_text()
[QUERY] = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
AT = datetime(2026, 2, 1, tzinfo=UTC)
NODES = [f"i_{name}" for name in "abcde"]

links = st.lists(
    st.tuples(
        st.sampled_from(list(combinations(NODES, 2))),
        st.sampled_from(["same_event", "same_order"]),
        st.sampled_from([0.5, 0.75, 1.0]),
        st.booleans(),
        st.sampled_from([AT, AT + timedelta(days=1)]),
    ).map(lambda row: (*row[0], *row[1:])),
    max_size=9,
    unique_by=lambda row: row[:3],
)


def test_both_ends_are_told_whose_they_are(built):
    with duckdb.connect(str(built.anew), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select identifier_id_a, kind_a, customer_id_a, identifier_id_b, kind_b, customer_id_b,"
            " is_followed, held_by, first_seen_at from fct_identity_links order by all"
        ).fetchall()
        changes = warehouse.execute(
            "select change_id, change, customer_id, to_customer_id from fct_identity_changes"
        ).fetchall()
    seen = datetime(2026, 1, 5)
    assert rows == [
        ("i_a20", "anonymous_id", "c_i_u20", "i_u20", "user_id", "c_i_u20", True, None, seen),
        ("i_a21", "anonymous_id", "c_i_a21", "i_u21", "user_id", "c_i_u21", False, "decision/split", seen),
        ("i_a3", "anonymous_id", "c_i_u2", "i_u2", "user_id", "c_i_u2", True, None, seen),
    ]
    assert changes == [("0000000001-a", "merged", "c_i_a3", "c_i_u2")]


# the later of two equal links comes first in the alphabet
@example(
    [
        ("i_a", "i_b", "same_event", 1.0, True, AT + timedelta(days=1)),
        ("i_a", "i_b", "same_order", 1.0, True, AT),
    ],
    ["i_a", "i_b"],
)
@given(links, st.permutations(NODES).map(lambda names: names[:2]))
def test_the_query_finds_the_path_that_the_service_tells(rows, ends):
    graph = {name: [] for name in NODES}
    with duckdb.connect(config={"threads": 1}) as warehouse:  # more of them cost more than these rows do
        warehouse.execute(
            "create table fct_identity_links (identifier_id_a varchar, identifier_id_b varchar, rule varchar,"
            " evidence varchar, weight double, is_followed boolean, first_seen_at timestamptz)"
        )
        for a, b, rule, weight, is_followed, seen in rows:
            evidence = f"core_events/{rule}-{a[2:]}{b[2:]}"
            warehouse.execute(
                "insert into fct_identity_links values (?, ?, ?, ?, ?, ?, ?)",
                [a, b, rule, evidence, weight, is_followed, seen],
            )
            for one, other in ((a, b), (b, a)):
                graph[one].append(
                    Link(other, rule, evidence, weight, seen, None if is_followed else "shared/browser")
                )
        query = QUERY.replace("'i_…' as a, 'i_…' as b", f"'{ends[0]}' as a, '{ends[1]}' as b")
        assert query != QUERY
        found = warehouse.execute(query).fetchall()
    wanted = explain_identity(
        {name: IdentifierLinks("user_id", "c", tuple(all_)) for name, all_ in graph.items()}.get, *ends
    )
    if not wanted.is_one_customer:
        assert found == []
        return
    [(ids, told, n_links, weakest)] = found
    assert ids.split() == [ends[0], *(link.other for _, link in wanted.path)]
    assert told == "".join(f"{link.rule} {link.evidence}; " for _, link in wanted.path)
    assert (n_links, weakest) == (len(wanted.path), min(link.weight for _, link in wanted.path))


def test_the_query_is_snowflakes_too():
    parsed = sqlglot.parse_one(QUERY, dialect="snowflake")
    assert parsed.find(sqlglot.exp.With).args["recursive"]
    assert not parsed.find(sqlglot.exp.Command)
