"""The grammar of rules: comparisons, ages, sequences, other segments, lists, and groups of them.

The rules inside `any_value` are a smaller grammar of the same forms: counts, totals, ages and groups.
"""

from functools import cache

from segments.events import ATTRIBUTES
from segments.parsing.comparisons import declare_comparison
from segments.parsing.durations import DAYS, DURATION
from segments.parsing.events import (
    EVENT_TYPES,
    LIST_NAME,
    SET_EXCLUSIVE,
    SET_KEYS,
    build_events,
)
from segments.parsing.measures import declare_counting_forms, declare_other_forms
from segments.parsing.reading import BROKEN, Broken, Reading
from segments.parsing.scalars import Number, Pattern, Text, Words
from segments.parsing.sequences import STEPS, build_sequence
from segments.parsing.shapes import Choice, Key, ListOf, Named, Record
from segments.parsing.text import NAME
from segments.tree.rules import Age, Anniversary, AnyValue, Group, InList, InSegment, RandomShare

SEGMENT_ID = Pattern("segment_id", NAME, "small letters, digits and underscores")
ANY_VALUE_ATTRIBUTES = ("item_id", "category", "brand", "session_id", "order_id")
MAX_DAYS = 365


def build_age(reading: Reading) -> Age | Broken:
    """How long ago the first or last event was."""
    events = build_events(reading, reading.head)
    if events is BROKEN:
        return BROKEN
    ((op, duration),) = reading.values["ago"].items()
    return Age(reading.head, events, op, duration)


def build_anniversary_events(reading: Reading):
    """Of which event the anniversary is."""
    events = build_events(reading, reading.head)
    return BROKEN if events is BROKEN else (reading.head, events)


def build_anniversary(reading: Reading) -> Anniversary | Broken:
    """Whether an anniversary comes soon."""
    duration = reading.values["within_next"]
    days = duration.number * (7 if duration.unit == "week" else 1)
    if days > MAX_DAYS:
        return reading.refuse(
            "within_next", f"{days} days hold every anniversary; allowed: at most {MAX_DAYS} days"
        )
    return Anniversary(*reading.values["anniversary"], days)


def build_any_value(reading: Reading) -> AnyValue:
    """A rule of the events of one value."""
    return AnyValue(reading.values["any_value"], reading.values["holds"])


def build_in_segment(reading: Reading) -> InSegment:
    """Being in another segment."""
    reading.refer("segment", "segment")
    return InSegment(reading.values["segment"], reading.get("for"), reading.get("entered_within"))


def build_in_list(reading: Reading) -> InList:
    """Being on an uploaded list."""
    reading.refer("list of customers", "list")
    return InList(reading.values["list"])


def build_random(reading: Reading) -> RandomShare:
    """A stable random share."""
    return RandomShare(reading.values["random"], reading.values["seed"])


def build_group(reading: Reading) -> Group:
    """Rules joined."""
    inside = reading.values[reading.head]
    return Group(reading.head, inside if isinstance(inside, tuple) else (inside,))


def declare_rule(head, shape, about, build, *more: Key, marker: str = "", exclusive=()) -> Record:
    """A rule of its own, told by its head."""
    keys = (Key(head, shape, about, is_required=True), *more)
    return Record(f"a rule of {head}", keys, build, exclusive, head=head, marker=marker)


AGO = Record(
    "ago",
    (
        Key(">=", DURATION, "This long ago or longer."),
        Key("<", DURATION, "Less than this long ago."),
    ),
    least=1,
    most=1,
)
ANNIVERSARY = Choice(
    "an event",
    tuple(
        declare_rule(
            which,
            EVENT_TYPES,
            f"Of the {which} event of a type, of a list of types, or any.",
            build_anniversary_events,
            *SET_KEYS,
            exclusive=SET_EXCLUSIVE,
        )
        for which in ("first", "last")
    ),
)


