"""What became of an id, night after night, and that an id of any age is resolved."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.identifiers import derive_customer_id
from expectations.contracts.lake import (
    CORE_IDENTIFIERS,
    CORE_IDENTITIES,
    CORE_IDENTITY_CHANGES,
    CORE_IDENTITY_LINKS,
)
from expectations.contracts.tables import Table
from spark_jobs.identify.changes import (
    ChangeStamp,
    build_identity_changes,
    compare_identities,
    resolve_customer_id,
)
from spark_jobs.identify.graph.customers import assign_customers
from spark_jobs.identify.graph.positions import find_positions
from spark_jobs.lake.arrow_types import build_arrow_schema
from spark_jobs.lake.queries import open_database
from spark_jobs.linkage.components import find_components

OPENING = datetime(2026, 1, 5, tzinfo=UTC)
WORLDS, NODES = 60, 6


class Oracle:
    """Union-find in plain Python: the customer of each identifier, from all links and first sightings known
    so far.
    """

    def __init__(self, seen: dict[str, datetime], links: set[tuple[str, str]]) -> None:
        self.parent = {node: node for node in seen}
        for a, b in links:
            self.parent[self.root(a)] = self.root(b)
        clusters: dict[str, list[str]] = {}
        for node in seen:
            clusters.setdefault(self.root(node), []).append(node)
        self.customers = {}
        for members in clusters.values():
            founder = min(members, key=lambda node: (seen[node], "user_id", node))
            self.customers.update(dict.fromkeys(members, derive_customer_id(founder)))

    def root(self, node: str) -> str:
        while self.parent[node] != node:
            node = self.parent[node]
        return node


def tables(seen: dict[str, datetime], links: set[tuple[str, str]]) -> tuple[pa.Table, pa.Table]:
    """`core_identifiers` in the order of their ids, and `core_identity_links`, each of them followed."""
    rows = [
        {"identifier_id": i, "kind": "user_id", "value_normalised": i, "first_seen_at": at}
        for i, at in sorted(seen.items())
    ]
    followed = [
        {
            "identifier_id_a": a,
            "identifier_id_b": b,
            "rule": "same_event",
            "evidence": f"core_events/{a}-{b}",
            "is_followed": True,
            "first_seen_at": OPENING,
        }
        for a, b in sorted(links)
    ]
    return build_table(rows, CORE_IDENTIFIERS), build_table(followed, CORE_IDENTITY_LINKS)


def build_table(rows: list[dict], table: Table) -> pa.Table:
    """Rows in the table's columns; columns left out are null."""
    schema = pa.schema([field.with_nullable(True) for field in build_arrow_schema(table)])
    return pa.Table.from_pylist(rows, schema=schema)


def identities(whose: dict[str, str]) -> pa.Table:
    """`core_identities` of these customers."""
    rows = [{"identifier_id": name, "customer_id": customer} for name, customer in whose.items()]
    return build_table(rows, CORE_IDENTITIES)


def whose(identifiers: pa.Table, links: pa.Table) -> pa.Table:
    """`core_identities` of these links."""
    ids = identifiers["identifier_id"].combine_chunks()
    ends = [find_positions(links[f"identifier_id_{end}"], ids) for end in "ab"]
    roots = find_components(*ends, len(ids))
    return assign_customers(identifiers, roots, pa.array([], pa.string()))


def tell_changes(
    before: pa.Table,
    after: pa.Table,
    links_before: pa.Table,
    links_now: pa.Table,
    stamp: ChangeStamp,
    log: Sequence[dict] = (),
) -> list[dict]:
    """The changes of a run, by the job's own way."""
    with open_database() as con:
        con.register("identities_before", before)
        con.register("identities_now", after)
        con.register("links_before", links_before)
        con.register("links_now", links_now)
        con.register("changes_before", build_table(list(log), CORE_IDENTITY_CHANGES))
        has_moved = compare_identities(con)
        changes = build_identity_changes(con, stamp).to_pylist()
    assert has_moved or not changes
    return changes


