"""A measure, `op` and `value`: the rule that compares them, checked against what the measure is."""

from segments.parsing.measures import MEASURES, find_kind
from segments.parsing.reading import BROKEN, Broken, Reading
from segments.parsing.scalars import FINITE, Boolean, Number, Text, Words
from segments.parsing.shapes import Either, Key, ListOf, Named, Record
from segments.tree.measures import Constant, FieldValue, Measure, Selection
from segments.tree.rules import Between, Compare, Group, IsKnown, OneOf, Rule

COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
OPERATORS = (*COMPARISONS, "between", "in", "is_known")
NUMBER, TEXT = Number("value"), Text("value")
PYTHON_KINDS = {"number": (int, float), "text": (str,)}


def declare_comparison(form: Record, measure: Named) -> Record:
    """A measure's form with `op` and `value` behind it, as a rule."""
    scalars = {"text": TEXT, "number": NUMBER}
    kinds = {
        **scalars,
        "boolean": Boolean("value"),
        "list": ListOf("numbers or texts", Either("a number or a text", scalars)),
        "mapping": measure,
    }
    value = Named(
        f"value_beside_{measure.name}", Either("a number, a text, true, false, a list or a measure", kinds)
    )
    keys = (
        *form.keys,
        Key("op", Words("op", OPERATORS), "How the measure is compared with the value.", is_required=True),
        Key("value", value, "What the measure is compared with.", is_required=True),
    )

    def build(reading: Reading) -> Rule | Broken:
        built = form.build(reading)
        return BROKEN if built is BROKEN else build_comparison(built, reading)

    return Record(form.noun, keys, build, form.exclusive, head=form.head)


def build_comparison(measure: Measure, reading: Reading) -> Rule | Broken:
    """The rule that a measure is compared so."""
    kind = find_kind(measure, reading.reader.fields)
    op, value = reading.values["op"], reading.values["value"]
    if op == "is_known":
        if not isinstance(value, bool):
            return refuse_value(measure, reading, "true or false")
        return IsKnown(measure) if value else Group("not", (IsKnown(measure),))
    if op == "between":
        if kind != "number" or not are_of_kind(value, "number") or len(value) != 2 or value[0] > value[1]:
            allowed = f"two numbers [low, high], both ends included, {FINITE}"
            return refuse_value(measure, reading, allowed if kind == "number" else list_operators(kind))
        return Between(measure, *value)
    if op == "in":
        if kind == "boolean" or not are_of_kind(value, kind):
            allowed = list_operators(kind) if kind == "boolean" else f"a list of {kind}s"
            return refuse_value(measure, reading, f"{allowed}{', ' + FINITE if kind == 'number' else ''}")
        return OneOf(measure, tuple(dict.fromkeys(value)))
    if kind != "number" and op not in ("=", "!="):
        return refuse_value(measure, reading, list_operators(kind))
    if isinstance(value, MEASURES):
        return compare_measures(measure, value, reading)
    if kind == "boolean":
        is_right = isinstance(value, bool)
    else:
        is_right = not isinstance(value, bool) and isinstance(value, PYTHON_KINDS[kind])
    if not is_right:
        allowed = {"boolean": list_operators(kind), "text": "a text, in quotes where it is a number"}
        return refuse_value(measure, reading, allowed.get(kind, f"a number, {FINITE}"))
    return Compare(measure, op, Constant(value))


def compare_measures(measure: Measure, other: Measure, reading: Reading) -> Rule | Broken:
    """The rule that compares two measures of one kind."""
    kind, other_kind = (find_kind(each, reading.reader.fields) for each in (measure, other))
    if kind != other_kind:
        return reading.refuse("value", f"is a {other_kind}; {name_measure(measure)} is a {kind}")
    return Compare(measure, reading.values["op"], other)


def are_of_kind(value: object, kind: str) -> bool:
    """Whether a value is a list of numbers, or of texts."""
    return isinstance(value, tuple) and all(
        isinstance(each, PYTHON_KINDS[kind]) and not isinstance(each, bool) for each in value
    )


def list_operators(kind: str) -> str:
    """What a boolean or a text can be compared with, and how."""
    return "true or false, with = or !=" if kind == "boolean" else "a text with = or !=, or a list with in"


def refuse_value(measure: Measure, reading: Reading, allowed: str) -> Broken:
    """Note that a measure cannot be compared so."""
    name, op = name_measure(measure), reading.values["op"]
    kind, value = find_kind(measure, reading.reader.fields), show_value(reading.values["value"])
    return reading.refuse("value", f"{name} {op} {value}; {name} is a {kind}, which here takes {allowed}")


def show_value(value: object) -> str:
    """A value in a sentence."""
    if isinstance(value, MEASURES):
        return "a measure"
    if isinstance(value, bool):
        return str(value).lower()
    return repr(list(value) if isinstance(value, tuple) else value)[:60]


def name_measure(measure: Measure) -> str:
    """A measure in a sentence."""
    if isinstance(measure, FieldValue):
        return measure.name
    if isinstance(measure, Selection):
        return f"{measure.which} {measure.attribute}"
    return "the measure"
