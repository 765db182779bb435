"""Any expression: printed and parsed it is itself, and it matches what a plain evaluator says it does."""

import operator
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from expectations.contracts.snapshot import CustomerSlice, ItemFacts
from serving_app.filters import tree
from serving_app.filters.expression import compile_filter
from serving_app.filters.fields import FilterContext
from serving_app.filters.parser import parse_filter
from serving_app.filters.tree import Kind

NOW = datetime(2026, 2, 21, 12, tzinfo=UTC)
OPERATORS = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
TEXTS = st.sampled_from(["tea", "Tea", "te", "", 'a"b', "a\\b\nc", "größe", "x"])
NUMBERS = st.sampled_from([0.0, 1.0, 2.5, -1.0, 20.0])
TEXT_FIELDS = ("category", "brand", "customer.country", "context.placement", "attributes.kind")
NUMBER_FIELDS = ("price", "n_stock", "customer.n_orders")
BOOLEAN_FIELDS = ("is_in_stock", "is_consumable", "customer.is_known")
LIST_FIELDS = ("category_path", "customer.segments")


def names(paths):
    return st.sampled_from(paths).map(tree.Name)


def literals(kind, values):
    return values.map(lambda value: tree.Literal(kind, value))


texts = names(TEXT_FIELDS) | literals(Kind.TEXT, TEXTS)
numbers = names(NUMBER_FIELDS) | literals(Kind.NUMBER, NUMBERS)
leaves = st.one_of(
    st.builds(tree.Compare, texts, st.sampled_from(["=", "!="]), texts),
    st.builds(tree.Compare, numbers, st.sampled_from(sorted(OPERATORS)), numbers),
    st.builds(tree.In, texts, st.lists(literals(Kind.TEXT, TEXTS), max_size=3).map(tuple)),
    st.builds(tree.In, numbers, st.lists(literals(Kind.NUMBER, NUMBERS), max_size=3).map(tuple)),
    st.builds(tree.Contains, names((*TEXT_FIELDS, *LIST_FIELDS)), literals(Kind.TEXT, TEXTS)),
    st.builds(tree.StartsWith, names(TEXT_FIELDS), literals(Kind.TEXT, TEXTS)),
    st.builds(tree.IsNull, names((*TEXT_FIELDS, *NUMBER_FIELDS, *LIST_FIELDS))),
    st.builds(tree.IsTrue, names(BOOLEAN_FIELDS) | literals(Kind.BOOLEAN, st.booleans())),
)


def groups(parts):
    several = st.lists(parts, min_size=2, max_size=4).map(tuple)
    return st.builds(tree.Not, parts) | st.builds(tree.And, several) | st.builds(tree.Or, several)


conditions = st.recursive(leaves, groups, max_leaves=12)
maybe_text, maybe_number = st.none() | TEXTS, st.none() | NUMBERS
items = st.builds(
    ItemFacts,
    *(st.none(), maybe_text, maybe_text, maybe_number, st.none(), st.none(), st.just(True), st.booleans()),
    category_path=st.lists(TEXTS, max_size=2).map(tuple),
    attributes=st.dictionaries(st.just("kind"), TEXTS),
    is_consumable=st.booleans(),
    n_stock=maybe_number,
)
customers = st.none() | st.builds(
    CustomerSlice,
    *(maybe_text, st.lists(TEXTS, max_size=2).map(tuple), st.none(), NUMBERS, st.none(), st.booleans()),
)
contexts = st.builds(FilterContext, st.just(NOW), maybe_text)


def write(node):
    """The text of a tree, every part in parentheses."""
    match node:
        case tree.Name(path):
            return path
        case tree.Literal(Kind.TEXT, value):
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
            return f'"{quoted}"'
        case tree.Literal(Kind.BOOLEAN, value):
            return str(value).lower()
        case tree.Literal(_, value):
            return f"{value:g}"
        case tree.Compare(left, sign, right):
            return f"{write(left)} {sign} {write(right)}"
        case tree.In(operand, options):
            return f"{write(operand)} in [{', '.join(map(write, options))}]"
        case tree.Contains(operand, part):
            return f"{write(operand)} contains {write(part)}"
        case tree.StartsWith(operand, prefix):
            return f"{write(operand)} starts with {write(prefix)}"
        case tree.IsNull(operand):
            return f"{write(operand)} is null"
        case tree.IsTrue(operand):
            return write(operand)
        case tree.Not(inner):
            return f"not ({write(inner)})"
        case tree.And(parts):
            return " and ".join(f"({write(part)})" for part in parts)
        case tree.Or(parts):
            return " or ".join(f"({write(part)})" for part in parts)


def judge(node, values):
    """True, False or None (unknown), by SQL's rules."""
    match node:
        case tree.Name(path):
            return values[path]
        case tree.Literal(_, value):
            return value
        case tree.IsTrue(operand):
            return judge(operand, values)
        case tree.IsNull(operand):
            return judge(operand, values) is None
        case tree.Not(inner):
            return {True: False, False: True, None: None}[judge(inner, values)]
        case tree.And(parts):
            found = [judge(part, values) for part in parts]
            return False if False in found else None if None in found else True
        case tree.Or(parts):
            found = [judge(part, values) for part in parts]
            return True if True in found else None if None in found else False
        case tree.In(operand, options):
            value = judge(operand, values)
            return None if value is None else any(value == option.value for option in options)
        case tree.Compare(left, sign, right):
            sides, test = (judge(left, values), judge(right, values)), OPERATORS[sign]
        case tree.Contains(operand, part):
            sides, test = (judge(operand, values), judge(part, values)), operator.contains
        case tree.StartsWith(operand, prefix):
            sides, test = (judge(operand, values), judge(prefix, values)), str.startswith
    return None if None in sides else test(*sides)


def list_values(item, customer, context):
    return {
        "category": item.category,
        "brand": item.brand,
        "price": item.price,
        "n_stock": item.n_stock,
        "is_in_stock": item.is_in_stock,
        "is_consumable": item.is_consumable,
        "category_path": item.category_path or None,
        "attributes.kind": item.attributes.get("kind"),
        "customer.country": customer and customer.country,
        "customer.segments": customer.segment_ids if customer else (),
        "customer.n_orders": customer and customer.n_orders,
        "customer.is_known": customer.is_known if customer else False,
        "context.placement": context.placement,
    }


@given(conditions)
def test_what_is_printed_is_parsed_as_it_was(condition):
    assert parse_filter(write(condition)) == condition


@given(conditions, st.lists(items, min_size=1, max_size=4), customers, contexts)
def test_as_a_plain_evaluator_says(condition, several, customer, context):
    is_match = compile_filter(write(condition)).bind(customer, context)
    for item in several:
        wanted = judge(condition, list_values(item, customer, context)) is True
        assert is_match("i", item) is wanted


@given(conditions, items, customers, contexts)
def test_an_item_matches_an_expression_or_its_contrary_and_never_both(condition, item, customer, context):
    text = write(condition)
    assert not (
        compile_filter(text).matches("i", item, customer, context)
        and compile_filter(f"not ({text})").matches("i", item, customer, context)
    )
