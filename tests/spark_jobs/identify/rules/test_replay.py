"""Limits, priorities and decisions: the pure function, its documented example, and that order of arrival is
nothing to it.
"""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.identity_rules import IdentifierLimit, load_identity_rules
from spark_jobs.identify.rules.replay import (
    SPLIT,
    IdentifierNode,
    Link,
    ReplayResult,
    exceeds_limit,
    replay_links,
)

START = datetime(2026, 1, 5, tzinfo=UTC)
RULES = load_identity_rules()


def limit_of(kind: str, at_most: int, within_days: int | None = None, priority: int = 1) -> IdentifierLimit:
    return IdentifierLimit(
        kind=kind, priority=priority, at_most=at_most, within_days=within_days, reason="example"
    )


SEGMENT = RULES.model_copy(
    update={
        "limits": (
            limit_of("user_id", 1, priority=1),
            limit_of("email", 5, priority=2),
            limit_of("anonymous_id", 5, priority=3),
            limit_of("phone", 5, priority=4),
            limit_of("crm_id", 5, priority=5),
        )
    }
)


def nodes(*names: str, at: datetime = START) -> dict[str, IdentifierNode]:
    """`user_id:abc` → a node of that kind; local kinds are of source `a`."""
    return {
        n: IdentifierNode(n.split(":")[0], None if n.split(":")[0] in ("email", "phone") else "a", at)
        for n in names
    }


def link(a: str, b: str, minute: int = 0, rule: str = "same_event", weight: float = 1.0) -> Link:
    a, b = sorted((a, b))
    return Link(a, b, rule, f"core_events/e{minute}", weight, START + timedelta(minutes=minute))


def groups(found: ReplayResult) -> set[frozenset]:
    members: dict[str, set] = {}
    for name, root in found.roots.items():
        members.setdefault(root, set()).add(name)
    return {frozenset(each) for each in members.values()}


def test_segments_documented_demotion():
    """Profile with user abc123 and jane's e-mail; an event of user abc456 with the same e-mail (limits 1 / 5
    / 5).

    Segment's documentation ("Identity Resolution Onboarding", Priority): the e-mail is demoted, user abc456
    gets a profile of its own, and the e-mail stays where it was.
    """
    known = nodes("user_id:abc123", "user_id:abc456", "email:jane@example1.com")
    first, second = (
        link("user_id:abc123", "email:jane@example1.com", 1),
        link("user_id:abc456", "email:jane@example1.com", 2),
    )
    found = replay_links([second, first], known, SEGMENT)
    assert groups(found) == {
        frozenset({"user_id:abc123", "email:jane@example1.com"}),
        frozenset({"user_id:abc456"}),
    }
    assert found.held == {second: "limits/user_id"}


def test_within_one_event_the_better_priority_is_followed():
    """An event of a new user, jane's e-mail and a new browser: the browser goes with the user, not with the
    e-mail.
    """
    known = nodes("user_id:abc123", "user_id:abc456", "email:jane", "anonymous_id:new")
    event = [
        link("email:jane", "anonymous_id:new", 2),
        link("user_id:abc456", "anonymous_id:new", 2),
        link("user_id:abc456", "email:jane", 2),
    ]
    found = replay_links([link("user_id:abc123", "email:jane", 1), *event], known, SEGMENT)
    assert groups(found) == {
        frozenset({"user_id:abc123", "email:jane"}),
        frozenset({"user_id:abc456", "anonymous_id:new"}),
    }


@pytest.mark.parametrize(
    ("days", "window", "most", "beyond"),
    [
        ([0, 1, 2], None, 3, False),
        ([0, 1, 2, 30], None, 3, True),
        ([0, 1, 2, 30], 7, 3, False),
        ([0, 20, 21, 22, 27], 7, 3, True),
        ([0, 7, 14, 21], 7, 1, True),  # a week apart to the second is within a week
        ([0, 8, 16, 24], 7, 1, False),
        ([], 7, 1, False),
    ],
)
def test_a_limit_over_a_window(days, window, most, beyond):
    times = [START + timedelta(days=day) for day in days]
    limit = limit_of("anonymous_id", most, window)
    assert (
        exceeds_limit(times[::2], times[1::2], limit)
        is exceeds_limit(times[1::2], times[::2], limit)
        is beyond
    )


@given(
    st.lists(st.integers(0, 40), max_size=12),
    st.lists(st.integers(0, 40), max_size=12),
    st.integers(1, 5),
    st.integers(1, 9),
)
def test_a_window_is_any_window(one, other, most, days):
    """Against counting in every window there is, for groups that keep the limit each on its own."""
    times = [sorted(START + timedelta(days=day) for day in each) for each in (one, other)]

    def most_in_a_window(all_times):
        return max(
            (sum(first <= at <= first + timedelta(days=days) for at in all_times) for first in all_times),
            default=0,
        )

    if max(map(most_in_a_window, times)) <= most:
        limit = limit_of("anonymous_id", most, days)
        assert exceeds_limit(*times, limit) is (most_in_a_window(times[0] + times[1]) > most)


def test_the_sixth_e_mail_is_held_and_the_first_five_are_not():
    names = ["user_id:u", *(f"email:{n}" for n in range(6))]
    found = replay_links(
        [link("user_id:u", f"email:{n}", n) for n in (5, 3, 1, 0, 2, 4)], nodes(*names), RULES
    )
    assert {each.b if each.a.startswith("email") is False else each.a for each in found.held} == {"email:5"}


