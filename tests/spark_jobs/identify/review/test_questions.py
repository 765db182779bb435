"""The queue of questions: what is asked, in which order, and that an answer ends it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from math import log2

import numpy as np
import pyarrow as pa
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from expectations.contracts.lake import (
    CORE_IDENTITIES,
    CORE_IDENTITY_DECISIONS,
    CORE_IDENTITY_LIKENESS,
    CORE_IDENTITY_LINKS,
)
from spark_jobs.identify.review.inputs import ReviewLimits, ReviewTables
from spark_jobs.identify.review.questions import ReviewQuestions, build_review_questions, hash_review_id
from spark_jobs.lake.arrow_types import build_arrow_schema

LIMITS = ReviewLimits(giant=50, review=0.8, link=0.95)

OPENING = datetime(2026, 1, 5, tzinfo=UTC)
KINDS = {"user": "user_id", "crm": "crm_id", "email": "email", "phone": "phone", "anon": "anonymous_id"}
RECORD = ("user", "crm", "email", "phone")


def person(name: str, kinds=RECORD) -> list[tuple]:
    """A person's record: every two of its identifiers are linked. An identifier is `<kind>:<name>`."""
    return [
        (*sorted((f"{a}:{name}", f"{b}:{name}")), "same_person_record", 1.0, None)
        for a, b in combinations(kinds, 2)
    ]


def link(a: str, b: str, rule: str = "same_event", weight: float = 1.0, held_by: str | None = None) -> tuple:
    return (*sorted((a, b)), rule, weight, held_by)


def ask(
    links, likeness=(), decisions=(), limits: ReviewLimits | None = None, order=None, more=()
) -> ReviewQuestions:
    """Questions of small worlds; customers are the components of the followed links, records are
    `crm:<record_id>`.
    """
    names = sorted({end for row in links for end in row[:2]} | set(more))
    if order is not None:
        links, names = list(order.permutation(np.array(links, dtype=object))), list(order.permutation(names))
    number = {name: i for i, name in enumerate(names)}
    followed = [(number[a], number[b]) for a, b, _, _, held in links if held is None]
    i, j = np.array(followed, dtype=int).reshape(-1, 2).T
    n = len(names)
    label = connected_components(coo_matrix((np.ones(len(i)), (i, j)), shape=(n, n)), directed=False)[1]
    customer = [min(name for name in names if label[number[name]] == label[number[each]]) for each in names]
    sources = [None if name.startswith(("email", "phone")) else "shop" for name in names]
    stored = [
        {
            "identifier_id_a": a,
            "identifier_id_b": b,
            "rule": rule,
            "weight": weight,
            "is_followed": held is None,
            "held_by": held,
            "first_seen_at": OPENING + timedelta(minutes=len(b)),
            "evidence": "row",
        }
        for a, b, rule, weight, held in links
    ]
    alike = [
        {
            "source_a": "shop",
            "record_id_a": a,
            "source_b": "shop",
            "record_id_b": b,
            "probability": p,
            "match_weight": 9.0,
            "agreements": [("postcode", "same +8.1")],
            "is_one_person": p > 0.9,
        }
        for a, b, p in likeness
    ]
    decided = [
        {
            "decision_id": str(row),
            "decided_at": OPENING,
            "decision": word,
            "identifier_id_a": a,
            "identifier_id_b": b,
            "is_in_force": in_force,
        }
        for row, (word, a, b, in_force) in enumerate(decisions)
    ]
    cards = [name for name in names if name.startswith("crm")]
    tables = ReviewTables(
        pa.table(
            {
                "identifier_id": names,
                "kind": [KINDS[name.split(":")[0]] for name in names],
                "source": pa.array(sources, pa.string()),
            }
        ),
        pa.Table.from_pylist(stored, schema=build_arrow_schema(CORE_IDENTITY_LINKS)),
        pa.table({"identifier_id": names, "customer_id": customer}).cast(build_arrow_schema(CORE_IDENTITIES)),
        pa.Table.from_pylist(alike, schema=build_arrow_schema(CORE_IDENTITY_LIKENESS)),
        pa.table(
            {
                "source": pa.array(["shop"] * len(cards), pa.string()),
                "record_id": pa.array([card.removeprefix("crm:") for card in cards], pa.string()),
                "identifier_id": pa.array(cards, pa.string()),
            }
        ),
        pa.Table.from_pylist(decided, schema=build_arrow_schema(CORE_IDENTITY_DECISIONS)),
    )
    return build_review_questions(tables, limits or LIMITS)


