"""Lengths of time and windows of the shop's calendar, as they are written."""

import re

from segments.parsing.documents import Node
from segments.parsing.reading import Broken, Reader, Reading
from segments.parsing.scalars import Pattern, Whole
from segments.parsing.shapes import Either, Key, Named, Pair, Record
from segments.tree.events import Duration, Period, Window, Within

ELAPSED = ("second", "minute", "hour", "day", "week")
UNITS = (*ELAPSED, "month", "year")
SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
CENTURY = (36_525 + 5) * 86_400  # and what months may be longer than their mean
PERIODS = {"day": 36_525, "week": 5_218, "month": 1_200, "quarter": 400, "year": 100}  # a century of each


def build_duration(match: re.Match, node: Node, reader: Reader) -> Duration | Broken:
    """A length of time, above zero and at most a century."""
    duration = Duration(int(match["number"]), match["unit"])
    if duration.number == 0:
        message = f"{match.group()!r} has no length; allowed: 1 {duration.unit} or more"
        return reader.refuse(node, message, is_structural=False)
    if find_extent(duration)[1] > CENTURY:
        return reader.refuse(node, f"{match.group()!r} is longer than 100 years", is_structural=False)
    return duration


def declare_duration(units: tuple[str, ...], allowed: str) -> Pattern:
    """The shape of a length of time in some units."""
    pattern = rf"^(?P<number>[0-9]{{1,10}}) (?P<unit>{'|'.join(units)})s?$"
    return Pattern("a length of time", pattern, allowed, build_duration)


DURATION = Named("duration", declare_duration(UNITS, f"a number and a unit ({', '.join(UNITS)}), as 7 days"))
STEP_DURATION = Named(
    "duration_of_step",
    declare_duration(
        ELAPSED, f"{', '.join(ELAPSED)} (between two events a day is 24 hours; a month has no fixed length)"
    ),
)
DAYS = declare_duration(("day", "week"), "days or weeks, as 7 days")


def find_extent(duration: Duration) -> tuple[int, int]:
    """The least and the most seconds that a duration back from some moment is on some calendar: of a day an
    hour less or more, by the clock's change; of months as the calendar has them. Where an island left out a
    whole day, a window may be empty for once.
    """
    number, unit = duration.number, duration.unit
    if unit in ("second", "minute", "hour"):
        return number * SECONDS[unit], number * SECONDS[unit]
    if unit in ("day", "week"):
        return number * SECONDS[unit] - 3600, number * SECONDS[unit] + 3600
    months = number * (12 if unit == "year" else 1)
    shortest = months * 28 if months < 12 else int(months * 30.436875) - 4
    longest = months * 31 if months < 12 else int(months * 30.436875) + 4
    return shortest * SECONDS["day"] - 3600, longest * SECONDS["day"] + 3600


def is_nearer(near: Duration, far: Duration) -> bool:
    """Whether one duration ends nearer to `now` than another, at every `now`."""
    for units in (("second", "minute", "hour"), ("day", "week"), ("month", "year")):
        if near.unit in units and far.unit in units:
            factors = {**SECONDS, "month": 1, "year": 12}
            return near.number * factors[near.unit] < far.number * factors[far.unit]
    return find_extent(near)[1] < find_extent(far)[0]


def build_period(reading: Reading) -> Period | Broken:
    """A whole period of the calendar, some periods ago."""
    ((key, ago),) = reading.values.items()
    unit = key.removesuffix("s_ago")
    if ago > PERIODS[unit]:
        return reading.refuse(key, f"{ago} {unit}s are longer than 100 years")
    return Period(unit, ago)


def build_this_period(match: re.Match, node: Node, reader: Reader) -> Period:
    """The period of the calendar that now is in."""
    return Period(match["unit"], 0)


PERIOD = Named(
    "period",
    Either(
        "this month, or a mapping as {months_ago: 1}",
        {
            "text": Pattern(
                "a period",
                rf"^this (?P<unit>{'|'.join(PERIODS)})$",
                f"this {', this '.join(PERIODS)}, or as {{months_ago: 1}}",
                build_this_period,
            ),
            "mapping": Record(
                "period",
                tuple(
                    Key(
                        f"{unit}s_ago",
                        Whole(f"{unit}s_ago", 1, PERIODS["day"]),
                        f"the {unit} so many {unit}s ago",
                    )
                    for unit in PERIODS
                ),
                build_period,
                least=1,
                most=1,
            ),
        },
    ),
)

WINDOW_NAMES = ("within", "between", "period")
WINDOW_KEYS = (
    Key(
        "within", DURATION, "Only events of this long before now: 7 days. Days count on the shop's calendar."
    ),
    Key(
        "between",
        Named(
            "between", Pair("two lengths of time [nearer, further]: [7 days, 30 days]", DURATION, DURATION)
        ),
        "Only events between two times ago, the nearer first: [7 days, 30 days].",
    ),
    Key("period", PERIOD, "Only events of a period of the shop's calendar: this month, {months_ago: 1}."),
)


def build_window(reading: Reading) -> Window | Broken:
    """The window that stands in a mapping; None where none does."""
    if "within" in reading.values:
        return Within(reading.values["within"])
    if "between" in reading.values:
        near, far = reading.values["between"]
        if not is_nearer(near, far):
            return reading.refuse(
                "between",
                f"{write_duration(near)} does not always end nearer to now than {write_duration(far)};"
                " allowed: [nearer, further], as [7 days, 30 days]",
            )
        return Within(far, near)
    return reading.get("period")


def write_duration(duration: Duration) -> str:
    """A duration as a definition has it."""
    return f"{duration.number} {duration.unit}{'' if duration.number == 1 else 's'}"
