"""Rules and what they measure in words, as an explanation or a table shows them."""

from segments.tree import measures, rules
from segments.tree.events import Duration, EventSet, Filter, LocalTime, Near, Period, Value, Window

OPPOSITE = {">=": "<", ">": "<=", "<": ">=", "<=": ">", "=": "!=", "!=": "="}
IS = {
    ">=": "is at least",
    ">": "is above",
    "<": "is below",
    "<=": "is at most",
    "=": "is",
    "!=": "is other than",
}
THIS = {0: "this", 1: "last"}


def describe_rule(rule: rules.Rule) -> str:
    """A rule in a line."""
    match rule:
        case rules.Group("not", (inner,)):
            return f"not ({describe_rule(inner)})"
        case rules.Group(operator, parts):
            word = " and " if operator == "all" else " or "
            return word.join(
                f"({describe_rule(part)})" if isinstance(part, rules.Group) else describe_rule(part)
                for part in parts
            )
        case rules.Compare(measure, op, other):
            return f"{describe_measure(measure)} {op} {describe_measure(other)}"
        case rules.Between(measure, low, high):
            return f"{describe_measure(measure)} between {low} and {high}"
        case rules.OneOf(measure, values):
            return f"{describe_measure(measure)} in {list_values(values)}"
        case rules.IsKnown(measure):
            return f"{describe_measure(measure)} is known"
        case rules.Age(which, events, op, duration):
            word = "at least" if op == ">=" else "less than"
            return f"{which} {describe_events(events)} {word} {describe_duration(duration)} ago"
        case rules.Anniversary(which, events, days):
            return f"anniversary of the {which} {describe_events(events)} within the next {days} days"
        case rules.Sequence(steps, window):
            return " then ".join(map(describe_step, steps)) + describe_window(window)
        case rules.AnyValue(attribute, inner):
            return f"any {attribute} with {describe_rule(inner)}"
        case rules.InSegment(segment_id, since, within):
            stay = f" for {describe_duration(since)}" if since else ""
            return f"in {segment_id}{stay}" + (f" for at most {describe_duration(within)}" if within else "")
        case rules.InList(name):
            return f"on the list {name}"
        case rules.RandomShare(share, seed):
            return f"of the random share {share:g} of {seed}"
    raise TypeError(f"{rule!r} is no rule")


def describe_turn(rule: rules.Rule, *, holds: bool) -> str:
    """What would be true of a customer if a clause turned that holds now, or does not."""
    match rule:
        case rules.Compare(measure, op, other):
            word = IS[OPPOSITE[op] if holds else op]
            return f"{describe_measure(measure)} {word} {describe_measure(other)}"
        case rules.Between(measure, low, high):
            return f"{describe_measure(measure)} is {'not ' if holds else ''}between {low} and {high}"
        case rules.OneOf(measure, values):
            word = "none" if holds else "one"
            return f"{describe_measure(measure)} is {word} of {list_values(values)}"
        case rules.IsKnown(measure):
            return f"{describe_measure(measure)} is {'un' if holds else ''}known"
    return f'"{describe_rule(rule)}" {"no longer holds" if holds else "holds"}'


def describe_measure(measure: measures.Measure) -> str:
    """A measure in words."""
    match measure:
        case measures.Constant(value):
            return describe_value(value)
        case measures.FieldValue(name):
            return name
        case measures.Count(events):
            return f"number of {describe_events(events)}"
        case measures.CountDistinct(attribute, events):
            return f"different {attribute} of {describe_events(events)}"
        case measures.Aggregate(function, attribute, events):
            return f"{function} of {attribute} of {describe_events(events)}"
        case measures.Selection(which, attribute, events):
            return f"{which.replace('_', ' ')} {attribute} of {describe_events(events)}"
        case measures.DistanceTo(latitude, longitude, events):
            return f"kilometres from {latitude:g}, {longitude:g} to the last {describe_events(events)}"
        case measures.Arithmetic(operator, left, right):
            return f"({describe_measure(left)} {operator} {describe_measure(right)})"
    raise TypeError(f"{measure!r} is no measure")


def describe_events(events: EventSet) -> str:
    """A set of events in words."""
    filters = " and ".join(map(describe_filter, events.filters))
    where = f" where {filters}" if filters else ""
    return f"{' or '.join(events.types) or 'event'}{where}{describe_window(events.window)}"


def describe_filter(condition: Filter | Near | LocalTime) -> str:
    """A filter in words."""
    match condition:
        case Filter(attribute, "is_known", (is_known,)):
            return f"{attribute} is {'' if is_known else 'not '}known"
        case Filter(attribute, "between", (low, high)):
            return f"{attribute} between {low} and {high}"
        case Filter(attribute, op, values):
            return f"{attribute} {op.replace('_', ' ')} {list_values(values)}"
        case Near(km, latitude, longitude):
            return f"at most {km:g} km from {latitude:g}, {longitude:g}"
        case LocalTime(start, end):
            return f"from {start // 60:02}:{start % 60:02} to {end // 60:02}:{end % 60:02} local time"
    raise TypeError(f"{condition!r} is no filter")


def describe_window(window: Window) -> str:
    """A window in words, with a space before it; empty for one without bounds."""
    if window is None:
        return ""
    if isinstance(window, Period):
        if window.ago in THIS:
            return f" {THIS[window.ago]} {window.unit}"
        return f" in the {window.unit} {window.ago} {window.unit}s ago"
    if window.end is None:
        return f" within {describe_duration(window.start)}"
    return f" between {describe_duration(window.end)} and {describe_duration(window.start)} ago"


def describe_step(step: rules.Step) -> str:
    """A step of a sequence in words."""
    words = [f"{'no ' if step.is_absent else ''}{describe_events(step.events)}"]
    words += [f"of the same {name}" for name in step.same] + [f"of another {name}" for name in step.different]
    words += [f"after {describe_duration(step.after)}"] if step.after else []
    words += [f"within {describe_duration(step.within)}"] if step.within else []
    return " ".join(words)


def describe_duration(duration: Duration) -> str:
    """A length of time in words."""
    return f"{duration.number} {duration.unit}{'' if duration.number == 1 else 's'}"


def list_values(values: tuple[Value, ...]) -> str:
    """Values, five at most."""
    more = f" and {len(values) - 5} more" if len(values) > 5 else ""
    return ", ".join(map(describe_value, values[:5])) + more


def describe_value(value: Value) -> str:
    """A value as a definition writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
