"""Whether a definition can count from the moment it is published: if all that it asks for lies in events of a
bounded, short time, which the service has seen itself. Any other waits for the night, which knows the rest.
"""

from collections.abc import Iterator

from segments.calendar import DAY, ShopCalendar
from segments.evaluation.measures import Context
from segments.evaluation.needs import find_needs
from segments.evaluation.program import Program
from segments.tree import rules
from segments.tree.events import Filter
from segments.tree.walking import walk

MOST_REACH = DAY  # each night takes the day before, so whatever reaches further is never all here
ANY_CALENDAR = ShopCalendar("UTC")


def list_obstacles(rule: rules.Rule) -> list[str]:
    """Why a rule has to wait for the night, in words; none: it can count at once."""
    return list(dict.fromkeys(find_obstacles(rule)))


def find_obstacles(rule: rules.Rule) -> Iterator[str]:
    """What of a rule the service cannot know by itself."""
    needs, nodes = find_needs(rule), list(walk(rule))
    yield from (f"it asks for {name}, which the night works out" for name in sorted(needs.fields))
    yield from (f"it asks for the list {name}" for name in sorted(needs.lists))
    yield from (f"it asks for the segment {name}" for name in sorted(needs.segments))
    yield from (f"it asks for the list {name}" for name in sorted(list_item_lists(nodes)))
    yield from (f"it looks back for ever: {counter}" for counter in needs.counters)
    if any(isinstance(node, rules.Sequence) and node.window is None for node in nodes):
        yield "it looks back for ever: a sequence without a window"
    yield from (f"it looks back for ever: {why}" for why in needs.unbounded)
    if "empty_cart" in needs.attributes:
        yield "it asks whether a cart was emptied, which depends on what lay in it before"
    if not needs.attributes:
        yield "it asks for no event"
    elif needs.reach > MOST_REACH:
        yield "it looks back further than 24 hours; days count on the shop's calendar"
    elif not needs.fields | needs.lists | needs.segments and may_hold_of_nothing(rule):
        yield "it is true of customers of whom nothing has come, whom the night alone can list"


def list_item_lists(nodes: list) -> set[str]:
    """The lists of items that rules ask for."""
    filters = [node for node in nodes if isinstance(node, Filter) and node.op in ("in_list", "not_in_list")]
    return {str(name) for each in filters for name in each.values}


def may_hold_of_nothing(rule: rules.Rule) -> bool:
    """Whether somebody without any event may meet a rule."""
    return True in list_truths(rule)


def list_truths(rule: rules.Rule) -> frozenset[bool]:
    """What a rule may be of somebody without any event: a random share is drawn of their id."""
    match rule:
        case rules.RandomShare():
            return frozenset({True, False})
        case rules.Group("not", (inner,)):
            return frozenset(not truth for truth in list_truths(inner))
        case rules.Group(operator, parts):
            join = all if operator == "all" else any
            truths = [list_truths(part) for part in parts]
            lowest, highest = [min(each) for each in truths], [max(each) for each in truths]
            return frozenset({join(lowest), join(highest)})
    program = Program({"rule": rule}, ANY_CALENDAR, {})
    return frozenset({bool(program.decide(program.make_state(), 0, Context("", {})))})


def find_reach(rule: rules.Rule) -> int:
    """Microseconds before `now` in which events are needed."""
    return find_needs(rule).reach
