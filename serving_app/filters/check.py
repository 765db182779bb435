"""Check an expression: its fields exist, its sides can be compared, its parameters are of one kind each."""

from dataclasses import replace
from typing import NamedTuple, NoReturn

from serving_app.filters import tree
from serving_app.filters.fields import CustomerField, Field, find_field
from serving_app.filters.tree import FilterError, Kind

ORDERED = (Kind.NUMBER, Kind.TIME)
ORDER_OPERATORS = ("<", "<=", ">", ">=")
MAX_PARAMETERS = 50


class ParameterType(NamedTuple):
    """What the request must bind to a parameter."""

    kind: Kind
    is_list: bool = False

    def __str__(self) -> str:
        return f"a list, each {self.kind}" if self.is_list else str(self.kind)


class Checker:
    """Checks one tree.

    Attributes:
        parameters: what each parameter of the tree must be.
        reads_customer: whether it names a field of the customer.
    """

    def __init__(self) -> None:
        self.parameters: dict[str, ParameterType] = {}
        self.reads_customer = False

    def check(self, condition: tree.Condition) -> tree.Condition:
        """The tree with the kinds of its comparisons.

        Raises:
            FilterError: it makes no sense; says where, and what is allowed there.
        """
        match condition:
            case tree.And(parts) | tree.Or(parts):
                return replace(condition, conditions=tuple(map(self.check, parts)))
            case tree.Not(inner):
                return replace(condition, condition=self.check(inner))
            case tree.Compare():
                return replace(condition, kind=self._check_comparison(condition))
            case tree.In():
                return replace(condition, kind=self._check_membership(condition))
            case tree.Contains(operand, part):
                self._require(operand, Kind.TEXT, Kind.TEXTS, Kind.ATTRIBUTE)
                self._require(part, Kind.TEXT)
            case tree.StartsWith(operand, prefix):
                self._require(operand, Kind.TEXT, Kind.ATTRIBUTE)
                self._require(prefix, Kind.TEXT)
            case tree.IsTrue(operand):
                self._require(operand, Kind.BOOLEAN, Kind.ATTRIBUTE)
            case tree.IsNull(operand):
                if not isinstance(operand, tree.Name):
                    raise FilterError("a field is expected before is null", operand.at)
                self._find_field(operand)
        return condition

    def _check_comparison(self, comparison: tree.Compare) -> Kind:
        left, right = self._find_kind(comparison.left), self._find_kind(comparison.right)
        has_order = comparison.operator in ORDER_OPERATORS
        kinds = {kind for kind in (left, right) if kind not in (None, Kind.ATTRIBUTE)}
        if Kind.TEXTS in kinds:
            raise FilterError("a list of texts is asked with contains", comparison.at)
        if len(kinds) == 2:
            raise FilterError(f"{left} cannot be compared with {right}", comparison.at)
        if not kinds and left is None and right is None:
            raise FilterError("two parameters cannot be compared with each other", comparison.at)
        kind = next(iter(kinds), Kind.NUMBER if has_order else Kind.TEXT)
        if has_order and kind not in ORDERED:
            raise FilterError(
                f"{comparison.operator} compares numbers or dates; here stands {kind}", comparison.at
            )
        for operand in (comparison.left, comparison.right):
            self._declare(operand, ParameterType(kind))
        return kind

    def _check_membership(self, membership: tree.In) -> Kind:
        kind, options = self._find_kind(membership.operand), membership.options
        if kind is Kind.TEXTS:
            raise FilterError("a list of texts is asked with contains", membership.at)
        if isinstance(options, tree.Parameter):
            if kind is None:
                raise FilterError("a field is expected before in", membership.operand.at)
            kind = Kind.TEXT if kind is Kind.ATTRIBUTE else kind
            self._declare(options, ParameterType(kind, is_list=True))
            return kind
        if kind in (None, Kind.ATTRIBUTE):
            kind = next(filter(None, map(self._find_kind, options)), Kind.TEXT)
        for operand in (membership.operand, *options):
            own_kind = self._find_kind(operand)
            if own_kind not in (None, Kind.ATTRIBUTE, kind):
                raise FilterError(f"{kind} is expected here, not {own_kind}", operand.at)
            self._declare(operand, ParameterType(kind))
        return kind

    def _require(self, operand: tree.Operand, *kinds: Kind) -> None:
        """Check that an operand is of one of the kinds; a parameter becomes one of the first."""
        kind = self._find_kind(operand)
        if kind is None:
            self._declare(operand, ParameterType(kinds[0]))
        elif kind not in kinds:
            _refuse(operand, kinds, kind)

    def _declare(self, operand: tree.Operand, wanted: ParameterType) -> None:
        if not isinstance(operand, tree.Parameter):
            return
        declared = self.parameters.setdefault(operand.name, wanted)
        if declared != wanted:
            raise FilterError(
                f"a parameter is of one kind: elsewhere it is {declared}, here {wanted}", operand.at
            )
        if len(self.parameters) > MAX_PARAMETERS:
            raise FilterError(f"a filter may have {MAX_PARAMETERS} parameters at most", operand.at)

    def _find_kind(self, operand: tree.Operand) -> Kind | None:
        """What an operand is; None for a parameter, which is what stands beside it."""
        match operand:
            case tree.Literal(kind):
                return kind
            case tree.Now():
                return Kind.TIME
            case tree.Name():
                return self._find_field(operand).kind
        return None

    def _find_field(self, name: tree.Name) -> Field:
        field = find_field(name)
        self.reads_customer |= isinstance(field, CustomerField)
        return field


def _refuse(operand: tree.Operand, allowed: tuple[Kind, ...], kind: Kind) -> NoReturn:
    if allowed[0] is Kind.BOOLEAN:
        raise FilterError(
            f"a comparison is expected after {kind}, or a field that is true or false", operand.at
        )
    raise FilterError(f"{' or '.join(allowed)} is expected here, not {kind}", operand.at)