def declare_ages() -> list[Record]:
    """The forms on how long ago the first or last event was."""
    ago = Key("ago", AGO, 'How long ago: {">=": 90 days} or {"<": 1 hour}.', is_required=True)
    return [
        declare_rule(
            which,
            EVENT_TYPES,
            f"The {which} event of a type, of a list of types, or any, is so long ago.",
            build_age,
            ago,
            *SET_KEYS,
            marker="ago",
            exclusive=SET_EXCLUSIVE,
        )
        for which in ("first", "last")
    ]


def declare_groups(rule: Named) -> list[Record]:
    """The forms that join rules."""
    some = ListOf("rules", rule, most=200)
    return [
        declare_rule("all", some, "All of these rules hold.", build_group),
        declare_rule("any", some, "At least one of these rules holds.", build_group),
        declare_rule("not", rule, "The rule does not hold.", build_group),
    ]


def declare_others() -> list[Record]:
    """The forms that do not stand inside `any_value`."""
    next_days = Key("within_next", DAYS, "Today and the days after it, in all so many.", is_required=True)
    holds = Key("holds", INNER_RULE, "What is true of the events with that value.", is_required=True)
    stays = (
        Key("for", DURATION, "In it on end for at least this long."),
        Key("entered_within", DURATION, "The present stay began this short a time ago."),
    )
    seed = Key("seed", Text("seed"), "Another seed draws another share.", is_required=True)
    return [
        declare_rule("anniversary", ANNIVERSARY, "An anniversary of an event.", build_anniversary, next_days),
        declare_rule(
            "sequence",
            STEPS,
            "Events that follow each other.",
            build_sequence,
            *SET_KEYS[1:],
            exclusive=SET_EXCLUSIVE,
        ),
        declare_rule(
            "any_value",
            Words(
                "attribute", ANY_VALUE_ATTRIBUTES, {name: f"any_value knows no {name}" for name in ATTRIBUTES}
            ),
            "There is a value of this attribute of which `holds` is true.",
            build_any_value,
            holds,
        ),
        declare_rule(
            "segment",
            SEGMENT_ID,
            "In another segment.",
            build_in_segment,
            *stays,
            exclusive=("for", "entered_within"),
        ),
        declare_rule("list", LIST_NAME, "On an uploaded list of customers.", build_in_list),
        declare_rule("random", Number("random", 0, 1), "Of a stable random share.", build_random, seed),
    ]


@cache
def declare_rules() -> Choice:
    """The grammar of a definition's rule."""
    measures = [*declare_counting_forms(MEASURE), *declare_other_forms()]
    comparisons = [declare_comparison(form, MEASURE) for form in measures]
    forms = (*comparisons, *declare_others(), *declare_groups(RULE))
    return Choice("a rule", (*declare_ages(), *forms))


@cache
def declare_inner_rules() -> Choice:
    """The grammar of rules inside `any_value`."""
    comparisons = [declare_comparison(form, INNER_MEASURE) for form in declare_counting_forms(INNER_MEASURE)]
    forms = (*declare_ages(), *comparisons, *declare_groups(INNER_RULE))
    return Choice("a rule", forms, OUTSIDE)


@cache
def declare_measures() -> Choice:
    """The grammar of what a rule compares with, and of the parts of arithmetic."""
    return Choice("a measure", (*declare_counting_forms(MEASURE), *declare_other_forms()))


@cache
def declare_inner_measures() -> Choice:
    """The grammar of measures inside `any_value`."""
    return Choice("a measure", tuple(declare_counting_forms(INNER_MEASURE)), OUTSIDE)


OUTSIDE = {
    head: f"{head} may not stand inside any_value, which looks at the events of one value"
    for head in (
        "field",
        "first",
        "last",
        "most_frequent",
        "distance_to",
        "anniversary",
        "sequence",
        "any_value",
        "segment",
        "list",
        "random",
    )
}
RULE = Named("rule", declare_rules)
INNER_RULE = Named("rule_of_one_value", declare_inner_rules)
MEASURE = Named("measure", declare_measures)
INNER_MEASURE = Named("measure_of_one_value", declare_inner_measures)
