"""Consent given and taken back by events as well as by records, with words that are no boolean.

The rule each last word follows: the newest by time holds; of two at one moment the no; what is said and
cannot be read as a yes is a no; an absent, null or empty one is no word.
"""

from typing import Any, NamedTuple

from sample_shop.planted_cases.records import (
    ABSENT,
    Day,
    Fact,
    Line,
    Site,
    event_line,
    person_line,
)

FIRST_DAY, EVERY = 2, 21
IMPOSSIBLE = "2126-01-05T08:00:00.000Z"


class Word(NamedTuple):
    """What somebody says on a day of their story, at an hour, on their card or on an event."""

    day: int
    hour: float
    word: Any
    by: str = "event"


# Story → its words in order of time, and what holds in the end.
STORIES: dict[str, tuple[tuple[Word, ...], bool]] = {
    "yes_no_yes": ((Word(0, 9, True), Word(1, 9, False), Word(2, 9, True)), True),
    "yes_no": ((Word(0, 9, True), Word(1, 9, False)), False),
    "no_yes": ((Word(0, 9, False), Word(1, 9, True)), True),
    "tie": ((Word(0, 9, False), Word(1, 9, True), Word(1, 9, False)), False),
    "tie_no_first": ((Word(0, 9, True), Word(1, 9, False), Word(1, 9, True)), False),
    "late_evening_no": ((Word(0, 9, True), Word(1, 23, False)), False),
    "granted": ((Word(0, 9, False), Word(1, 9, "granted")), True),
    "yes_in_words": ((Word(0, 9, False), Word(1, 9, "Yes")), True),
    "one": ((Word(0, 9, False), Word(1, 9, 1)), True),
    "denied": ((Word(0, 9, True), Word(1, 9, "denied")), False),
    "no_in_words": ((Word(0, 9, True), Word(1, 9, "no")), False),
    "zero": ((Word(0, 9, True), Word(1, 9, 0)), False),
    "object": ((Word(0, 9, True), Word(1, 9, {"status": "granted"})), False),
    "list": ((Word(0, 9, True), Word(1, 9, ["yes"])), False),
    "null": ((Word(0, 9, True), Word(1, 9, None)), True),
    "empty": ((Word(0, 9, True), Word(1, 9, "")), True),
    "silent": ((Word(0, 9, True), Word(1, 9, ABSENT)), True),
    "card_yes_event_no": ((Word(0, 9, "true", "card"), Word(1, 9, False)), False),
    "event_no_card_yes": ((Word(0, 9, False), Word(1, 9, "true", "card")), True),
    "card_no_event_yes": ((Word(0, 9, "false", "card"), Word(1, 9, True)), True),
    "event_yes_card_no": ((Word(0, 9, True), Word(1, 9, "false", "card")), False),
    "refused_card_no": (
        (Word(0, 9, True), Word(0, 10, "true", "card"), Word(1, 9, "false", "spoiled card")),
        False,
    ),
    "impossible_yes": ((Word(0, 9, False), Word(1, 9, True, "spoiled event")), False),
}
DOUBTFUL = (
    "denied",
    "no_in_words",
    "zero",
    "object",
    "list",
)  # their last word is kept as a no, and told in quarantine besides


def plant(site: Site, day: Day) -> None:
    """Each story's words of the day, its card as it is that night, and what holds from the day on."""
    begin = FIRST_DAY + (site.day - FIRST_DAY) // EVERY * EVERY
    if site.day < FIRST_DAY:
        return
    for number in range(FIRST_DAY, begin + 1, EVERY):
        for story, (words, holds) in STORIES.items():
            tell(site, day, story, number, words, holds)


def tell(site: Site, day: Day, story: str, begin: int, words: tuple[Word, ...], holds: bool) -> None:
    """One story that begins on day number `begin`; later days hold its card alone."""
    name, today = f"consent {story} {begin}", site.day - begin
    user, browser = site.user(name), site.browser(name)
    for number, word in enumerate(words):
        if word.day != today or word.by not in ("event", "spoiled event"):
            continue
        at_text, reason = (IMPOSSIBLE, "bad_time") if word.by == "spoiled event" else ("", "")
        reason = "bad_value" if story in DOUBTFUL and number == len(words) - 1 else reason
        said = {"browser": browser, "user": user, "word": word.word, "timestamp": at_text}
        line = event_line(site, f"{name} {number}", site.at(word.hour), **said)
        day.lines["events"].append(Line(f"consent_{story}", user, line, reason))
    card = [word for word in words if "card" in word.by and word.day <= today]
    if card:
        last, at = (
            card[-1],
            {word.day: Site(site.seed, begin + word.day, site.items).at(word.hour) for word in card},
        )
        fields = {"user_id": user, "personalization_consent": last.word}
        if last.by == "spoiled card":
            fields["birth_date"] = "1980-02-31"
        line = person_line(f"C{user}", at[card[0].day], at[last.day], **fields)
        day.lines["people"].append(
            Line(f"consent_{story}", f"C{user}", line, "bad_time" if last.by == "spoiled card" else "")
        )
    if today == max(word.day for word in words):
        day.facts.append(Fact("consent", user, {"story": story, "personalization": holds}))
