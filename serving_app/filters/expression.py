"""Filter expressions as the service uses them: a text is compiled once, bound once a request, asked once an
item.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from expectations.contracts.snapshot import CustomerSlice, ItemFacts
from serving_app.filters import tree
from serving_app.filters.check import Checker, ParameterType
from serving_app.filters.evaluate import Binding, Predicate, bind_condition, reads_only_items
from serving_app.filters.fields import FilterContext, Value
from serving_app.filters.parser import MAX_OPTIONS, parse_filter
from serving_app.filters.text_values import check_text, parse_number, parse_time
from serving_app.filters.tree import FilterError, Kind
from serving_app.http.problems import BadRequest

CACHED_EXPRESSIONS = 256
NOTHING = Binding(None, FilterContext(datetime.min.replace(tzinfo=UTC), None, None, None, None, None), {})


class InvalidFilter(BadRequest):
    """A filter expression or a parameter of one that is not understood or not allowed."""

    kind, title = "invalid-filter", "The filter is not understood"


@dataclass(frozen=True)
class FilterExpression:
    """A compiled expression.

    Attributes:
        parameters: what the request must bind to each parameter.
        reads_customer: whether what it matches depends on the customer's profile.
        predicate: what `bind` gives for every request; None where that depends on the request.
    """

    condition: tree.Condition
    parameters: Mapping[str, ParameterType]
    reads_customer: bool
    predicate: Predicate | None = None

    def bind(
        self,
        customer: CustomerSlice | None,
        context: FilterContext,
        parameters: Mapping[str, object] | None = None,
    ) -> Predicate:
        """A function of an item's id and facts that says whether it matches, for one request.

        Args:
            customer: None for a stranger.
            parameters: by name, as received: texts of a query or values of JSON.

        Raises:
            InvalidFilter: a parameter is missing, unknown or of another kind.
        """
        if self.predicate and not parameters:
            return self.predicate
        values = self._read_parameters(parameters or {})
        return make_predicate(bind_condition(self.condition, Binding(customer, context, values)))

    def matches(
        self, item_id: str, item: ItemFacts, customer: CustomerSlice | None, context: FilterContext
    ) -> bool:
        """Whether an item matches an expression without parameters: for one item; a list asks `bind`."""
        return self.bind(customer, context)(item_id, item)

    def _read_parameters(self, received: Mapping[str, object]) -> dict[str, Value | tuple[Value, ...]]:
        missing = [name for name in self.parameters if name not in received]
        unknown = [name for name in received if name not in self.parameters]
        if missing:
            raise InvalidFilter(f"the filter's parameters need values: {', '.join(missing)}")
        if unknown:
            names = ", ".join(self.parameters) or "none"
            raise InvalidFilter(f"a parameter is sent that is not in the filter; it has: {names}")
        return {name: _read_parameter(name, received[name], kind) for name, kind in self.parameters.items()}


@lru_cache(maxsize=CACHED_EXPRESSIONS)
def compile_filter(text: str) -> FilterExpression:
    """The expression that a text writes.

    Raises:
        InvalidFilter: it is not understood or not allowed; says where, and what is expected there.
    """
    checker = Checker()
    try:
        condition = checker.check(parse_filter(text))
    except FilterError as error:
        raise describe_flaw(error, text) from None
    predicate = make_predicate(bind_condition(condition, NOTHING)) if reads_only_items(condition) else None
    return FilterExpression(condition, checker.parameters, checker.reads_customer, predicate)


def make_predicate(bound: Predicate | bool) -> Predicate:
    """What `bind_condition` gives, as a function in any case."""
    return bound if callable(bound) else lambda item_id, item: bound


def describe_flaw(error: FilterError, text: str) -> InvalidFilter:
    """The answer to a flaw: its place by line and column, and nothing of the text."""
    if error.at is None:
        return InvalidFilter(f"filter: {error.message}")
    line, column = text.count("\n", 0, error.at) + 1, error.at - text.rfind("\n", 0, error.at)
    return InvalidFilter(f"filter, line {line}, column {column}: {error.message}", line=line, column=column)


def _read_parameter(name: str, received: object, wanted: ParameterType) -> Value | tuple[Value, ...]:
    try:
        if not wanted.is_list:
            return _read_value(received, wanted.kind)
        entries = received.split(",") if isinstance(received, str) else received
        if not isinstance(entries, list | tuple) or len(entries) > MAX_OPTIONS:
            raise FilterError(f"must be a list of {MAX_OPTIONS} entries at most")
        return tuple(_read_value(entry, wanted.kind) for entry in entries)
    except FilterError as error:
        raise InvalidFilter(f"the filter's parameter {name} must be {wanted}: {error.message}") from None
    except (ValueError, OverflowError):
        raise InvalidFilter(f"the filter's parameter {name} must be {wanted}") from None


def _read_value(received: object, kind: Kind) -> Value:
    """One value of a parameter.

    Raises:
        ValueError: it is of another kind; a `FilterError` says more.
    """
    if kind is Kind.NUMBER and isinstance(received, int | float) and not isinstance(received, bool):
        if not math.isfinite(received):
            raise ValueError("no number")
        return float(received)
    if kind is Kind.BOOLEAN and isinstance(received, bool):
        return received
    if not isinstance(received, str):
        raise ValueError("another kind of value")
    match kind:
        case Kind.NUMBER:
            sign, digits = (-1, received[1:]) if received.startswith("-") else (1, received)
            if not digits.replace(".", "", 1).isdecimal() or not digits.isascii():
                raise ValueError("no number")
            return sign * parse_number(digits)
        case Kind.BOOLEAN:
            if received.lower() not in ("true", "false"):
                raise ValueError("neither true nor false")
            return received.lower() == "true"
        case Kind.TIME:
            return parse_time(received)
    return check_text(received)
