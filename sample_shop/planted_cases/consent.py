"""Consent given and taken back by events as well as by records, with words that are no boolean.

The rule each last word follows: the newest by time holds; of two at one moment the no; what is said and
cannot be read as a yes is a no; an absent, null or empty one is no word.
"""

from typing import Any, NamedTuple

from sample_shop.planted_cases.records import (
    ABSENT,
    EventVisitor,
    ExpectedFact,
    PlantedDay,
    PlantedLine,
    PlantingSite,
    format_event,
    format_person_record,
)

FIRST_DAY, EVERY = 2, 21
IMPOSSIBLE_TIME = "2126-01-05T08:00:00.000Z"


class ConsentStatement(NamedTuple):
    """What somebody says on a day of their story, at an hour, on their card or on an event."""

    day: int
    hour: float
    value: Any
    carrier: str = "event"


# Story → its words in order of time, and what holds in the end.
STORIES: dict[str, tuple[tuple[ConsentStatement, ...], bool]] = {
    "yes_no_yes": (
        (ConsentStatement(0, 9, True), ConsentStatement(1, 9, False), ConsentStatement(2, 9, True)),
        True,
    ),
    "yes_no": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, False)), False),
    "no_yes": ((ConsentStatement(0, 9, False), ConsentStatement(1, 9, True)), True),
    "tie": (
        (ConsentStatement(0, 9, False), ConsentStatement(1, 9, True), ConsentStatement(1, 9, False)),
        False,
    ),
    "tie_no_first": (
        (ConsentStatement(0, 9, True), ConsentStatement(1, 9, False), ConsentStatement(1, 9, True)),
        False,
    ),
    "late_evening_no": ((ConsentStatement(0, 9, True), ConsentStatement(1, 23, False)), False),
    "granted": ((ConsentStatement(0, 9, False), ConsentStatement(1, 9, "granted")), True),
    "yes_in_words": ((ConsentStatement(0, 9, False), ConsentStatement(1, 9, "Yes")), True),
    "one": ((ConsentStatement(0, 9, False), ConsentStatement(1, 9, 1)), True),
    "denied": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, "denied")), False),
    "no_in_words": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, "no")), False),
    "zero": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, 0)), False),
    "object": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, {"status": "granted"})), False),
    "list": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, ["yes"])), False),
    "null": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, None)), True),
    "empty": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, "")), True),
    "silent": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, ABSENT)), True),
    "card_yes_event_no": ((ConsentStatement(0, 9, "true", "card"), ConsentStatement(1, 9, False)), False),
    "event_no_card_yes": ((ConsentStatement(0, 9, False), ConsentStatement(1, 9, "true", "card")), True),
    "card_no_event_yes": ((ConsentStatement(0, 9, "false", "card"), ConsentStatement(1, 9, True)), True),
    "event_yes_card_no": ((ConsentStatement(0, 9, True), ConsentStatement(1, 9, "false", "card")), False),
    "refused_card_no": (
        (
            ConsentStatement(0, 9, True),
            ConsentStatement(0, 10, "true", "card"),
            ConsentStatement(1, 9, "false", "spoiled card"),
        ),
        False,
    ),
    "impossible_yes": ((ConsentStatement(0, 9, False), ConsentStatement(1, 9, True, "spoiled event")), False),
}
# their last word is kept as a no, and told in quarantine besides
DOUBTFUL = (
    "denied",
    "no_in_words",
    "zero",
    "object",
    "list",
)


def add_cases(site: PlantingSite, day: PlantedDay) -> None:
    """Each story's words of the day, its card as it is that night, and what holds from the day on."""
    begin = FIRST_DAY + (site.day - FIRST_DAY) // EVERY * EVERY
    if site.day < FIRST_DAY:
        return
    for number in range(FIRST_DAY, begin + 1, EVERY):
        for story, (statements, holds) in STORIES.items():
            add_consent_story(site, day, story, number, statements, holds)


def add_consent_story(
    site: PlantingSite,
    day: PlantedDay,
    story: str,
    begin: int,
    statements: tuple[ConsentStatement, ...],
    holds: bool,
) -> None:
    """One story that begins on day number `begin`; later days hold its card alone."""
    name, today = f"consent {story} {begin}", site.day - begin
    user, browser = site.make_user_id(name), site.make_anonymous_id(name)
    for number, word in enumerate(statements):
        if word.day != today or word.carrier not in ("event", "spoiled event"):
            continue
        at_text, reason = (IMPOSSIBLE_TIME, "bad_time") if word.carrier == "spoiled event" else ("", "")
        reason = "bad_value" if story in DOUBTFUL and number == len(statements) - 1 else reason
        visitor = EventVisitor(browser, user, word.value)
        line = format_event(site, f"{name} {number}", site.moment_ms(word.hour), visitor, timestamp=at_text)
        day.lines["events"].append(PlantedLine(f"consent_{story}", user, line, reason))
    card = [word for word in statements if "card" in word.carrier and word.day <= today]
    if card:
        last, at = (
            card[-1],
            {
                word.day: PlantingSite(site.seed, begin + word.day, site.items).moment_ms(word.hour)
                for word in card
            },
        )
        fields = {"user_id": user, "personalization_consent": last.value}
        if last.carrier == "spoiled card":
            fields["birth_date"] = "1980-02-31"
        line = format_person_record(f"C{user}", at[card[0].day], at[last.day], **fields)
        day.lines["people"].append(
            PlantedLine(
                f"consent_{story}", f"C{user}", line, "bad_time" if last.carrier == "spoiled card" else ""
            )
        )
    if today == max(word.day for word in statements):
        day.facts.append(ExpectedFact("consent", user, {"story": story, "personalization": holds}))