def pairs(questions: ReviewQuestions, kind: str) -> list[tuple[str, str]]:
    return [
        (r["identifier_id_a"], r["identifier_id_b"]) for r in questions.rows.to_pylist() if r["kind"] == kind
    ]


FALSE_LOGIN = [*person("1"), *person("2"), link("user:1", "anon:1"), link("email:2", "anon:1")]
SECOND_CARD = [*person("3"), *person("4", ("crm", "phone")), link("crm:3", "crm:4", "alike", 0.99)]


def test_a_false_link_between_two_dense_people_is_asked_first():
    """By hand: 4 against 5 identifiers; spare links 3 and 3; across 2·4·5 / (9·8); own user ids 10.5 bits; a
    link 8 bits.
    """
    found = ask(
        [*SECOND_CARD, *FALSE_LOGIN, *person("5", ("crm", "email")), link("crm:5", "crm:3", "alike", 0.96)]
    )
    first, second = found.rows.to_pylist()
    # of equals the one seen first
    assert (first["identifier_id_a"], first["identifier_id_b"]) == (
        "anon:1",
        "user:1",
    )
    assert first["score"] == pytest.approx(2 * 3 * -log2(1 - 40 / 72) + 10.5 - 8)
    assert first["n_identifiers"] == 9 and first["kind"] == "bridge" and not first["is_held_back"]
    assert (
        first["because"]
        == "one link (same_event 1) holds together 1 browser, 1 CRM id, 1 e-mail, 1 phone, 1 user id (7"
        " links) and 1 CRM id, 1 e-mail, 1 phone, 1 user id (6 links); each side has its own CRM id,"
        " e-mail, phone, user id"
    )
    assert (second["identifier_id_a"], second["identifier_id_b"]) == ("crm:3", "crm:5")
    # a pair has nothing to spare; each side its own e-mail
    assert second["score"] == pytest.approx(4.9 - log2(0.96 / 0.04))
    assert found.n_found == {"giant": 0, "bridge": 3, "likeness": 0}


@pytest.mark.parametrize(
    "links",
    [
        pytest.param(person("1", ("anon", *RECORD)), id="one dense person"),
        pytest.param(
            [*person("1"), *[link("user:1", f"anon:{n}") for n in range(20)]],
            id="a person and twenty browsers",
        ),
        pytest.param(SECOND_CARD, id="a second card, surely alike"),
        pytest.param([*person("1"), *person("2")], id="two people apart"),
        pytest.param(
            [*person("1"), *person("2"), link("user:1", "email:2", held_by="shared/email")],
            id="a link that is held",
        ),
        pytest.param(
            [*person("1"), *person("2"), link("user:1", "email:2"), link("crm:1", "crm:2", "alike", 0.99)],
            id="two ways across",
        ),
    ],
)
def test_nothing_to_ask(links):
    assert ask(links).n_found == {"giant": 0, "bridge": 0, "likeness": 0}


def test_a_weaker_link_is_asked_before_a_stronger_one():
    worlds = [
        row
        for n, p in enumerate((0.97, 0.90, 0.95))
        for row in (*person(f"{n}a"), *person(f"{n}b"), link(f"crm:{n}a", f"crm:{n}b", "alike", p))
    ]
    assert pairs(ask(worlds), "bridge") == [("crm:1a", "crm:1b"), ("crm:2a", "crm:2b"), ("crm:0a", "crm:0b")]
    capped = ask(worlds, limits=replace(LIMITS, most=1))
    assert pairs(capped, "bridge") == [("crm:1a", "crm:1b")] and capped.n_found["bridge"] == 3


def test_a_pair_seen_twice_is_surer_than_a_pair_seen_once():
    once = [*person("a"), *person("b"), link("user:a", "email:b")]
    found = [
        ask(links).rows.to_pylist()[0]["score"]
        for links in (once, [*once, link("user:a", "email:b", "same_order")])
    ]
    assert found[0] - found[1] == pytest.approx(8)


GIANT = [*person("1"), *[link("user:1", f"anon:{n}") for n in range(6)]]


