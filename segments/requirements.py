"""What a rule reads beside the customer's id, with the rules of the segments that it names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from segments.evaluation.needs import find_needs
from segments.tree.events import Filter
from segments.tree.rules import Rule
from segments.tree.walking import walk


@dataclass(frozen=True)
class Requirements:
    """What a rule reads beside the customer's id, with the rules of the segments that it names."""

    fields: frozenset[str]
    lists: frozenset[str]
    item_lists: frozenset[str]
    has_events: bool
    has_stays: bool


def list_named(rule: Rule, rules: Mapping[str, Rule]) -> dict[str, Rule]:
    """The rules of the segments on which a rule rests, by id, however deep."""
    found: dict[str, Rule] = {}
    waiting = [rule]
    while waiting:
        for segment_id in find_needs(waiting.pop()).segments - found.keys():
            found[segment_id] = rules[segment_id]
            waiting.append(rules[segment_id])
    return found


def find_requirements(rule: Rule, rules: Mapping[str, Rule]) -> Requirements:
    """What a rule reads, with those that it rests on."""
    every = [rule, *list_named(rule, rules).values()]
    needs = [find_needs(each) for each in every]
    return Requirements(
        frozenset().union(*(each.fields for each in needs)),
        frozenset().union(*(each.lists for each in needs)),
        frozenset(name for each in every for name in list_item_lists(each)),
        any(each.attributes for each in needs),
        any(each.segments for each in needs),
    )


def list_item_lists(rule: Rule) -> Iterator[str]:
    """The lists of items that a rule asks for."""
    for node in walk(rule):
        if isinstance(node, Filter) and node.op in ("in_list", "not_in_list"):
            yield from node.values
