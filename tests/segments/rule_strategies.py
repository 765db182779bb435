"""Random rules over the whole grammar, of bounded size, as a parser could have made them: well-typed, no
month between two events, nothing in `AnyValue` that may not be there.

Functions take Hypothesis's `draw`: strategies nested in strategies took a tenth of a second for each rule.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from hypothesis import strategies as st

from segments.events import TYPES
from segments.parsing.definitions import ALL_FIELDS
from segments.tree import measures, rules
from segments.tree.events import Duration, EventSet, Filter, LocalTime, Near, Period, Within

Draw = Callable[[st.SearchStrategy], Any]
ITEMS = ("a", "b", "c")
CATEGORIES = ("tea", "outdoor > tents", "outdoor > tents > dome", "outdoor > boots", "tents")
LISTS = ("vip", "sale")
SEGMENTS = ("other", "third")
WINDOWS = (
    None,
    None,
    None,
    Within(Duration(1, "second")),
    Within(Duration(10, "minute")),
    Within(Duration(24, "hour")),
    Within(Duration(1, "day")),
    Within(Duration(7, "day")),
    Within(Duration(1, "month")),
    Within(Duration(1, "year")),
    Within(Duration(7, "day"), Duration(1, "day")),
    Within(Duration(1, "month"), Duration(1, "week")),
    Within(Duration(2, "day"), Duration(10, "minute")),
    Period("day", 0),
    Period("day", 1),
    Period("week", 1),
    Period("month", 0),
    Period("quarter", 1),
    Period("year", 0),
)
AGES = tuple(Duration(*parts) for parts in ((1, "hour"), (1, "day"), (7, "day"), (1, "month"), (1, "year")))
GAPS = tuple(
    Duration(*parts) for parts in ((1, "second"), (10, "minute"), (1, "hour"), (1, "day"), (1, "week"))
)
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
ORDERED = ("price", "quantity", "amount")
NAMES = {
    "item_id": ITEMS,
    "category": CATEGORIES,
    "brand": ("hilleberg", "vaude"),
    "order_id": ("o1", "o2"),
    "session_id": ("s1", "s2"),
    "device": ("mobile", "desktop"),
    "campaign": ("spring",),
    "country": ("DE", "AT"),
}
NUMBERS = (-1, 0, 0, 0.25, 1, 1, 2, 3, 5, 10.0, 40)
NUMBER_FIELDS, BOOLEAN_FIELDS, TEXT_FIELDS = (
    tuple(name for name, about in ALL_FIELDS.items() if about.kind == kind)[:2]
    for kind in ("number", "boolean", "text")
)
USUAL_TYPES = ("view", "cart", "uncart", "empty_cart", "purchase")
IN_STEPS = (0, 0, 0, 0, 0, 0, 1)  # conditions on a step; with more, hardly any sequence is ever found
LEAVES = (
    *("number", "number", "number", "age", "age", "text", "field"),
    *("sequence", "sequence", "sequence", "any_value", "anniversary", "list", "random"),
)


@lru_cache(None)
def sample(values: tuple, types: tuple) -> st.SearchStrategy:  # by types too: (0, 1) == (False, True)
    return st.sampled_from(values)


def pick_from(values: tuple) -> st.SearchStrategy:
    return sample(values, tuple(map(type, values)))


def pick(draw: Draw, values: tuple) -> Any:
    return draw(pick_from(values))


def pick_some(draw: Draw, values: tuple, sizes: tuple[int, ...]) -> tuple:
    return tuple(pick(draw, values) for _ in range(pick(draw, sizes)))


def draw_filter(draw: Draw) -> Filter | Near | LocalTime:
    """One condition on an event."""
    match pick(draw, ("number", "text", "text", "list", "under", "known", "near", "time")):
        case "number":
            op = pick(draw, (*COMPARISONS, "between", "in", "not_in"))
            size = 1 if op in COMPARISONS else 2
            return Filter(pick(draw, ORDERED), op, tuple(sorted(pick_some(draw, NUMBERS, (size,)))))
        case "text":
            attribute, op = pick(draw, tuple(NAMES)), pick(draw, ("=", "!=", "in", "not_in"))
            size = 1 if op in COMPARISONS else 2
            return Filter(attribute, op, pick_some(draw, NAMES[attribute], (size,)))
        case "list":
            return Filter("item_id", pick(draw, ("in_list", "not_in_list")), (pick(draw, LISTS),))
        case "under":
            return Filter("category", "under", pick_some(draw, ("tents", "outdoor > tents", "tea"), (1, 2)))
        case "known":
            return Filter(pick(draw, (*NAMES, *ORDERED)), "is_known", (pick(draw, (True, False)),))
        case "near":
            return Near(pick(draw, (1.0, 10.0, 20000.0)), 48.137, 11.575)
    return LocalTime(*pick(draw, ((480, 1200), (1200, 1440), (1200, 480), (480, 480))))


def draw_events(draw: Draw, windows: tuple = WINDOWS, sizes: tuple = (0, 0, 0, 1, 2)) -> EventSet:
    """Events of no, one or two types, with so many conditions."""
    types = pick_some(draw, (*USUAL_TYPES, *USUAL_TYPES, *TYPES), (0, 1, 1, 1, 2))
    conditions = tuple(draw_filter(draw) for _ in range(pick(draw, sizes)))
    return EventSet(tuple(dict.fromkeys(types)), conditions, pick(draw, windows))


def draw_total(draw: Draw) -> measures.Measure:
    """What `AnyValue` may measure: a count or a total."""
    match pick(draw, ("count", "count", "distinct", "aggregate")):
        case "count":
            return measures.Count(draw_events(draw))
        case "distinct":
            return measures.CountDistinct(pick(draw, (*NAMES, "day")), draw_events(draw))
    function = pick(draw, ("sum", "sum", "average", "min", "max"))
    return measures.Aggregate(function, pick(draw, ORDERED), draw_events(draw))


def draw_selection(draw: Draw, attribute: str) -> measures.Selection:
    return measures.Selection(pick(draw, ("first", "last", "most_frequent")), attribute, draw_events(draw))


def draw_number(draw: Draw, is_of_value: bool) -> measures.Measure:
    """A measure that is a number; `is_of_value`: one that `AnyValue` may hold."""
    match pick(draw, ("total", "total", "joined", "field", "selection", "distance")):
        case "joined":
            left, right = draw_operand(draw, is_of_value), draw_operand(draw, is_of_value)
            return measures.Arithmetic(pick(draw, ("+", "-", "*", "/")), left, right)
        case "distance" if not is_of_value:  # the only number that no sum makes exact, so it stands alone
            return measures.DistanceTo(48.137, 11.575, draw_events(draw))
        case "field" | "selection" if not is_of_value:
            return draw_operand(draw, is_of_value)
    return draw_total(draw)


def draw_operand(draw: Draw, is_of_value: bool) -> measures.Measure:
    kinds = ("total", "total", "constant") if is_of_value else ("total", "constant", "field", "selection")
    match pick(draw, kinds):
        case "constant":
            return measures.Constant(pick(draw, NUMBERS))
        case "field":
            return measures.FieldValue(pick(draw, NUMBER_FIELDS))
        case "selection":
            return draw_selection(draw, pick(draw, ORDERED))
    return draw_total(draw)


def draw_number_condition(draw: Draw, is_of_value: bool) -> rules.Rule:
    value = draw_number(draw, is_of_value)
    match pick(draw, ("constant", "constant", "measure", "between", "one of", "known")):
        case "constant":
            return rules.Compare(value, pick(draw, COMPARISONS), measures.Constant(pick(draw, NUMBERS)))
        case "measure":
            return rules.Compare(value, pick(draw, COMPARISONS), draw_operand(draw, is_of_value))
        case "between":
            return rules.Between(value, pick(draw, (0, 1)), pick(draw, (1, 2.5, 20)))
        case "one of":
            return rules.OneOf(value, pick_some(draw, NUMBERS, (1, 2, 3)))
    return rules.IsKnown(value)


def draw_text_condition(draw: Draw) -> rules.Rule:
    attribute = pick(draw, tuple(NAMES))
    value, op = draw_selection(draw, attribute), pick(draw, ("=", "!="))
    match pick(draw, ("constant", "constant", "measure", "one of", "known")):
        case "constant":
            return rules.Compare(value, op, measures.Constant(pick(draw, NAMES[attribute])))
        case "measure":
            return rules.Compare(value, op, draw_selection(draw, attribute))
        case "one of":
            return rules.OneOf(value, pick_some(draw, NAMES[attribute], (1, 2)))
    return rules.IsKnown(value)


def draw_field_condition(draw: Draw) -> rules.Rule:
    name = pick(draw, BOOLEAN_FIELDS + TEXT_FIELDS)
    constant = measures.Constant(pick(draw, (True, False) if name in BOOLEAN_FIELDS else ("DE", "AT")))
    return rules.Compare(measures.FieldValue(name), pick(draw, ("=", "!=")), constant)


def draw_sequence(draw: Draw) -> rules.Sequence:
    """Two to four steps, of which the first is present."""
    steps = [rules.Step(draw_events(draw, (None,), IN_STEPS))]
    attributes = ("item_id", "item_id", "category", "session_id", "day")
    for _ in range(pick(draw, (1, 1, 1, 2, 3))):
        steps.append(
            rules.Step(
                draw_events(draw, (None,), IN_STEPS),
                is_absent=pick(draw, (True, False)),
                within=pick(draw, (None, None, None, *GAPS)),
                after=pick(draw, (None,) * 7 + GAPS[:3]),
                same=pick_some(draw, attributes, (0, 0, 0, 1)),
                different=pick_some(draw, attributes, (0, 0, 0, 1)),
            )
        )
    return rules.Sequence(tuple(steps), pick(draw, WINDOWS))


def draw_age(draw: Draw) -> rules.Age:
    return rules.Age(
        pick(draw, ("first", "last")), draw_events(draw), pick(draw, ("<", ">=")), pick(draw, AGES)
    )


def draw_rule_of_value(draw: Draw, depth: int) -> rules.Rule:
    """What `AnyValue` may hold."""
    kinds = ("number", "number", "age", "group", "group") if depth else ("number", "number", "age")
    match pick(draw, kinds):
        case "group":
            return draw_group(draw, lambda: draw_rule_of_value(draw, depth - 1))
        case "age":
            return draw_age(draw)
    return draw_number_condition(draw, is_of_value=True)


def draw_group(draw: Draw, draw_part: Callable[[], rules.Rule]) -> rules.Group:
    operator = pick(draw, ("all", "any", "not"))
    sizes = (1,) if operator == "not" else (1, 2, 2, 3)
    return rules.Group(operator, tuple(draw_part() for _ in range(pick(draw, sizes))))


def draw_rule(draw: Draw, depth: int = 2, has_segments: bool = True) -> rules.Rule:
    """A rule whose groups are at most `depth` deep; without `has_segments` it asks for no other segment."""
    kinds = (*LEAVES, *(("segment",) * has_segments), *(("group",) * (6 if depth else 0)))
    match pick(draw, kinds):
        case "group":
            return draw_group(draw, lambda: draw_rule(draw, depth - 1, has_segments))
        case "segment":
            lengths = (None, *AGES)
            return rules.InSegment(pick(draw, SEGMENTS), pick(draw, lengths), pick(draw, lengths))
        case "sequence":
            return draw_sequence(draw)
        case "any_value":
            attribute = pick(draw, ("item_id", "category", "brand", "session_id", "order_id"))
            return rules.AnyValue(attribute, draw_rule_of_value(draw, 1))
        case "anniversary":
            return rules.Anniversary(
                pick(draw, ("first", "last")), draw_events(draw), pick(draw, (1, 7, 400))
            )
        case "list":
            return rules.InList(pick(draw, LISTS))
        case "random":
            return rules.RandomShare(pick(draw, (0.1, 0.5)), pick(draw, ("x", "y")))
        case "text":
            return draw_text_condition(draw)
        case "field":
            return draw_field_condition(draw)
        case "age":
            return draw_age(draw)
    return draw_number_condition(draw, is_of_value=False)