def test_likeness_comes_after_all_that_was_seen_likeliest_first():
    """Two cards like a third; each of them is another user's. The likelier joins, however early the other was
    known.
    """
    known = nodes("crm_id:1", "crm_id:2", "crm_id:3", "user_id:1", "user_id:2")
    seen = [link("crm_id:1", "user_id:1", 50), link("crm_id:2", "user_id:2", 60)]
    weak, strong = (
        link("crm_id:1", "crm_id:3", 1, "alike", 0.7),
        link("crm_id:2", "crm_id:3", 2, "alike", 0.9),
    )
    found = replay_links([weak, strong, *seen], known, RULES)
    assert groups(found) == {
        frozenset({"crm_id:1", "user_id:1"}),
        frozenset({"crm_id:2", "crm_id:3", "user_id:2"}),
    }
    assert found.held == {weak: "limits/user_id"}


def test_decisions():
    known = nodes("user_id:1", "user_id:2", "crm_id:1", "email:e")
    seen = [link("user_id:1", "email:e", 1), link("email:e", "crm_id:1", 2)]
    parted = replay_links(seen, known, RULES, [("user_id:1", "crm_id:1")])
    assert groups(parted) == {
        frozenset({"user_id:1", "email:e"}),
        frozenset({"crm_id:1"}),
        frozenset({"user_id:2"}),
    }
    assert parted.held == {seen[1]: SPLIT}, "the later link gives way"
    other_way = replay_links(seen, known, RULES, [("crm_id:1", "user_id:1")])
    assert other_way == parted, "a split has no direction"
    joined = replay_links([*seen, link("user_id:1", "user_id:2", 9, "decision")], known, RULES)
    assert len(groups(joined)) == 1, "somebody said that the two accounts are one person"
    both = replay_links(
        [*seen, link("user_id:1", "user_id:2", 9, "decision")], known, RULES, [("user_id:1", "user_id:2")]
    )
    assert frozenset({"user_id:2"}) in groups(both), "a split is stronger than a join"


KINDS = ("user_id", "email", "anonymous_id", "crm_id")
NAMES = [f"{kind}:{n}" for kind in KINDS for n in range(4)]
TIGHT = RULES.model_copy(
    update={
        "limits": tuple(
            limit.model_copy(update={"at_most": 1 + k % 3}) for k, limit in enumerate(RULES.limits)
        )
    }
)
LINKS = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(NAMES),
        st.integers(0, 9),
        st.sampled_from(["same_event", "alike"]),
    ),
    max_size=25,
)
PAIRS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] != pair[1]),
    max_size=3,
)


def a_world(rows) -> list[Link]:
    return [link(a, b, m, rule, 0.5 + m / 20 if rule == "alike" else 1.0) for a, b, m, rule in rows if a != b]


@given(LINKS, PAIRS, st.randoms(use_true_random=False))
def test_no_group_is_beyond_a_limit_and_no_split_pair_is_one(rows, splits, rng):
    """What is promised of any graph; and that shuffling links and splits changes nothing."""
    links, known = a_world(rows), nodes(*NAMES)
    found = replay_links(links, known, TIGHT, splits)
    for group in groups(found):
        for kind in KINDS:
            assert sum(name.startswith(f"{kind}:") for name in group) <= TIGHT.limit_of(kind).at_most
        assert not any(set(pair) <= group for pair in splits)
    followed = [each for each in links if each not in found.held]
    assert all(found.roots[each.a] == found.roots[each.b] for each in followed)
    rng.shuffle(links)
    assert replay_links(links, known, TIGHT, [pair[::-1] for pair in reversed(splits)]) == found


@given(LINKS)
def test_a_held_link_would_have_broken_its_limit(rows):
    """Nothing is held for nothing: the two groups of a held link, as they end, are beyond its
    limit together.
    """
    found = replay_links(a_world(rows), nodes(*NAMES), TIGHT)
    for each, why in found.held.items():
        kind = why.removeprefix("limits/")
        both = {
            name for name, root in found.roots.items() if root in (found.roots[each.a], found.roots[each.b])
        }
        assert sum(name.startswith(f"{kind}:") for name in both) > TIGHT.limit_of(kind).at_most


def test_a_thousand_orders_of_arrival():
    """One world of merges, limits and splits, its links in 1,000 orders: always the same customers under the
    same roots.
    """
    rng = random.Random(5)
    rows = [
        (rng.choice(NAMES), rng.choice(NAMES), rng.randrange(10), rng.choice(["same_event", "alike"]))
        for _ in range(60)
    ]
    links, splits = a_world(rows), [("email:0", "crm_id:1"), ("anonymous_id:2", "crm_id:3")]
    expected = replay_links(links, nodes(*NAMES), TIGHT, splits)
    assert {why.split("/")[0] for why in expected.held.values()} == {"limits", "decision"}
    assert 3 < len(groups(expected)) < len(NAMES)
    for _ in range(1000):
        rng.shuffle(links)
        rng.shuffle(splits)
        assert replay_links(links, nodes(*NAMES), TIGHT, splits) == expected
