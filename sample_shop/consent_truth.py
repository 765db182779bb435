"""Who said what about consent, read off the lines that were handed over: each identifier's last word of a
landing day.

A judge's reading, so by the rule and not by what a pipeline makes of it: a word's time is when it was said, a
wrong clock put right; of two at one moment the no holds; what is said and is no yes is a no; absent, null and
empty is no word. A record that is refused for another field's sake has said its no all the same.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

YES = frozenset({"true", "yes", "granted", "1"})
EVENT_PURPOSES, CARD_PURPOSES = ("analytics", "personalization"), ("marketing", "personalization")
LATEST = timedelta(days=1)  # after its event was received; a later moment nobody's clock has shown
ConsentStates = dict[
    tuple[str, str, str], tuple[datetime, bool]
]  # kind, value, purpose → since when, and whether it is a yes


def is_granted(word: Any) -> bool | None:
    """Whether a word is a yes; None where nothing was said."""
    if word is None or word == "":
        return None
    return str(word).strip().lower() in YES if isinstance(word, str | bool | int) else False


def record_statement(
    words: ConsentStates, who: Iterable[tuple[str, Any]], purpose: str, at: datetime, word: Any
) -> None:
    """Keep a word for each identifier when it is newer than what there is, or a no as new."""
    granted = is_granted(word)
    for kind, value in who:
        if granted is not None and isinstance(value, str) and value:
            key, new = (kind, value, purpose), (at, granted)
            old = words.get(key, (datetime.min.replace(tzinfo=UTC), True))
            words[key] = max(old, new, key=lambda each: (each[0], not each[1]))


def parse_time(text: Any) -> datetime | None:
    """A time as events write it, None where it cannot be read."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def find_event_time(event: Mapping[str, Any]) -> datetime | None:
    """When an event truly happened; None where that cannot be read or cannot be."""
    received, sent, original = (
        parse_time(event.get(name)) for name in ("receivedAt", "sentAt", "originalTimestamp")
    )
    if received is None or sent is None or original is None:
        return None
    at = parse_time(event["timestamp"]) if "timestamp" in event else received - (sent - original)
    return at if at is not None and at <= received + LATEST else None


def read_events(words: ConsentStates, lines: Iterable[bytes]) -> None:
    """Note the words that events carry, under their user id and under their anonymous id."""
    for line in lines:
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(event, dict) and (at := find_event_time(event)):
            who = (("user_id", event.get("userId")), ("anonymous_id", event.get("anonymousId")))
            for purpose in EVENT_PURPOSES:
                record_statement(
                    words, who, purpose, at, event["context"]["consent"]["categoryPreferences"].get(purpose)
                )


def read_person_records(words: ConsentStates, cards: Iterable[Mapping[str, str]]) -> None:
    """Note what records of the customer file say, under their number, their user id and their e-mail."""
    for card in cards:
        at = parse_time(card["updated_at"])
        who = (
            ("crm_id", card["crm_id"]),
            ("user_id", card["user_id"]),
            ("email", card["email"].strip().lower()),
        )
        for purpose in CARD_PURPOSES if at else ():
            record_statement(words, who, purpose, at, card[f"{purpose}_consent"])
