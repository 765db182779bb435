"""What a rule needs to be kept of a customer: event types, attributes, how far back, and how many events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from segments.calendar import DAY, ELAPSED, ShopCalendar
from segments.evaluation.carts import CART_TYPES
from segments.evaluation.layout import Cell, Layout
from segments.evaluation.matching import EventReader, list_types
from segments.evaluation.measures import Context
from segments.evaluation.rules import RuleCompiler
from segments.evaluation.windows import ShopWindows, count_elapsed
from segments.tree import measures, rules
from segments.tree.events import EventSet, Filter, LocalTime, Near, Period, Window
from segments.tree.walking import walk

ANY_CALENDAR = ShopCalendar("UTC")
LONGEST = {"day": DAY, "week": 7 * DAY, "month": 31 * DAY, "quarter": 92 * DAY, "year": 366 * DAY}
CLOCK_CHANGE = DAY  # Apia and Kwajalein have left out a whole day; no clock is changed by more


@dataclass(frozen=True)
class Use:
    """A set of events that a rule looks at, and the attributes it reads of them."""

    events: EventSet
    attributes: frozenset[str]


@dataclass(frozen=True)
class Needs:
    """What a rule needs of a customer's events.

    Attributes:
        attributes: by event type.
        reach: microseconds before `now` in which events are needed themselves; 0 where counters do.
        counters: what is counted for ever, in words; each takes a number, not events.
        unbounded: what grows with the customer's history, and why; empty: nothing does.
        fields, lists, segments: what else it asks for.
    """

    attributes: Mapping[str, frozenset[str]]
    reach: int
    counters: tuple[str, ...] = ()
    unbounded: tuple[str, ...] = ()
    fields: frozenset[str] = frozenset()
    lists: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()


def find_needs(rule: rules.Rule) -> Needs:
    """What a rule needs; of other segments that it names, their names alone."""
    uses = list(list_uses(rule))
    nodes = list(walk(rule))
    attributes: dict[str, frozenset[str]] = {}
    for use in uses:
        for name in list_types(use.events):
            attributes[name] = attributes.get(name, frozenset()) | use.attributes
    if "empty_cart" in attributes:
        for name in CART_TYPES:
            more = attributes["empty_cart"] | {"item_id", "quantity"}
            attributes[name] = attributes.get(name, frozenset()) | more
    windows = [use.events.window for use in uses] + [n.window for n in nodes if isinstance(n, rules.Sequence)]
    gaps = [count_elapsed(n.within) for n in nodes if isinstance(n, rules.Step) and n.within is not None]
    ever = [node for node in nodes if is_counted_for_ever(node)]
    return Needs(
        attributes,
        max([0, *gaps, *(find_reach(window) for window in windows)]),
        tuple(sorted({describe_counter(node) for node in ever})),
        tuple(dict.fromkeys(find_unbounded(nodes))),
        frozenset(node.name for node in nodes if isinstance(node, measures.FieldValue)),
        frozenset(node.name for node in nodes if isinstance(node, rules.InList)),
        frozenset(node.segment_id for node in nodes if isinstance(node, rules.InSegment)),
    )


def list_uses(rule: rules.Rule) -> Iterator[Use]:
    """The sets of events in a rule, with the attributes read of each."""
    for node in walk(rule):
        if isinstance(node, rules.AnyValue):
            inner = {name for use in list_uses(node.rule) for name in list_types(use.events)}
            types = () if holds_of_nothing(node) else tuple(inner)
            yield Use(EventSet(types), frozenset({node.attribute}))
        if isinstance(node, rules.Sequence):
            asked = {name for step in node.steps for name in (*step.same, *step.different)}
            for step in node.steps:
                yield Use(step.events, read_filters(step.events) | asked)
        elif isinstance(events := getattr(node, "events", None), EventSet) and not isinstance(
            node, rules.Step
        ):
            attribute = getattr(node, "attribute", None)
            read = (
                {"latitude", "longitude"} if isinstance(node, measures.DistanceTo) else {attribute} - {None}
            )
            yield Use(events, read_filters(events) | read)


def holds_of_nothing(rule: rules.AnyValue) -> bool:
    """Whether the rule holds of a value of which there is no event in any window."""
    layout = Layout(EventReader(ANY_CALENDAR, {}))
    compiled = RuleCompiler(layout, ShopWindows(ANY_CALENDAR), {}).compile(rule.rule)
    return compiled(Cell(layout), 0, Context("", {}))[0]


def read_filters(events: EventSet) -> frozenset[str]:
    """The attributes that a set's filters read."""
    names: set[str] = set()
    for condition in events.filters:
        match condition:
            case Filter(attribute):
                names.add(attribute)
            case Near():
                names |= {"latitude", "longitude"}
            case LocalTime():
                names.add("local_minute")
    return frozenset(names)


def find_reach(window: Window) -> int:
    """Microseconds before `now` beyond which a window never begins; 0 for one without beginning."""
    if window is None:
        return 0
    if isinstance(window, Period):
        return LONGEST[window.unit] * (window.ago + 1) + CLOCK_CHANGE
    unit = window.start.unit
    longest = LONGEST.get(unit) or ELAPSED[unit]
    return window.start.number * longest + (CLOCK_CHANGE if unit in LONGEST else 0)


def is_counted_for_ever(node: Any) -> bool:
    """Whether a node looks at events of all times."""
    events = getattr(node, "events", None)
    return isinstance(events, EventSet) and events.window is None and not isinstance(node, rules.Step)


def describe_counter(node: Any) -> str:
    """What is counted, in words."""
    types = " or ".join(node.events.types) or "any event"
    match node:
        case measures.Count():
            return f"number of {types}"
        case measures.CountDistinct(attribute):
            return f"different {attribute} of {types}"
        case measures.Aggregate(function, attribute):
            return f"{function} of {attribute} of {types}"
        case measures.Selection(which, attribute):
            return f"{which.replace('_', ' ')} {attribute} of {types}"
        case measures.DistanceTo():
            return f"last place of {types}"
    return f"{node.which} {types}"


def find_unbounded(nodes: list[Any]) -> Iterator[str]:
    """What grows with a customer's history, and why."""
    for node in nodes:
        match node:
            case measures.CountDistinct(attribute, EventSet(window=None)):
                yield f"every different {attribute} is kept, because they are counted for ever"
            case measures.Selection("most_frequent", attribute, EventSet(window=None)):
                yield f"a counter for every {attribute} is kept, because the commonest ever is asked for"
            case rules.AnyValue(attribute, rule) if any(is_counted_for_ever(part) for part in walk(rule)):
                yield f"counters for every {attribute} are kept, because some look back for ever"
            case rules.AnyValue(attribute) if holds_of_nothing(node):
                yield f"every {attribute} is kept, because the rule holds of one without events too"
            case rules.Sequence(steps, None):
                yield from find_open_steps(steps)


def find_open_steps(steps: tuple[rules.Step, ...]) -> Iterator[str]:
    """The steps whose events wait for ever, one for each value that is compared."""
    for number, step in enumerate(steps[1:], 1):
        names = sorted({name for other in steps[1 : number + 1] for name in (*other.same, *other.different)})
        if step.within is None and names and not (step.is_absent and number + 1 < len(steps)):
            asked = " and ".join(names)
            yield f"an event for every {asked} is kept, because step {number + 1} may come at any time"
