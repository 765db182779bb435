"""What an expression says of an item: a tree, a visitor and parameters become one predicate.

A comparison with something unknown (null) is neither true nor false, and neither is its negation: both leave
the item out, as in SQL. So `not brand = "x"` and `brand != "x"` are one, and an item without a brand fits
neither. Each condition is therefore made twice, as what must be true of it and as what must be false.

Everything that does not depend on the item is decided here, once a request.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from expectations.contracts.snapshot import CustomerSlice, ItemFacts
from serving_app.filters import tree
from serving_app.filters.fields import (
    ContextField,
    CustomerField,
    FilterContext,
    Value,
    find_field,
)
from serving_app.filters.text_values import parse_time
from serving_app.filters.tree import Kind

Predicate = Callable[[str, ItemFacts], bool]
Reader = Callable[[str, ItemFacts], Value]
Test = Callable[[Value, Value], bool]
OPERATORS: Mapping[str, Test] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class Binding:
    """What an expression is evaluated for: everything but the item."""

    customer: CustomerSlice | None
    context: FilterContext
    parameters: Mapping[str, Value]


def reads_only_items(condition: tree.Condition) -> bool:
    """Whether what a condition says of an item is the same in every request."""
    waiting: list[tree.Node] = [condition]
    while waiting:
        node = waiting.pop()
        if isinstance(node, tree.Now | tree.Parameter):
            return False
        if isinstance(node, tree.Name) and isinstance(find_field(node), ContextField | CustomerField):
            return False
        waiting.extend(tree.iterate_children(node))
    return True


def bind_condition(condition: tree.Condition, binding: Binding, is_wanted: bool = True) -> Predicate | bool:
    """A function of an item that says whether a condition is true of it (false, where `is_wanted` is not);
    True or False where that is so of every item.
    """
    match condition:
        case tree.Not(inner):
            return bind_condition(inner, binding, not is_wanted)
        case tree.And(parts) | tree.Or(parts):
            bound = [bind_condition(part, binding, is_wanted) for part in parts]
            return _join_all(bound) if isinstance(condition, tree.And) == is_wanted else _join_any(bound)
        case tree.IsNull(operand):
            return _bind_null(_bind_operand(operand, binding), is_wanted)
        case tree.IsTrue(operand):
            sides = _bind_operand(operand, binding, Kind.BOOLEAN), True
            return _bind_test(*sides, operator.eq, is_wanted)
        case tree.Compare(left, sign, right, kind):
            sides = _bind_operand(left, binding, kind), _bind_operand(right, binding, kind)
            return _bind_test(*sides, OPERATORS[sign], is_wanted)
        case tree.In(operand, options, kind):
            return _bind_membership(
                _bind_operand(operand, binding, kind), _bind_options(options, binding), is_wanted
            )
        case tree.Contains(operand, part):
            sides = _bind_operand(operand, binding), _bind_operand(part, binding)
            return _bind_test(*sides, operator.contains, is_wanted)
        case tree.StartsWith(operand, prefix):
            sides = _bind_operand(operand, binding), _bind_operand(prefix, binding)
            return _bind_test(*sides, str.startswith, is_wanted)


def _bind_operand(operand: tree.Operand, binding: Binding, kind: Kind | None = None) -> Reader | Value:
    """A function of an item, or the value where it is the same for every item. An attribute is read as
    `kind`.
    """
    match operand:
        case tree.Literal(_, value):
            return value
        case tree.Now(offset):
            return binding.context.now.timestamp() + offset
        case tree.Parameter(name):
            return binding.parameters[name]
    field = find_field(operand)
    if isinstance(field, ContextField):
        return field.read(binding.context)
    if isinstance(field, CustomerField):
        return field.for_stranger if binding.customer is None else field.read(binding.customer)
    if field.kind is Kind.ATTRIBUTE and kind in READ_ATTRIBUTE:
        return partial(_read_attribute, field.read, READ_ATTRIBUTE[kind])
    return field.read


def _bind_options(
    options: tuple[tree.Operand, ...] | tree.Parameter, binding: Binding
) -> frozenset[Value] | tuple[()]:
    if isinstance(options, tree.Parameter):
        return frozenset(binding.parameters[options.name])
    return frozenset(_bind_operand(option, binding) for option in options)


def _bind_test(left: Reader | Value, right: Reader | Value, test: Test, is_wanted: bool) -> Predicate | bool:
    if left is None or right is None:
        return False
    if not callable(left) and not callable(right):
        return bool(test(left, right)) is is_wanted
    if not callable(right):
        return lambda item_id, item: (
            (value := left(item_id, item)) is not None and (test(value, right) is is_wanted)
        )
    if not callable(left):
        return lambda item_id, item: (
            (value := right(item_id, item)) is not None and (test(left, value) is is_wanted)
        )
    return lambda item_id, item: (
        (value := left(item_id, item)) is not None
        and (other := right(item_id, item)) is not None
        and test(value, other) is is_wanted
    )


def _bind_membership(left: Reader | Value, options: frozenset[Value], is_wanted: bool) -> Predicate | bool:
    if left is None:
        return False
    if not callable(left):
        return (left in options) is is_wanted
    return lambda item_id, item: (
        (value := left(item_id, item)) is not None and ((value in options) is is_wanted)
    )


def _bind_null(operand: Reader | Value, is_wanted: bool) -> Predicate | bool:
    if not callable(operand):
        return (operand is None) is is_wanted
    return lambda item_id, item: (operand(item_id, item) is None) is is_wanted


def _join_all(bound: list[Predicate | bool]) -> Predicate | bool:
    if False in bound:
        return False
    parts = tuple(part for part in bound if part is not True)
    match parts:
        case ():
            return True
        case (only,):
            return only
        case (one, other):
            return lambda item_id, item: one(item_id, item) and other(item_id, item)
    return lambda item_id, item: all(part(item_id, item) for part in parts)


def _join_any(bound: list[Predicate | bool]) -> Predicate | bool:
    if True in bound:
        return True
    parts = tuple(part for part in bound if part is not False)
    match parts:
        case ():
            return False
        case (only,):
            return only
        case (one, other):
            return lambda item_id, item: one(item_id, item) or other(item_id, item)
    return lambda item_id, item: any(part(item_id, item) for part in parts)


def _read_attribute(read: Reader, convert: Callable[[str], Value], item_id: str, item: ItemFacts) -> Value:
    """An attribute as another kind than text; None where its text is none."""
    text = read(item_id, item)
    try:
        return None if text is None else convert(text)
    except ValueError:
        return None


def _read_number(text: str) -> float:
    number = float(text)
    if number - number != 0:  # nan and infinity are in no order, or the end of every
        raise ValueError("no finite number")
    return number


def _read_boolean(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.strip().lower())


READ_ATTRIBUTE = {Kind.NUMBER: _read_number, Kind.BOOLEAN: _read_boolean, Kind.TIME: parse_time}
