"""Each rule has its own words, whatever table its evidence names; and what the tests link by is what
`identify` writes.
"""

import re
from datetime import UTC, datetime

import pytest

from expectations.contracts.snapshot import Link
from expectations.suites.core_identity_links import RULES, SUITE
from serving_app.identity.sentences import describe_link

AT = datetime(2026, 2, 3, 23, 30, tzinfo=UTC)


def link(rule, evidence, weight=1.0, held_by=None):
    return Link("i_b", rule, evidence, weight, AT, held_by)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (link("same_event", "core_events/e/7"), "were seen together in the event e/7 on 2026-02-03"),
        (
            link("same_order", "core_order_lines/shop/o/9/1"),
            "were seen together in the order o/9 of shop on 2026-02-03",
        ),
        (
            link("same_person_record", "core_people/crm/r/5"),
            "stand together in the person record r/5 of crm on 2026-02-03",
        ),
        (
            link("alike", "core_people/crm/1~crm/2", 0.81),
            (
                "stand in the person records crm/1 and crm/2, which are alike with probability 0.81, known"
                " since 2026-02-03"
            ),
        ),
        (
            link("alike", "core_people/crm/a~b~till/2", 0.5),
            (
                "stand in the person records crm/a~b~till/2, which are alike with probability 0.5, known"
                " since 2026-02-03"
            ),
        ),
        (
            link("decision", "core_identity_decisions/d_1"),
            "were joined by a person's decision (d_1) on 2026-02-03",
        ),
    ],
)
def test_what_a_link_says(seen, words):
    assert describe_link(seen) == words


def test_no_rule_is_left_without_words():
    assert [
        rule
        for rule in RULES
        if "are linked by the rule" in describe_link(link(rule, "core_people/crm/1~crm/2"))
    ] == []


def test_the_service_is_tested_on_links_that_identify_could_have_written(shop):
    """The night refuses others; a sentence that is right for these alone would be right for nobody."""
    patterns = {
        each.arguments["column"]: each.arguments["regex"] for each in SUITE.own if "regex" in each.arguments
    }
    found = [
        one
        for identifier in shop.ids.values()
        for one in shop.snapshots.get_current().read_links(identifier).links
    ]
    assert found and {one.rule for one in found} <= set(RULES)
    assert [one.evidence for one in found if not re.match(patterns["evidence"], one.evidence)] == []
    assert [
        one.held_by for one in found if one.held_by and not re.match(patterns["held_by"], one.held_by)
    ] == []
    assert all(one.weight == 1 or one.rule == "alike" for one in found)
    assert all(("~" in one.evidence) == (one.rule == "alike") for one in found)
