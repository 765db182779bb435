"""Which pairs of records become links, and when two cards are one person's: one table of small worlds."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from expectations.contracts.lake import CORE_IDENTITY_LIKENESS, CORE_PEOPLE
from spark_jobs.identify.graph.likeness_links import (
    PEOPLE_COLUMNS,
    build_likeness_links,
    drop_blocked_identifiers,
    list_record_identifiers,
)
from spark_jobs.lake.arrow_types import build_arrow_schema

AT = datetime(2026, 1, 5, tzinfo=UTC)


def people(**users: str | None) -> pa.Table:
    """`A="u1"`: record A with CRM number `card-A` and user u1."""
    rows = [
        {
            "source": "till",
            "record_id": name,
            "crm_identifier_id": f"card-{name}",
            "user_identifier_id": user,
            "created_at": AT,
        }
        for name, user in users.items()
    ]
    return pa.Table.from_pylist(
        [dict.fromkeys(CORE_PEOPLE.columns) | row for row in rows], build_arrow_schema(CORE_PEOPLE)
    )


def likeness(*pairs: tuple[str, str, float]) -> pa.Table:
    """Pairs of one cluster."""
    rows = [
        {
            "source_a": "till",
            "record_id_a": a,
            "source_b": "till",
            "record_id_b": b,
            "probability": probability,
            "match_weight": 1.0,
            "agreements": {},
            "is_one_person": True,
        }
        for a, b, probability in pairs
    ]
    return pa.Table.from_pylist(rows, build_arrow_schema(CORE_IDENTITY_LIKENESS))


def found(pairs, records, parted=()) -> tuple[list[tuple[str, str]], dict[str, str]]:
    links, cards = build_likeness_links(likeness(*pairs), records, 0.67, set(parted))
    ends = [(row["identifier_id_a"], row["identifier_id_b"]) for row in links.to_pylist()]
    return ends, dict(cards.to_pandas().itertuples(index=False)) if cards.num_rows else {}


def test_a_pair_below_the_threshold_links_nobody_by_itself():
    """A and C stand in B's cluster; refusing A–B is not to be got round by A–C's 21 %."""
    links, cards = found(
        [("A", "B", 0.99), ("B", "C", 0.99), ("A", "C", 0.21)], people(A=None, B=None, C=None)
    )
    assert links == [("card-A", "card-B"), ("card-B", "card-C")]
    assert cards == {"card-A": "card-A", "card-B": "card-A", "card-C": "card-A"}


def test_two_users_of_one_source_are_two_people():
    links, cards = found([("A", "B", 0.99)], people(A="u1", B="u2"))
    assert (links, cards) == ([], {})


def test_a_cluster_that_holds_two_users_is_no_one_persons():
    """B is like two people who cannot be one. The replay decides whose it is; until then three cards are
    three people's.
    """
    links, cards = found([("A", "B", 0.9), ("B", "C", 0.8)], people(A="u1", B=None, C="u2"))
    assert links == [("card-A", "card-B"), ("card-B", "card-C")]
    assert cards == {}


@pytest.mark.parametrize("parted", [("card-A", "card-B"), ("card-A", "card-C")])
def test_records_that_somebody_parted_count_as_so_many(parted):
    _, cards = found([("A", "B", 0.9), ("B", "C", 0.8)], people(A=None, B=None, C=None), [parted])
    assert cards == {}
    _, others = found([("A", "B", 0.9), ("D", "E", 0.8)], people(A=None, B=None, D=None, E=None), [parted])
    assert others.keys() >= {"card-D", "card-E"}, "only their own cluster"


def test_an_identifier_nobody_stands_behind_speaks_for_no_record():
    """Two cards without a number of their own, both under the login `test`: their e-mails speak for them."""
    rows = [
        {
            "source": "till",
            "record_id": n,
            "user_identifier_id": "i_test",
            "email_identifier_id": f"i_mail-{n}",
            "created_at": AT,
        }
        for n in "AB"
    ]
    cards = pa.Table.from_pylist(
        [dict.fromkeys(CORE_PEOPLE.columns) | row for row in rows], build_arrow_schema(CORE_PEOPLE)
    )
    links, _ = found([("A", "B", 0.9)], drop_blocked_identifiers(cards.select(PEOPLE_COLUMNS), {"i_test"}))
    assert links == [("i_mail-A", "i_mail-B")]
    assert list_record_identifiers(drop_blocked_identifiers(cards.select(PEOPLE_COLUMNS), {"i_test"}))[
        "identifier_id"
    ].to_pylist() == [
        "i_mail-A",
        "i_mail-B",
    ]
