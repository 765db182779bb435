"""Live definitions of tests, compiled."""

from collections.abc import Mapping

from segments.calendar import ShopCalendar
from segments.live import LiveDefinitions, LiveProgram
from segments.parsing.definitions import parse_definition

FRESH_CART = """
segment_id: fresh_cart
name: Fresh cart
kind: rule
description: Put something into the cart within ten minutes and has not bought since.
members: {sequence: [{event: cart}, {absent: purchase}], within: 10 minutes}
"""


def parse_live_definitions(texts: Mapping[str, str]) -> LiveDefinitions:
    """Texts by segment id, all of which live."""
    rules = {name: parse_definition(text, name).members for name, text in texts.items()}
    return LiveDefinitions(frozenset(rules), rules)


def make_live_program(
    texts: Mapping[str, str], zone: str = "UTC", list_items: Mapping[str, frozenset[str]] | None = None
) -> LiveProgram:
    """Texts by segment id, compiled."""
    return LiveProgram(parse_live_definitions(texts), ShopCalendar(zone), list_items or {})
