"""Rules in words: one line for each kind of node, and for whatever is drawn."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.parsing.definitions import load_segments, parse_definition
from segments.sentences import describe_rule, describe_turn
from segments.to_sql import DEFINITIONS
from segments.tree import measures, rules
from tests.segments.strategies import cases

HEAD = "segment_id: x\nname: X\nkind: rule\ndescription: X.\nmembers: "


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ('{field: amount_net, op: ">", value: 500}', "amount_net > 500"),
        ("{not: {field: has_open_cart, op: '=', value: true}}", "not (has_open_cart = true)"),
        (
            '{count: view, where: {category: {under: tents}}, within: 7 days, op: ">=", value: 5}',
            "number of view where category under tents within 7 days >= 5",
        ),
        (
            "{sum: amount, of: purchase, period: {months_ago: 1}, op: between, value: [1, 2]}",
            "sum of amount of purchase last month between 1 and 2",
        ),
        (
            '{distinct: brand, of: [view, cart], between: [7 days, 30 days], op: "=", value: 5}',
            "different brand of view or cart between 7 days and 30 days ago = 5",
        ),
        ('{last: purchase, ago: {">=": 90 days}}', "last purchase at least 90 days ago"),
        (
            "{anniversary: {first: purchase}, within_next: 7 days}",
            "anniversary of the first purchase within the next 7 days",
        ),
        (
            "{sequence: [{event: cart}, {absent: purchase, within: 2 days, same: item_id}]}",
            "cart then no purchase of the same item_id within 2 days",
        ),
        (
            '{any_value: item_id, holds: {count: view, op: ">=", value: 3}}',
            "any item_id with number of view >= 3",
        ),
        ("{segment: lapsed, for: 14 days}", "in lapsed for 14 days"),
        ("{any: [{list: vip}, {random: 0.1, seed: a}]}", "on the list vip or of the random share 0.1 of a"),
        (
            '{distance_to: [48.5, 11.5], of: any, op: "<=", value: 10}',
            "kilometres from 48.5, 11.5 to the last event <= 10",
        ),
        (
            '{subtract: [{sum: amount, of: purchase}, {sum: amount, of: return}], op: ">", value: 1}',
            "(sum of amount of purchase - sum of amount of return) > 1",
        ),
    ],
)
def test_in_words(rule, words):
    assert describe_rule(parse_definition(HEAD + rule, "x.yml").members) == words


def test_no_two_shipped_rules_read_alike():
    words = [describe_rule(segment.members) for segment in load_segments(DEFINITIONS)]
    assert len(set(words)) == len(words)


@given(st.data())
def test_every_rule_is_one_line(data):
    words = describe_rule(data.draw(cases()).rule)
    assert words and "\n" not in words


@pytest.mark.parametrize(
    ("op", "holds", "words"),
    [
        (">=", True, "is below 21"),
        (">=", False, "is at least 21"),
        ("=", True, "is other than 21"),
        ("=", False, "is 21"),
        ("<", True, "is at least 21"),
        (">", True, "is at most 21"),
    ],
)
def test_what_would_turn_a_comparison(op, holds, words):
    rule = rules.Compare(measures.FieldValue("n_orders"), op, measures.Constant(21))
    assert describe_turn(rule, holds=holds) == f"n_orders {words}"
