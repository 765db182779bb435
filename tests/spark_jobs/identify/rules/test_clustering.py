"""On Spark: components with a replay where it is needed equal the replay of everything, ids too, in any order
of rows.
"""

import random

import pytest
from pyspark.sql import functions as F

from expectations.contracts.identifiers import derive_customer_id
from spark_jobs.identify.graph.customers import assign_customers
from spark_jobs.identify.rules.clustering import cluster_identifiers
from spark_jobs.identify.rules.replay import IdentifierNode, Link, replay_links
from tests.spark_jobs.identify.rules.test_replay import START, TIGHT, link

KINDS = ("user_id", "email", "anonymous_id", "crm_id")
LINK = (
    "identifier_id_a string, identifier_id_b string, rule string, evidence string, weight double,"
    " first_seen_at timestamp, held_by string"
)
IDENTIFIER = (
    "identifier_id string, kind string, source string, value_normalised string, first_seen_at timestamp"
)
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


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_settle_is_the_replay_of_everything(spark, worlds, seed):
    nodes, links, splits = worlds
    expected = replay_links(links, nodes, TIGHT, splits)
    whys = set(expected.held.values())
    assert {"decision/split", "limits/user_id", "limits/email"} <= whys, "the worlds are too quiet"
    rng = random.Random(seed)
    rows = [
        (x.a, x.b, x.rule, x.evidence, x.weight, x.first_seen_at, None) for x in rng.sample(links, len(links))
    ]
    people = [
        (name, n.kind, n.source, name, n.first_seen_at)
        for name, n in rng.sample(sorted(nodes.items()), len(nodes))
    ]
    identifiers = spark.createDataFrame(people, IDENTIFIER)
    no_splits = "identifier_id_a string, identifier_id_b string"
    settled, roots = cluster_identifiers(
        spark.createDataFrame(rows, LINK), identifiers, spark.createDataFrame(splits, no_splits), TIGHT
    )
    found = {(r["identifier_id_a"], r["identifier_id_b"], r["rule"]): r for r in settled.collect()}
    assert len(found) == len(links)
    assert {key: row["held_by"] for key, row in found.items()} == {
        (x.a, x.b, x.rule): expected.held.get(x) for x in links
    }
    assert all(row["is_followed"] == (row["held_by"] is None) for row in found.values())
    nobody = spark.createDataFrame([], "identifier_id string")
    whose = {
        r["identifier_id"]: r["customer_id"] for r in assign_customers(identifiers, roots, nobody).collect()
    }
    assert whose == oracle(nodes, expected.roots)


def test_nothing_is_replayed_where_no_limit_is_touched(spark, worlds, monkeypatch):
    """The shortcut is taken: with room for everything, components alone give the replay's answer."""
    nodes, links, _ = worlds
    limits = tuple(limit.model_copy(update={"at_most": 99}) for limit in TIGHT.limits)
    roomy = TIGHT.model_copy(update={"limits": limits})
    monkeypatch.setattr("spark_jobs.identify.rules.clustering.replay_components", None)
    rows = [(x.a, x.b, x.rule, x.evidence, x.weight, x.first_seen_at, None) for x in links]
    people = [(name, n.kind, n.source, name, n.first_seen_at) for name, n in nodes.items()]
    none = spark.createDataFrame([], "identifier_id_a string, identifier_id_b string")
    identifiers = spark.createDataFrame(people, IDENTIFIER)
    settled, roots = cluster_identifiers(spark.createDataFrame(rows, LINK), identifiers, none, roomy)
    assert settled.where(~F.col("is_followed")).isEmpty()
    expected = replay_links(links, nodes, roomy).roots
    reached = {r["node"]: r["root"] for r in roots.collect()}
    assert all(reached.get(name, name) == root for name, root in expected.items())
