"""The best path against every path there is, on graphs small enough to list them all."""

import random
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.snapshot import IdentifierLinks, Link
from serving_app.identity.explanation import (
    MAX_HELD,
    GraphTooLarge,
    explain_identity,
    find_best_path,
    limit_graph_reads,
    list_identifiers_of_customer,
)

DAY = datetime(2026, 2, 1, tzinfo=UTC)
NODES = "abcdef"


def graph_of(links):
    """Both ends of each `(a, b, rule, weight, day, held_by)`."""
    known = {name: [] for name in NODES}
    for a, b, rule, weight, day, held_by in links:
        for one, other in ((a, b), (b, a)):
            link = Link(other, rule, f"core_events/{a}{b}{rule}", weight, DAY + timedelta(days=day), held_by)
            known[one].append(link)
    whose = {name: name for name in NODES}
    for a, b, *_, held_by in links:
        if held_by is None:
            whose = {name: whose[a] if customer == whose[b] else customer for name, customer in whose.items()}
    return {
        name: IdentifierLinks("user_id", f"c_{whose[name]}", tuple(ends)) for name, ends in known.items()
    }.get


links = st.lists(
    st.tuples(
        st.sampled_from(list(combinations(NODES, 2))),
        st.sampled_from(["same_event", "same_order"]),
        st.sampled_from([0.5, 0.75, 1.0]),
        st.integers(0, 3),
        st.sampled_from([None, None, "shared/browser"]),
    ).map(lambda row: (*row[0], *row[1:])),
    max_size=14,
    unique_by=lambda row: row[:3],
)


def simple_paths(rows, here, end, before=()):
    """Every way from one to the other that meets no identifier twice, as links with the way they
    are walked.
    """
    if here == end:
        yield ()
        return
    for row in rows:
        for one, other in (row[:2], row[1::-1]):
            if one == here and other not in before and other != here:
                for rest in simple_paths(rows, other, end, (*before, here)):
                    yield ((one, other, *row[2:]), *rest)


def merit(path):
    """What a path is judged by: its weakest link, its length, its identifiers; then, link by link, weight,
    age and rule.
    """
    return (
        -min(row[3] for row in path),
        len(path),
        [row[1] for row in path],
        [(-row[3], row[4], row[2]) for row in path],
    )


def check_path(rows, a, b, until):
    """The path told is the best of all that there are, and there is none where none is told."""
    seen = [row for row in rows if until is None or row[4] <= until]
    ways = list(simple_paths([row for row in seen if row[5] is None], a, b))
    explanation = explain_identity(
        graph_of(rows), a, b, None if until is None else DAY + timedelta(days=until)
    )
    assert explanation.is_one_customer == bool(ways)
    walked = [
        (one, link.other, link.rule, link.weight, (link.first_seen_at - DAY).days, link.held_by)
        for one, link in explanation.path
    ]
    assert walked == (list(min(ways, key=merit)) if ways else []), (rows, a, b, until)
    return len(ways)


@given(links, st.sampled_from(list(combinations(NODES, 2))), st.sampled_from([None, 0, 1, 2]), st.booleans())
def test_the_path_is_the_best_of_all_paths(rows, ends, until, is_turned):
    a, b = reversed(ends) if is_turned else ends
    check_path(rows, a, b, until)


def test_the_path_is_the_best_of_many():
    """Hypothesis likes few links; here there are many, so that ways of equal merit compete."""
    chance, n_ways = random.Random(7), []
    for _ in range(600):
        keys = chance.sample(
            [(*ends, rule) for ends in combinations(NODES, 2) for rule in ("same_event", "same_order")], 13
        )
        rows = [
            (*key, chance.choice((0.5, 1.0, 1.0)), chance.randrange(3), chance.choice((None,) * 5 + ("x/y",)))
            for key in keys
        ]
        n_ways.append(check_path(rows, *chance.sample(NODES, 2), chance.choice((None, 1))))
    assert sum(n > 5 for n in n_ways) > 300


@given(links, st.sampled_from(list(combinations(NODES, 2))))
def test_what_keeps_two_customers_apart(rows, ends):
    a, b = ends
    graph = graph_of(rows)
    explanation = explain_identity(graph, a, b)
    if explanation.is_one_customer:
        assert explanation.held == ()
        return
    mine, theirs = (
        {n for n in NODES if n == end or any(simple_paths([r for r in rows if r[5] is None], end, n))}
        for end in ends
    )
    assert (list_identifiers_of_customer(graph, a, None), list_identifiers_of_customer(graph, b, None)) == (
        mine,
        theirs,
    )
    held = {(one, other, row[2]) for row in rows if row[5] for one, other in (row[:2], row[1::-1])}
    direct = {hop for hop in held if hop[0] in mine and hop[1] in theirs}
    met = {
        n
        for n in NODES
        if any(h[0] in mine and h[1] == n for h in held) and any(h[0] in theirs and h[1] == n for h in held)
    }
    via = {hop for hop in held if hop[0] in mine | theirs and hop[1] in met - mine - theirs}
    whose = {name: graph(name).customer_id for name in NODES}
    beside = [
        {whose[hop[1]] for hop in held if hop[0] in side} - {whose[a], whose[b]} for side in (mine, theirs)
    ]
    third = {hop for hop in held if hop[0] in mine | theirs and whose[hop[1]] in beside[0] & beside[1]}
    assert {(one, link.other, link.rule) for one, link in explanation.held} == (direct or via or third)
    assert explanation.is_direct == bool(direct)
    assert all(not link.is_followed for _, link in explanation.held)


