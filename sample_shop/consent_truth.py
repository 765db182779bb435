"""The truth about consents, read from the delivered lines: each identifier's last of a landing day.

A judge's reading, so by the rule and not by what a pipeline makes of it: a consent's time is when it was
given, a wrong clock corrected; of two at one moment the no holds; a value that is no yes is a no; absent,
null and empty values are none. A record that is refused for another field has given its no all the same.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

YES = frozenset({"true", "yes", "granted", "1"})
EVENT_PURPOSES, CARD_PURPOSES = ("analytics", "personalization"), ("marketing", "personalization")
LATEST = timedelta(days=1)  # after its event was received; a later moment nobody's clock has shown
# kind, value, purpose → since when, and whether it is a yes
ConsentStates = dict[tuple[str, str, str], tuple[datetime, bool]]


def is_granted(word: Any) -> bool | None:
    """Whether a value is a yes; None where it is absent, null or empty."""
    if word is None or word == "":
        return None
    return str(word).strip().lower() in YES if isinstance(word, str | bool | int) else False


def record_consent(
    words: ConsentStates, who: Iterable[tuple[str, Any]], purpose: str, at: datetime, word: Any
) -> None:
    """Record a consent for each identifier when it is newer than the recorded one, or a no of its time."""
    granted = is_granted(word)
    for kind, value in who:
        if granted is not None and isinstance(value, str) and value:
            key, new = (kind, value, purpose), (at, granted)
            old = words.get(key, (datetime.min.replace(tzinfo=UTC), True))
            words[key] = max(old, new, key=lambda each: (each[0], not each[1]))


def parse_time(text: Any) -> datetime | None:
    """The time of an ISO text; None where it cannot be read."""
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None


def find_event_time(event: Mapping[str, Any]) -> datetime | None:
    """The true time of an event; None where it cannot be read or is impossible."""
    received, sent, original = (
        parse_time(event.get(name)) for name in ("receivedAt", "sentAt", "originalTimestamp")
    )
    if received is None or sent is None or original is None:
        return None
    at = parse_time(event["timestamp"]) if "timestamp" in event else received - (sent - original)
    return at if at is not None and at <= received + LATEST else None


def read_events(words: ConsentStates, lines: Iterable[bytes]) -> None:
    """Record the consents that events carry, under their user id and their anonymous id."""
    for line in lines:
        try:
            event = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(event, dict) and (at := find_event_time(event)):
            who = (("user_id", event.get("userId")), ("anonymous_id", event.get("anonymousId")))
            for purpose in EVENT_PURPOSES:
                record_consent(
                    words, who, purpose, at, event["context"]["consent"]["categoryPreferences"].get(purpose)
                )


def read_person_records(words: ConsentStates, cards: Iterable[Mapping[str, str]]) -> None:
    """Record the consents of the customer file, under crm id, user id and e-mail."""
    for card in cards:
        at = parse_time(card["updated_at"])
        who = (
            ("crm_id", card["crm_id"]),
            ("user_id", card["user_id"]),
            ("email", card["email"].strip().lower()),
        )
        for purpose in CARD_PURPOSES if at else ():
            record_consent(words, who, purpose, at, card[f"{purpose}_consent"])
