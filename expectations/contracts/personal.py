"""What may be an e-mail address or a phone number: a text that is copied to the lake holds neither, however
it came.
"""

import re

NOTHING_PERSONAL = "no e-mail address and no phone number: no seven digits but in dates and ids"
# Countries write numbers in too many ways to know them: seven digits, with little between them, are one. An
# order's number of that length is refused as well, which costs its writer another word; dates, ids and UUIDs,
# which reasons need, are told apart.
PERSONAL = re.compile(r"\S@\S|\d(?:[\s()\[\]./\\_·‐-―-]{0,3}\d){6}")
OPAQUE = re.compile(
    r"\b[a-z]_[0-9a-f]{24,32}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|(?<![\d+])(?:19|20)\d\d-(?:0\d|1[0-2])-(?:[0-2]\d|3[01])(?:[T"
    r" ][0-2]\d:[0-5]\d(?::[0-5]\d(?:\.\d+)?)?)?(?!\d)"
    r"|(?<![\d+])(?:[0-2]?\d|3[01])[./](?:[0-2]?\d|3[01])[./](?:19|20)\d\d(?!\d)"
)


def has_personal_value(text: str) -> bool:
    """Whether an e-mail address stands in it, or what may be a phone number."""
    return bool(PERSONAL.search(OPAQUE.sub("#", text)))
