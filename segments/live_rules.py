"""The live definitions of a published night, compiled."""

from collections.abc import Mapping

from expectations.contracts.live_segments import LiveRules
from segments.calendar import ShopCalendar
from segments.live import LiveDefinitions, LiveProgram
from segments.parsing.definitions import make_reader_of_day, read_definition


def compile_rules(rules: LiveRules, calendar: ShopCalendar) -> LiveProgram:
    """The definitions of a night, compiled.

    Raises:
        SegmentError: one is not understood by this build.
    """
    start_reader = make_reader_of_day()
    parsed = {
        each.segment_id: read_definition(each.text, f"{each.segment_id}.yml", start_reader()).segment.members
        for each in rules.texts
    }
    live = frozenset(each.segment_id for each in rules.texts if each.is_live)
    items: Mapping[str, frozenset[str]] = {name: frozenset(ids) for name, ids in rules.item_lists.items()}
    return LiveProgram(LiveDefinitions(live, parsed), calendar, items)
