"""A rule of the tree as a definition has it: what a parser must understand as the same rule."""

from typing import Any

from segments.tree import measures, rules
from segments.tree.events import Duration, EventSet, Filter, LocalTime, Near, Period, Within

NAMES = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide"}


class UnwritableError(ValueError):
    """The language has no words for this tree."""


def write_rule(rule: rules.Rule) -> dict[str, Any]:
    match rule:
        case rules.Group("not", (part,)):
            return {"not": write_rule(part)}
        case rules.Group(operator, parts):
            return {operator: [write_rule(part) for part in parts]}
        case rules.Compare(left, op, right):
            value = right.value if isinstance(right, measures.Constant) else write_measure(right)
            return {**write_head(left), "op": op, "value": value}
        case rules.Between(inner, low, high):
            return {**write_head(inner), "op": "between", "value": [+low, +high]}
        case rules.OneOf(inner, values):
            return {**write_head(inner), "op": "in", "value": list(values)}
        case rules.IsKnown(inner):
            return {**write_head(inner), "op": "is_known", "value": True}
        case rules.Age(which, events, op, duration):
            return {**write_events(which, events), "ago": {op: write_duration(duration)}}
        case rules.Anniversary(which, events, days):
            if days > 365:
                raise UnwritableError("every anniversary")
            return {"anniversary": write_events(which, events), "within_next": f"{days} days"}
        case rules.Sequence(steps, window):
            return {"sequence": [write_step(step) for step in steps], **write_window(window)}
        case rules.AnyValue(attribute, inner):
            return {"any_value": attribute, "holds": write_rule(inner)}
        case rules.InSegment(name, at_least, within):
            if at_least and within:
                raise UnwritableError("two lengths of a stay")
            lengths = {"for": at_least, "entered_within": within}
            return {"segment": name, **{key: write_duration(each) for key, each in lengths.items() if each}}
        case rules.InList(name):
            return {"list": name}
        case rules.RandomShare(share, seed):
            return {"random": share, "seed": seed}
    raise TypeError(f"no rule: {rule!r}")


def write_head(measure: measures.Measure) -> dict[str, Any]:
    if isinstance(measure, measures.Constant):
        raise UnwritableError("a constant compared")
    return write_measure(measure)


def write_measure(measure: measures.Measure) -> Any:
    match measure:
        case measures.Constant(value):
            return value
        case measures.FieldValue(name):
            return {"field": name}
        case measures.Count(events):
            return write_events("count", events)
        case measures.CountDistinct(attribute, events):
            return {"distinct": attribute, **write_events("of", events)}
        case measures.Aggregate(name, attribute, events) | measures.Selection(name, attribute, events):
            return {name: attribute, **write_events("of", events)}
        case measures.DistanceTo(latitude, longitude, events):
            return {"distance_to": [latitude, longitude], **write_events("of", events)}
        case measures.Arithmetic(operator, left, right):
            return {NAMES[operator]: [write_measure(left), write_measure(right)]}
    raise TypeError(f"no measure: {measure!r}")


def write_events(key: str, events: EventSet) -> dict[str, Any]:
    types = list(events.types)
    where = {"where": write_where(events.filters)} if events.filters else {}
    return {key: types[0] if len(types) == 1 else types or "any", **where, **write_window(events.window)}


def write_where(filters: tuple[Filter | Near | LocalTime, ...]) -> dict[str, Any]:
    where: dict[str, Any] = {}
    for each in filters:
        if isinstance(each, Filter):
            values = [bool(each.values[0])] if each.op == "is_known" else list(each.values)
            several = each.op in ("between", "in", "not_in") or len(each.values) > 1
            written = where.setdefault(each.attribute, {})
            add(written, each.op, values if several else values[0])
        elif isinstance(each, Near):
            add(where, "near", {"km": each.km, "of": [each.latitude, each.longitude]})
        elif each.start == each.end:
            raise UnwritableError("a whole day")
        else:
            add(where, "local_time", [f"{at // 60:02}:{at % 60:02}" for at in (each.start, each.end)])
    return where


def add(mapping: dict[str, Any], key: str, value: Any) -> None:
    if key in mapping:
        raise UnwritableError("one key twice")
    mapping[key] = value


def write_window(window: Within | Period | None) -> dict[str, Any]:
    match window:
        case Within(start, None):
            return {"within": write_duration(start)}
        case Within(start, end):
            return {"between": [write_duration(end), write_duration(start)]}
        case Period(unit, 0):
            return {"period": f"this {unit}"}
        case Period(unit, ago):
            return {"period": {f"{unit}s_ago": ago}}
    return {}


def write_step(step: rules.Step) -> dict[str, Any]:
    if {*step.same} & {*step.different}:
        raise UnwritableError("same and different")
    more = {"within": step.within, "after": step.after}
    lengths = {key: write_duration(each) for key, each in more.items() if each}
    attributes = {"same": list(step.same), "different": list(step.different)}
    events = write_events("absent" if step.is_absent else "event", step.events)
    return {**events, **lengths, **{key: each for key, each in attributes.items() if each}}


def write_duration(duration: Duration) -> str:
    return f"{duration.number} {duration.unit}{'s' * (duration.number > 1)}"
