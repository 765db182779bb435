"""Which words of a consent are a yes: the one rule for every source, read by ingest and by the service.

Saying nothing is no word. Whatever else is said and is not on the list of yeses is a no, for a doubtful
consent is none.
"""

import json
from typing import NamedTuple

from expectations.contracts.text import normalise_text

PERSONALIZATION, ANALYTICS, MARKETING = "personalization", "analytics", "marketing"
EVENT_PURPOSES = (ANALYTICS, PERSONALIZATION)  # of which events carry consents
PERSON_PURPOSES = (MARKETING, PERSONALIZATION)  # of which person records do
# In any case, white space and marks that nobody sees aside. JSON's `true` and the number 1 are read as their
# text.
YES = ("true", "yes", "granted", "accepted", "allowed", "1")
NO = ("false",)  # a no that nobody need be told of; every other word of a no is reported beside the record


class Consent(NamedTuple):
    """What a value says.

    Attributes:
        is_granted: None when nothing was said.
        is_readable: it was one of `YES` or `NO`, or nothing; what cannot be read is a no and is told.
    """

    is_granted: bool | None
    is_readable: bool


def parse_consent(value: object) -> Consent:
    """What a JSON value or the text of a field says of a consent."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    word = normalise_text(text).lower()
    if not word:
        return Consent(None, True)
    return Consent(word in YES, word in YES + NO)
