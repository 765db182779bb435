"""The grammar of sequences: events, and their absence, one after the other."""

from segments.events import ATTRIBUTES
from segments.parsing.durations import SECONDS, STEP_DURATION, build_window, write_duration
from segments.parsing.events import EVENT_TYPES, WHERE_KEY, build_types
from segments.parsing.reading import BROKEN, Broken, Reading
from segments.parsing.scalars import Words
from segments.parsing.shapes import Choice, Either, Key, ListOf, Named, Record
from segments.tree.events import EventSet
from segments.tree.rules import Sequence, Step

MAX_STEPS = 10
ATTRIBUTE = Words("attribute", ATTRIBUTES)
SOME_ATTRIBUTES = Named(
    "attributes",
    Either(
        "an attribute or a list of them",
        {"text": ATTRIBUTE, "list": ListOf("attributes", ATTRIBUTE, most=len(ATTRIBUTES))},
    ),
)
STEP_KEYS = (
    WHERE_KEY,
    Key("within", STEP_DURATION, "At most this long after the step before: 1 hour, 2 days (of 24 hours)."),
    Key("after", STEP_DURATION, "At least this long after the step before."),
    Key("same", SOME_ATTRIBUTES, "Attributes that equal those of the event before."),
    Key("different", SOME_ATTRIBUTES, "Attributes that are known of both events and differ."),
)


def build_step(reading: Reading) -> Step | Broken:
    """One step."""
    within, after = reading.get("within"), reading.get("after")
    if within and after and after.number * SECONDS[after.unit] > within.number * SECONDS[within.unit]:
        return reading.refuse(
            "after",
            f"after {write_duration(after)} and within {write_duration(within)} leave no time between them",
        )
    same, different = (build_attributes(reading.get(key, ())) for key in ("same", "different"))
    if both := [name for name in same if name in different]:
        return reading.refuse("different", f"{both[0]} cannot be the same and different")
    events = EventSet(build_types(reading.values[reading.head]), reading.get("where", ()))
    return Step(events, reading.head == "absent", within, after, same, different)


def build_attributes(value: str | tuple[str, ...]) -> tuple[str, ...]:
    """Attributes in their order, each once."""
    chosen = (value,) if isinstance(value, str) else value
    return tuple(name for name in ATTRIBUTES if name in chosen)


def build_sequence(reading: Reading) -> Sequence | Broken:
    """Steps in a window; there is nothing before the first that it could be compared with."""
    window, steps = build_window(reading), reading.values["sequence"]
    if window is BROKEN:
        return BROKEN
    node, first = reading.nodes["sequence"].value[0], steps[0]
    if first.is_absent:
        return reading.reader.refuse(
            node, "the first step is absent; allowed: a sequence begins with an event", is_structural=False
        )
    if first != Step(first.events):
        return reading.reader.refuse(
            node,
            "nothing is before the first step; allowed: within, after, same, different from the second on",
            is_structural=False,
        )
    return Sequence(steps, window)


STEPS = ListOf(
    "steps",
    Choice(
        "a step",
        tuple(
            Record(
                "a step", (Key(head, EVENT_TYPES, about, is_required=True), *STEP_KEYS), build_step, head=head
            )
            for head, about in (
                ("event", "An event of a type, of a list of types, or any."),
                ("absent", "No such event."),
            )
        ),
    ),
    least=2,
    most=MAX_STEPS,
)