def nights(rng: random.Random) -> list[tuple[dict[str, datetime], set[tuple[str, str]]]]:
    """What is known after each of four nights in sixty small worlds: newcomers, new links, links withdrawn,
    earlier sightings.
    """
    seen, links, found = {}, set(), []
    for night in range(4):
        for world in range(WORLDS):
            for node in range(NODES):
                name = f"i_{world:02d}{node}"
                if rng.random() < 0.5 and (name not in seen or rng.random() < 0.2):
                    first = OPENING + timedelta(minutes=rng.randrange(10_000))
                    seen[name] = min(first, seen.get(name, first))
            here = sorted(name for name in seen if name.startswith(f"i_{world:02d}"))
            for _ in range(2 if len(here) > 1 else 0):
                links.add(tuple(sorted(rng.sample(here, 2))))
        if night > 1:
            links -= set(rng.sample(sorted(links), len(links) // 4))
        found.append((dict(seen), set(links)))
    return found


def test_four_nights_of_merges_splits_and_late_data():
    """Every night: identities are the oracle's, and every id ever issued resolves to where its founder is
    now.
    """
    log, before, links_before, live = [], identities({}), None, set()
    kinds = set()
    for night, (seen, links) in enumerate(nights(random.Random(3))):
        identifiers, links_now = tables(seen, links)
        after = whose(identifiers, links_now)
        now = {row["identifier_id"]: row["customer_id"] for row in after.to_pylist()}
        assert now == Oracle(seen, links).customers
        stamp = ChangeStamp(night, date(2026, 1, 5 + night), f"night-{night}")
        tonight = tell_changes(before, after, links_before or links_now, links_now, stamp, log)
        assert len({row["customer_id"] for row in tonight}) == len(tonight), (
            "two rows for one id in one night"
        )
        log += tonight
        kinds |= {row["change"] for row in tonight}
        assert {resolve_customer_id(log, customer) for customer in now.values()} == set(now.values())
        for identifier, customer in now.items():
            if (own := derive_customer_id(identifier)) in {row["customer_id"] for row in log}:
                assert resolve_customer_id(log, own) == customer, (
                    f"{own} does not follow its founder in night {night}"
                )
        born = {row["customer_id"] for row in tonight if row["change"] == "created"}
        retired = {
            row["customer_id"] for row in tonight if row["to_customer_id"] != row["customer_id"]
        } & live
        live = live - retired | born
        assert live == set(now.values()), "live ids = those before, less the retired, and the created"
        before, links_before = after, links_now
    assert kinds == {"created", "merged", "renamed", "split"}, "the worlds were too quiet to show every kind"
    assert all(row["because"] for row in log)
    reasons = {
        row["change"]: {x["because"].split(" ")[0] for x in log if x["change"] == row["change"]}
        for row in log
    }
    assert "same_event" in reasons["merged"] and "no" in reasons["split"]


def test_a_night_that_changes_nothing_says_nothing():
    identifiers, links_now = tables(*nights(random.Random(1))[0])
    after = whose(identifiers, links_now)
    stamp = ChangeStamp(1, date(2026, 1, 6), "again")
    assert tell_changes(after, after, links_now, links_now, stamp) == []


def test_what_nobody_stands_behind_any_more_retires_with_a_row():
    """A new rule blocks `test`, who was a customer alone, and the founder of another, who goes on
    without it.
    """
    founders = {"alone": derive_customer_id("i_test"), "rest": derive_customer_id("i_null")}
    before = {"i_test": founders["alone"], "i_null": founders["rest"], "i_ann": founders["rest"]}
    after = {"i_ann": derive_customer_id("i_ann")}
    _, no_links = tables({"i_ann": OPENING}, set())
    stamp = ChangeStamp(3, date(2026, 1, 8), "night-3")
    rows = tell_changes(identities(before), identities(after), no_links, no_links, stamp)
    assert {(r["change"], r["customer_id"], r["to_customer_id"], r["because"]) for r in rows} == {
        ("retired", founders["alone"], founders["alone"], "nobody stands behind its identifiers"),
        (
            "renamed",
            founders["rest"],
            derive_customer_id("i_ann"),
            "nobody stands behind the identifier that founded it",
        ),
        (
            "created",
            derive_customer_id("i_ann"),
            derive_customer_id("i_ann"),
            f"identifiers of {founders['rest']}",
        ),
    }


def row(night: int, old: str, new: str) -> dict:
    return {"change_id": f"{night:010d}-{old}", "customer_id": old, "to_customer_id": new}


@pytest.mark.parametrize(
    ("log", "old", "now"),
    [
        pytest.param([], "a", "a", id="never heard of"),
        pytest.param([row(0, "a", "a")], "a", "a", id="created"),
        pytest.param(
            [row(2, "b", "c"), row(1, "a", "b")], "a", "c", id="merged, then merged again; rows in any order"
        ),
        pytest.param([row(1, "a", "b"), row(2, "b", "a")], "a", "a", id="came back"),
        pytest.param([row(1, "a", "b"), row(2, "b", "a")], "b", "a", id="the other way"),
        pytest.param([row(1, "a", "b"), row(2, "a", "c")], "a", "c", id="parted later"),
        pytest.param(
            [row(2, "a", "b"), row(1, "b", "c")], "a", "b", id="an older row of b says nothing of a"
        ),
    ],
)
def test_resolve(log, old, now):
    assert resolve_customer_id(log, old) == now


@given(
    st.lists(st.tuples(st.integers(0, 5), st.sampled_from("abcd"), st.sampled_from("abcd")), max_size=20),
    st.sampled_from("abcd"),
)
def test_resolve_ends_whatever_the_log_says(rows, old):
    assert resolve_customer_id([row(*each) for each in rows], old) in "abcd"
