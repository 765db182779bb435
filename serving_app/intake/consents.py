"""Consent words in an event's context, by the rule that ingest reads them by."""

from typing import Any, NamedTuple

from expectations.contracts.consent import ANALYTICS, PERSONALIZATION, parse_consent


class EventConsents(NamedTuple):
    """What an event says: a yes, a no (also of a word that is not understood), or None for nothing."""

    personalization: bool | None = None
    analytics: bool | None = None


NO_WORDS = EventConsents()


def read_event_consents(context: object) -> EventConsents:
    """The words in `consent.categoryPreferences`; where something else than an object stands in their place,
    a no to every purpose.
    """
    if not isinstance(context, dict):
        return NO_WORDS
    preferences: Any = context
    for name in ("consent", "categoryPreferences"):
        preferences = preferences.get(name)
        if preferences is None or is_empty(preferences):
            return NO_WORDS
        if not isinstance(preferences, dict):
            return EventConsents(False, False)
    return EventConsents(find_word(preferences, PERSONALIZATION), find_word(preferences, ANALYTICS))


def is_empty(value: object) -> bool:
    """Whether it says nothing; an empty list is what PHP writes for an empty object."""
    return value in ([], "")


def find_word(preferences: dict[str, Any], purpose: str) -> bool | None:
    """What stands under a purpose's name in any letter case; of several one that is no yes."""
    words = [
        parse_consent(value).is_granted for name, value in preferences.items() if name.lower() == purpose
    ]
    words = [word for word in words if word is not None]
    return all(words) if words else None
