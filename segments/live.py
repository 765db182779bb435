"""The definitions that live between the nights: those that look at events, and what deciding them needs.

The others are of what the night alone works out, and stay as it left them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from segments.calendar import ShopCalendar
from segments.evaluation.matching import Lists
from segments.evaluation.packing import StatePacker
from segments.evaluation.program import Program
from segments.nightly import NightlyRules, asks_of_stays
from segments.requirements import Requirements, find_requirements, list_named
from segments.tree.rules import Rule, Segment
from segments.tree.walking import walk


@dataclass(frozen=True)
class LiveDefinitions:
    """Which definitions live, and the rules of all that they rest on.

    Attributes:
        rules: by segment id; those of the live ones and of the segments that they name.
    """

    live: frozenset[str]
    rules: Mapping[str, Rule]

    @cached_property
    def requirements(self) -> Requirements:
        """What they read of a customer beside their events, all together."""
        every = [find_requirements(self.rules[segment_id], self.rules) for segment_id in sorted(self.live)]
        return Requirements(
            frozenset().union(*(each.fields for each in every)),
            frozenset().union(*(each.lists for each in every)),
            frozenset().union(*(each.item_lists for each in every)),
            any(each.has_events for each in every),
            any(each.has_stays for each in every),
        )

    @cached_property
    def stay_segments(self) -> list[str]:
        """The segments of which it is asked how long somebody is in them."""
        nodes = [node for rule in self.rules.values() for node in walk(rule) if asks_of_stays(node)]
        return sorted({node.segment_id for node in nodes})


def select_live(segments: Sequence[Segment]) -> LiveDefinitions:
    """Those of some definitions in force that live."""
    night, rules = NightlyRules(tuple(segments)), {each.segment_id: each.members for each in segments}
    live = [
        each.segment_id
        for each in (*night.behaviour, *night.staying)
        if find_requirements(each.members, rules).has_events
    ]
    needed = set(live).union(*(list_named(rules[segment_id], rules) for segment_id in live))
    return LiveDefinitions(frozenset(live), {segment_id: rules[segment_id] for segment_id in sorted(needed)})


class LiveProgram:
    """Live definitions, compiled.

    Attributes:
        live: the ids of those whose members are told.
        fingerprint: another one where other definitions, items of their lists, or another time zone are
            compiled: counters of a state are of the items that were on a list when they were counted.
    """

    def __init__(self, definitions: LiveDefinitions, calendar: ShopCalendar, list_items: Lists) -> None:
        self.live, self.requirements = definitions.live, definitions.requirements
        self.stay_segments = definitions.stay_segments
        self.program = Program(definitions.rules, calendar, list_items)
        self.packer = StatePacker(self.program)
        lists = repr(sorted((name, sorted(items)) for name, items in list_items.items()))
        both = self.packer.fingerprint + lists.encode("utf-8", "surrogatepass")
        self.fingerprint = hashlib.blake2b(both, digest_size=8).hexdigest()