@given(links)
def test_the_order_in_which_links_are_kept_is_no_matter(rows):
    for a, b in combinations(NODES, 2):
        assert explain_identity(graph_of(rows), a, b) == explain_identity(graph_of(rows[::-1]), a, b)


def test_itself_needs_no_link():
    explanation = explain_identity(graph_of([]), "a", "a")
    assert (explanation.is_one_customer, explanation.path, explanation.held) == (True, (), ())


def test_a_chain_of_ten_thousand():
    n = 10_000
    chain = {}
    for at in range(n + 1):
        near = [
            Link(f"n{to}", "same_event", "core_events/e", 1.0, DAY, None)
            for to in (at - 1, at + 1)
            if 0 <= to <= n
        ]
        chain[f"n{at}"] = IdentifierLinks("user_id", "c", tuple(near))
    assert [link.other for _, link in find_best_path(chain.get, "n0", f"n{n}", None)] == [
        f"n{at}" for at in range(1, n + 1)
    ]


def test_two_that_share_a_placeholder_with_a_crowd_hear_of_some_of_it():
    rows = [(a, b, f"rule{n}", 1.0, 0, "shared/browser") for n in range(30) for a, b in (("a", "b"),)]
    assert len(explain_identity(graph_of(rows), "a", "b").held) == MAX_HELD


def test_two_that_were_each_seen_with_another_identifier_of_one_third():
    """A family's tablet and its phone are one customer: either was seen with one of the two."""
    rows = [
        ("a", "c", "same_event", 1.0, 0, "shared/browser"),
        ("b", "d", "same_order", 1.0, 0, "shared/phone"),
    ]
    third = [("c", "d", "same_event", 1.0, 0, None)]
    explanation = explain_identity(graph_of(rows + third), "a", "b")
    assert ([(one, link.other) for one, link in explanation.held], explanation.is_direct) == (
        [("a", "c"), ("b", "d")],
        False,
    )
    assert explain_identity(graph_of(rows), "a", "b").held == (), "c and d are two"
    assert explain_identity(graph_of(rows + third), "a", "b", DAY).held == (), (
        "whose they were on a day is not known"
    )


def test_a_link_that_a_hub_does_not_keep_is_told_from_its_other_end():
    link = Link("hub", "same_event", "core_events/e", 1.0, DAY, "blocked/words_for_nothing")
    graph = {"hub": IdentifierLinks("user_id", None, (), 1), "a": IdentifierLinks("email", "c", (link,))}.get
    assert explain_identity(graph, "hub", "a").held == (("hub", link._replace(other="a")),)
    assert explain_identity(graph, "a", "hub").held == (("a", link),)


def test_a_value_of_nobody_is_not_one_customer_with_itself():
    assert not explain_identity(
        {"null": IdentifierLinks("user_id", None, ())}.get, "null", "null"
    ).is_one_customer


class Crowd:
    """A customer of endless identifiers: number n was seen with n ± 1 and 2 n. Counts how often
    it is asked.
    """

    def __init__(self):
        self.n_asked = 0

    def __call__(self, name):
        self.n_asked += 1
        n = int(name)
        near = {n - 1, n + 1, 2 * n} | ({n // 2} if n % 2 == 0 else set())
        links = (
            Link(str(to), "same_event", "core_events/e", 1.0, DAY, None)
            for to in sorted(near - {n, 0})
            if to > 0
        )
        return IdentifierLinks("user_id", "c", tuple(links))


def test_near_ones_in_a_crowd_are_told_without_the_crowd():
    crowd = Crowd()
    assert [link.other for _, link in explain_identity(limit_graph_reads(crowd), "20", "42").path] == [
        "21",
        "42",
    ]
    assert crowd.n_asked < 100


def test_what_is_read_for_an_answer_is_bounded():
    crowd = Crowd()
    with pytest.raises(GraphTooLarge):
        explain_identity(limit_graph_reads(crowd, 5_000), "1", "no such number")
    assert 1_000 < crowd.n_asked <= 5_000


def test_each_identifier_is_read_once_and_a_neighbour_that_is_not_followed_never():
    read_names = []
    rows = [
        ("a", "b", "same_event", 1.0, 0, None),
        ("b", "c", "same_event", 0.5, 0, None),
        ("c", "a", "alike", 0.75, 0, None),
    ]
    graph = graph_of(
        [
            *rows,
            ("c", "d", "same_event", 1.0, 0, "shared/browser"),
            ("e", "d", "same_event", 1.0, 0, "shared/browser"),
        ]
    )

    def counting(name):
        read_names.append(name)
        return graph(name)

    assert len(explain_identity(limit_graph_reads(counting), "a", "e").held) == 2
    assert sorted(read_names) == ["a", "b", "c", "e"]