def test_giants_are_held_back_whatever_the_cap_and_their_link_is_the_earliest():
    found = ask([*GIANT, *person("2")], limits=replace(LIMITS, giant=9, most=0))
    (row,) = found.rows.to_pylist()
    assert row["kind"] == "giant" and row["is_held_back"] and row["score"] == row["n_identifiers"] == 10
    assert (
        row["because"] == "10 identifiers, more than 9: 6 browsers, 1 CRM id, 1 e-mail, 1 phone, 1 user id; "
        "served again when join says it is one customer, or split or refuse leave no more than that"
    )
    assert ask(GIANT, limits=replace(LIMITS, giant=10)).rows.num_rows == 0
    grown = ask([*GIANT, link("user:1", "anon:00")], limits=replace(LIMITS, giant=9))
    assert grown.rows["review_id"].to_pylist() == [row["review_id"]], (
        "a new browser must not ask the old question anew"
    )


@pytest.mark.parametrize("world", [GIANT, [*GIANT, *person("2"), link("email:2", "anon:1")]])
def test_a_join_releases_a_giant_and_a_refusal_asks_about_its_next_link(world):
    """As the next night sees it: a join is a link of its own, a link that is refused is held."""
    limits = replace(LIMITS, giant=9)
    (asked,) = pairs(ask(world, limits=limits), "giant")
    joined = ask([*world, link(*asked, "decision")], decisions=[("join", *asked, True)], limits=limits)
    assert pairs(joined, "giant") == []
    refused = [(*row[:4], "decision/refuse") if row[:2] == asked else row for row in world]
    again = pairs(
        ask(refused, decisions=[("refuse", *asked, True)], limits=replace(LIMITS, giant=3)), "giant"
    )
    assert again and asked not in again, "what is left is still too large"


def test_a_pair_that_only_a_decision_joins_is_as_sure_as_one_that_was_seen():
    world = [*person("a"), *person("b")]
    found = [
        ask([*world, link("user:a", "email:b", rule)]).rows.to_pylist()[0]["score"]
        for rule in ("decision", "same_event")
    ]
    assert found[0] == found[1]


def test_a_giants_pair_is_its_worst_bridge_and_its_others_wait():
    world = [*GIANT, *person("2"), link("email:2", "anon:1")]
    found = ask(world, limits=replace(LIMITS, giant=9))
    assert pairs(found, "giant") == [("anon:1", "user:1")] and pairs(found, "bridge") == []
    assert found.n_found == {"giant": 1, "bridge": 2, "likeness": 0}
    answered = ask(world, decisions=[("join", "anon:1", "user:1", True)])
    assert pairs(answered, "bridge") == [("anon:1", "email:2")]


@pytest.mark.parametrize("word", ["split", "refuse", "join"])
@pytest.mark.parametrize("ends", [("anon:1", "user:1"), ("user:1", "anon:1")])
def test_an_answer_in_force_ends_the_question(word, ends):
    before = ask(FALSE_LOGIN)
    assert pairs(ask(FALSE_LOGIN, decisions=[(word, *ends, True)]), "bridge") == [("anon:1", "email:2")]
    for decisions in ([(word, *ends, False)], [("withdraw", *ends, True)]):
        assert ask(FALSE_LOGIN, decisions=decisions).rows.equals(before.rows)
    giant = ask(GIANT, limits=replace(LIMITS, giant=9)).rows.to_pylist()[0]
    assert (
        ask(
            GIANT,
            decisions=[(word, giant["identifier_id_a"], giant["identifier_id_b"], True)],
            limits=replace(LIMITS, giant=9),
        ).rows.num_rows
        == 0
    )


def test_the_order_of_rows_changes_nothing():
    worlds = [
        *FALSE_LOGIN,
        *SECOND_CARD,
        *GIANT,
        *person("8"),
        *person("9"),
        link("crm:8", "crm:9", "alike", 0.9),
    ]
    likeness = [("1", "4", 0.9), ("2", "4", 0.9), ("8", "4", 0.9)]
    expected = ask(worlds, likeness, limits=replace(LIMITS, giant=9))
    assert expected.rows["kind"].to_pylist() == ["giant", "bridge", "likeness", "likeness"]
    for seed in range(5):
        found = ask(worlds, likeness, limits=replace(LIMITS, giant=9), order=np.random.default_rng(seed))
        assert found.rows.equals(expected.rows)


def test_review_ids_are_fixed_for_ever():
    """SHA-256 of `bridge|i_1|i_2`, worked out with sha256sum."""
    assert hash_review_id("bridge", "i_1", "i_2") == "r_39f809538ac2a67ebff7e152"
