"""The judge of identity on a shop small enough to work out by hand.

Ann has a login, two browsers and an e-mail; Bob a login and a browser. One of Ann's browsers nobody ever
logged in on. A kiosk was used by both, and both sent the browser id `null`; Bob's browser was seen with
`null` alone.
"""

import numpy as np
import pyarrow as pa
import pytest

from benchmarks import identity

IDS = ["ann", "ann-phone", "ann-mail", "ann-tablet", "bob", "bob-laptop", "kiosk", "null"]
PERSONS = {
    "ann": ("user_id", {"Ann"}),
    "ann-phone": ("anonymous_id", {"Ann"}),
    "ann-mail": ("email", {"Ann"}),
    "ann-tablet": ("anonymous_id", {"Ann"}),
    "bob": ("user_id", {"Bob"}),
    "bob-laptop": ("anonymous_id", {"Bob"}),
    "kiosk": ("anonymous_id", {"Ann", "Bob"}),
}
LINKS = {
    ("ann", "ann-phone"): None,
    ("ann", "ann-mail"): None,
    ("ann", "kiosk"): "shared/browser",
    ("bob", "kiosk"): "shared/browser",
    ("ann", "null"): "blocked/null",
    ("bob", "null"): "blocked/null",
    ("bob-laptop", "null"): "blocked/null",
}
PROTECTED = np.array([0, 0, 0, 1, 2, 3, 4, 5])


@pytest.fixture
def identifiers() -> pa.Array:
    return pa.array(IDS)


@pytest.fixture
def links() -> pa.Table:
    a, b = zip(*LINKS, strict=True)
    return pa.table(
        {"identifier_id_a": a, "identifier_id_b": b, "held_by": pa.array(LINKS.values(), pa.string())}
    )


@pytest.fixture
def known(identifiers, links) -> identity.IdentifierTruth:
    return identity.read_identifier_truth(identifiers, links, pa.table({}), PERSONS, {"null"})


def test_who_is_within_reach(known, identifiers, links):
    """The tablet was seen with nobody and the laptop only with a placeholder; Bob's login with a kiosk, which
    is evidence.
    """
    reached = dict(zip(IDS, known.in_reach.tolist(), strict=True))
    assert [name for name in IDS if not reached[name]] == ["ann-tablet", "bob-laptop"]
    cards = pa.table({"crm_identifier_id": pa.array(["ann-tablet", None, "unheard of"])})
    with_card = identity.read_identifier_truth(identifiers, links, cards, PERSONS, {"null"})
    assert with_card.in_reach[IDS.index("ann-tablet")], "a card that stands alone can be found alike"


def test_protected_and_unprotected_side_by_side(known, identifiers, links):
    """True pairs: 6 of Ann's four, 1 of Bob's two; within reach 3 and 0."""
    assert identity.measure_customers(PROTECTED, known) == {
        "precision": 1.0,
        "recall": pytest.approx(3 / 7),
        "recall within reach": 1.0,
        "largest customer": 3,
        "customers": 5,
    }
    everything = identity.cluster_by_all_links(identifiers, links)
    assert sorted(np.bincount(everything)) == [1, 7]
    # Five of one person each hang together: 10 pairs are said, and 3 of Ann's and Bob's 1 are right.
    assert identity.measure_customers(everything, known) == {
        "precision": pytest.approx(4 / 10),
        "recall": pytest.approx(4 / 7),
        "recall within reach": 1.0,
        "largest customer": 7,
        "customers": 2,
    }


def test_a_placeholder_that_one_person_used_is_in_no_pair(identifiers, links):
    persons = PERSONS | {"null": ("anonymous_id", {"Bob"})}
    known = identity.read_identifier_truth(identifiers, links, pa.table({}), persons, {"null"})
    assert known.person[IDS.index("null")] == -1
    as_a_browser = identity.read_identifier_truth(identifiers, links, pa.table({}), persons, set())
    assert identity.measure_customers(PROTECTED, as_a_browser)["recall"] == pytest.approx(3 / 9), (
        "the control: it would be two pairs more"
    )


def test_a_link_to_an_unknown_identifier_is_no_link_to_the_last_one(identifiers, links):
    with pytest.raises(ValueError, match="cut off"):
        identity.cluster_by_all_links(identifiers.slice(1), links)


def test_what_is_missed_by_kinds(known):
    """Unlinked: the tablet from Ann's login, phone and mail; the laptop from Bob's login. None
    within reach.
    """
    assert identity.list_missed_pairs(PROTECTED, known) == [
        ("user_id", "anonymous_id", 2, 0, 3),
        ("anonymous_id", "anonymous_id", 1, 0, 1),
        ("anonymous_id", "email", 1, 0, 2),
    ]
    apart = np.arange(len(IDS))
    assert identity.list_missed_pairs(apart, known)[0] == (
        "user_id",
        "anonymous_id",
        3,
        1,
        3,
    ), "Ann's phone is within reach"
    assert sum(row[3] for row in identity.list_missed_pairs(apart, known)) == 3


def test_followed_and_held_before_and_since_held_by(links):
    assert identity.count_held_links(links) == {"followed": 2, "shared/browser": 2, "blocked/null": 3}
    before = links.drop(["held_by"]).append_column("weight", pa.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0]))
    assert identity.count_held_links(before) == {"followed": 2, "held": 5}
