"""What a catalogue's attributes declare, and what they come to when they cannot be read."""

import pytest

from expectations.contracts import item_rules, snapshot
from expectations.contracts.item_rules import ItemRuleNames, ItemRules, read_item_rules

NOWHERE, STRICTEST = (), item_rules.STRICTEST_AGE


@pytest.mark.parametrize(
    ("attributes", "rules"),
    [
        pytest.param({}, ItemRules(), id="nothing declared"),
        pytest.param({"min_age": "18"}, ItemRules(min_age=18), id="an age"),
        pytest.param({"min_age": " 16+ "}, ItemRules(min_age=16), id="an age as shops write it"),
        pytest.param({"min_age": "0"}, ItemRules(), id="for everybody"),
        pytest.param({"min_age": "adults"}, ItemRules(min_age=STRICTEST), id="an unreadable age"),
        pytest.param({"min_age": "-3"}, ItemRules(min_age=STRICTEST), id="an impossible age"),
        pytest.param(
            {"allowed_countries": "de; Austria,UK"},
            ItemRules(allowed_countries=("DE", "AT", "GB")),
            id="codes and names",
        ),
        pytest.param(
            {"allowed_countries": ""},
            ItemRules(allowed_countries=NOWHERE),
            id="allowed nowhere, not everywhere",
        ),
        pytest.param(
            {"blocked_countries": "France, Atlantis"},
            ItemRules(blocked_countries=("FR", "atlantis")),
            id="an unknown country stays a word",
        ),
        pytest.param({"repurchase_days": "21.5"}, ItemRules(repurchase_days=21.5), id="days"),
        pytest.param({"repurchase_days": "nan"}, ItemRules(), id="no days"),
        pytest.param({"repurchase_days": "1e9"}, ItemRules(), id="more days than anybody waits"),
    ],
)
def test_rules(attributes, rules):
    assert read_item_rules(attributes) == rules


def test_a_source_may_use_other_names():
    names = ItemRuleNames(min_age="ab_jahre")
    assert read_item_rules({"ab_jahre": "18", "min_age": "6"}, names).min_age == 18


def test_published_attributes_are_bounded():
    attributes = {f"a{n:03d}": "x" for n in range(100)} | {"a000": "x" * 501, "a" * 65: "x", "a001": None}
    published = item_rules.select_published_attributes(attributes)
    assert list(published) == [f"a{n:03d}" for n in range(2, 42)]


def test_facts_of_an_older_layout_are_read():
    """Until layout 3 an item had eight facts."""
    packed = snapshot.pack_record(("Mug", "Mugs", "Acme", 2.5, "EUR", None, True, False))
    facts = snapshot.unpack_record(snapshot.ItemFacts, packed)
    assert facts == snapshot.ItemFacts("Mug", "Mugs", "Acme", 2.5, "EUR", None, True, False)
    assert (facts.attributes, facts.is_consumable, facts.allowed_countries) == ({}, False, None)
