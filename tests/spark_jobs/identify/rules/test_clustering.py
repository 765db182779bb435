"""Components with a replay where it is needed equal the replay of everything, ids too, in any order of
rows.
"""

import random

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from expectations.contracts.identifiers import derive_customer_id
from spark_jobs.identify.graph.customers import assign_customers
from spark_jobs.identify.graph.links import LINK_SCHEMA, PAIR_COLUMNS
from spark_jobs.identify.rules.clustering import cluster_identifiers
from spark_jobs.identify.rules.replay import IdentifierNode, Link, replay_links
from tests.spark_jobs.identify.rules.test_replay import START, TIGHT, link

KINDS = ("user_id", "email", "anonymous_id", "crm_id")
IDENTIFIER = pa.schema(
    [
        *((name, pa.string()) for name in ("identifier_id", "kind", "source", "value_normalised")),
        ("first_seen_at", pa.timestamp("us", tz="UTC")),
    ]
)
NO_SPLITS = pa.schema([(name, pa.string()) for name in PAIR_COLUMNS])
WORLDS = 200


def a_world(
    rng: random.Random, number: int
) -> tuple[dict[str, IdentifierNode], list[Link], list[tuple[str, str]]]:
    """Ten identifiers under names that keep worlds apart, a dozen links, and in every fifth world a split."""
    names = [f"w{number:03d}-{k}" for k in range(10)]
    nodes = {}
    for name in names:
        kind = rng.choice(KINDS)
        nodes[name] = IdentifierNode(
            kind, None if kind == "email" else "a", START.replace(hour=rng.randrange(24))
        )
    links = set()
    for _ in range(rng.randrange(12)):
        a, b = rng.sample(names, 2)
        rule = rng.choice(["same_event", "same_event", "alike"])
        links.add(link(a, b, rng.randrange(1000), rule, rng.random() if rule == "alike" else 1.0))
    # the grain of the table
    one_each = {(each.a, each.b, each.rule): each for each in sorted(links, key=str)}
    splits = [tuple(sorted(rng.sample(names, 2)))] if number % 5 == 0 else []
    return nodes, list(one_each.values()), splits


def oracle(nodes: dict[str, IdentifierNode], roots: dict[str, str]) -> dict[str, str]:
    """Identifier → customer, from the replay's clusters."""
    members: dict[str, list[str]] = {}
    for name in nodes:
        members.setdefault(roots[name], []).append(name)
    found = {}
    for each in members.values():
        founder = min(each, key=lambda name: (nodes[name].first_seen_at, nodes[name].kind, name))
        found.update(dict.fromkeys(each, derive_customer_id(founder)))
    return found


@pytest.fixture(scope="module")
def worlds():
    rng, nodes, links, splits = random.Random(11), {}, [], []
    for number in range(WORLDS):
        more = a_world(rng, number)
        nodes.update(more[0])
        links += more[1]
        splits += more[2]
    return nodes, links, splits


def tables(
    nodes: dict[str, IdentifierNode], links: list[Link], splits: list[tuple[str, str]]
) -> tuple[pa.Table, pa.Table, pa.Table]:
    """Links that nothing holds, identifiers and splits, as `cluster_identifiers` takes them."""
    rows = [[x.a, x.b, x.rule, x.evidence, x.weight, x.first_seen_at, None] for x in links]
    schema = LINK_SCHEMA.append(pa.field("held_by", pa.string()))
    people = [[name, n.kind, n.source, name, n.first_seen_at] for name, n in sorted(nodes.items())]
    return (
        pa.table(list(zip(*rows, strict=True)), schema=schema),
        pa.table(list(zip(*people, strict=True)), schema=IDENTIFIER),
        pa.table(list(zip(*splits, strict=True)) or [[], []], schema=NO_SPLITS),
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_settle_is_the_replay_of_everything(worlds, seed):
    nodes, links, splits = worlds
    expected = replay_links(links, nodes, TIGHT, splits)
    whys = set(expected.held.values())
    assert {"decision/split", "limits/user_id", "limits/email"} <= whys, "the worlds are too quiet"
    rows, identifiers, parted = tables(nodes, random.Random(seed).sample(links, len(links)), splits)
    settled, roots = cluster_identifiers(rows, identifiers, parted, TIGHT)
    found = {(r["identifier_id_a"], r["identifier_id_b"], r["rule"]): r for r in settled.to_pylist()}
    assert len(found) == len(links)
    assert {key: row["held_by"] for key, row in found.items()} == {
        (x.a, x.b, x.rule): expected.held.get(x) for x in links
    }
    assert all(row["is_followed"] == (row["held_by"] is None) for row in found.values())
    names = identifiers["identifier_id"].to_pylist()
    assert dict(zip(names, (names[root] for root in roots), strict=True)) == expected.roots
    identities = assign_customers(identifiers, roots, pa.array([], pa.string()))
    whose = {r["identifier_id"]: r["customer_id"] for r in identities.to_pylist()}
    assert whose == oracle(nodes, expected.roots)


def test_nothing_is_replayed_where_no_limit_is_touched(worlds, monkeypatch):
    """The shortcut is taken: with room for everything, components alone give the replay's answer."""
    nodes, links, _ = worlds
    limits = tuple(limit.model_copy(update={"at_most": 99}) for limit in TIGHT.limits)
    roomy = TIGHT.model_copy(update={"limits": limits})
    monkeypatch.setattr("spark_jobs.identify.rules.clustering.replay_links", None)
    rows, identifiers, none = tables(nodes, links, [])
    settled, roots = cluster_identifiers(rows, identifiers, none, roomy)
    assert all(settled["is_followed"].to_pylist())
    names = identifiers["identifier_id"].to_pylist()
    expected = replay_links(links, nodes, roomy).roots
    assert {name: names[root] for name, root in zip(names, roots, strict=True)} == expected


def test_a_link_to_nobody_is_refused(worlds):
    nodes, links, _ = worlds
    rows, identifiers, none = tables(nodes, links, [])
    gone = identifiers.filter(pc.not_equal(identifiers["identifier_id"], links[0].a))
    with pytest.raises(ValueError, match="core_identifiers does not hold"):
        cluster_identifiers(rows, gone, none, TIGHT)
