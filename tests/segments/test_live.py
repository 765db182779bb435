"""Definitions that live between the nights, compiled: when a state of one program is another's."""

import pytest

from tests.segments.live_programs import make_live_program

TEXT = """
segment_id: tea
name: Tea
kind: rule
description: Viewed {n} teas, ever.
members: {{count: view, where: {{item_id: {{in_list: teas}}}}, op: ">=", value: {n}}}
"""


def make_fingerprint(n=2, zone="UTC", teas=("item-1", "item-2")):
    return make_live_program({"tea": TEXT.format(n=n)}, zone, {"teas": frozenset(teas)}).fingerprint


def test_the_same_is_the_same():
    assert make_fingerprint() == make_fingerprint(teas=("item-2", "item-1"))


@pytest.mark.parametrize("other", [{"n": 3}, {"zone": "Europe/Berlin"}, {"teas": ("item-1",)}])
def test_another_definition_zone_or_item_of_a_list_is_another(other):
    assert make_fingerprint(**other) != make_fingerprint()
