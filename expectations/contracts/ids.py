"""Ids of every kind: what one may hold, its normal form, and how two are compared.

An id is a string or a whole number. Its normal form has 1 to `MAX_ID_LENGTH` printable characters (letters,
digits, punctuation, symbols, plain spaces inside). Ingest takes no other (`bad_id`) and the service answers
400, so what ingest accepts the API can name. Kinds that stand for a person or a browser are hashed in
`identifiers.py`, from this normal form.
"""

import re
from typing import NamedTuple

from expectations.contracts.countries import normalise_country
from expectations.contracts.text import IGNORABLE, SPACE, compose_nfc, is_printable_ascii

MAX_ID_LENGTH = 512  # characters; the longest of any shop looked at has 128
AS_GIVEN, UPPER = "as_given", "upper"  # what a catalogue says of letter case in its ids
# What stands in the place of a record's own id when a tag was not filled in: records would be taken for
# repeats of each other. Of persons and browsers `identify` decides (rules.yml), which knows more such words:
# the rest of their record is kept.
RECORD_KINDS = ("message_id", "order_id", "item_id", "crm_id", "request_id")
# What a record is of and about: without one of these it is not understood. Of a person, a session or a
# request it can do without.
KEY_KINDS = ("message_id", "order_id", "item_id", "crm_id")
WORD_FOR_NOTHING = re.compile(
    r"true|false|null|undefined|nan|none|nil|\[object [a-z]+\]|\{\{.*\}\}|%%.*%%|\$\{.*\}|<%.*%>|\{%.*%\}",
    re.IGNORECASE,
)


class ParsedId(NamedTuple):
    """An id as it was read: its normal form, None when nothing was said or it is none; and why it is none."""

    value: str | None
    flaw: str | None = None


NOTHING = ParsedId(None)
NO_ID = "is neither a string nor a whole number"


def normalise_id(text: str, kind: str = "", case: str = AS_GIVEN) -> str:
    """The id as it is compared: NFC, no invisible marks, plain spaces, none round it; an e-mail in lower
    case.

    Args:
        text: as received.
        kind: what it names, such as `item_id`, `email`, `country`; only these last two have rules of their
            own.
        case: `UPPER` where a catalogue's ids differ in nothing but letter case.
    """
    if kind == "country":
        return normalise_country(text)
    if not is_printable_ascii(text):
        text = compose_nfc(SPACE.sub(" ", IGNORABLE.sub("", text)))
    text = text.strip()
    cased = text.lower() if kind == "email" else text.upper() if case == UPPER else text
    return cased if cased.isascii() else compose_nfc(cased)  # T and a diaeresis are two, ẗ is one


def find_id_flaw(value: str, kind: str = "") -> str | None:
    """Why a normal form is no id; None when it is one."""
    if not value:
        return "is empty"
    if len(value) > MAX_ID_LENGTH:
        return f"has more than {MAX_ID_LENGTH} characters"
    if not value.isprintable():
        return "holds a character that cannot be printed"
    if kind in RECORD_KINDS and WORD_FOR_NOTHING.fullmatch(value):
        return "is an unfilled template or a word for nothing"
    return None


def may_be_id(value: object) -> bool:
    """Whether a JSON value is of a kind that an id can have: a string, a whole number, or null, which names
    nothing.
    """
    return value is None or (isinstance(value, str | int) and not isinstance(value, bool))


def parse_id(value: object, kind: str = "", case: str = AS_GIVEN) -> ParsedId:
    """An id from JSON or a text: nothing said (null, blank) is no flaw, and no id."""
    if value is None:
        return NOTHING
    if not may_be_id(value):
        return ParsedId(None, NO_ID)
    normal = normalise_id(str(value), kind, case)
    if not normal:
        return NOTHING
    flaw = find_id_flaw(normal, kind)
    return ParsedId(None, flaw) if flaw else ParsedId(normal)
