"""What a rule says of no events: where it is false of them, only events that it asks for need be read."""

import operator

from segments.tree.events import COMPARE, Value
from segments.tree.measures import Aggregate, Arithmetic, Constant, Count, CountDistinct, Measure
from segments.tree.rules import Age, Anniversary, Between, Compare, Group, IsKnown, OneOf, Rule

JOIN = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}


def holds_of_nothing(rule: Rule) -> bool:
    """Whether a rule over events alone is true where there are none."""
    match rule:
        case Group("not", (inner,)):
            return not holds_of_nothing(inner)
        case Group("all", rules):
            return all(map(holds_of_nothing, rules))
        case Group("any", rules):
            return any(map(holds_of_nothing, rules))
        case Compare(measure, op, other):
            left, right = measure_nothing(measure), measure_nothing(other)
            return left is not None and right is not None and COMPARE[op](left, right)
        case Between(measure, low, high):
            value = measure_nothing(measure)
            return value is not None and low <= value <= high
        case OneOf(measure, values):
            return measure_nothing(measure) in values
        case IsKnown(measure):
            return measure_nothing(measure) is not None
        case Age() | Anniversary():
            return False
    return True  # of what is not about events nothing is known here


def measure_nothing(measure: Measure) -> Value | None:
    """What a measure is of no events; None: unknown."""
    match measure:
        case Constant(value):
            return value
        case Count() | CountDistinct() | Aggregate("sum"):
            return 0
        case Arithmetic(symbol, left, right):
            one, other = measure_nothing(left), measure_nothing(right)
            if one is None or other is None or (symbol == "/" and other == 0):
                return None
            return JOIN[symbol](float(one), float(other))
    return None
