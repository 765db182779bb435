"""Constants in an expression or a parameter: texts, numbers and times, as they are compared."""

import re
import unicodedata
from datetime import UTC, datetime

from expectations.contracts.text import compose_nfc
from serving_app.filters.tree import FilterError

MAX_TEXT, MAX_NUMBER = 500, 20
ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
ESCAPES = {"n": "\n", "t": "\t", '"': '"', "'": "'", "\\": "\\"}
ESCAPE_RULE = r"in a text a \ is followed by one of: quote, \, n, t, u with four digits"
# Marks that change how a text looks and not what it is: what a reviewer reads is not what is compared.
MISLEADING = re.compile(r"[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Letters of Cyrillic, and those of Greek, that look like Latin ones. In a word with Latin letters they make
# another word that looks the same.
LOOKALIKE = re.compile(r"[\u0400-\u052fΑΒΕΖΗΙΚΜΝΟΡΤΥΧανορυχικ]")
WORD, LATIN = re.compile(r"\w+"), re.compile(r"[A-Za-z]")


def check_text(value: str, at: int | None = None) -> str:
    """A text of an expression or a parameter, in the normal form in which texts are compared.

    Raises:
        FilterError: it is too long, or holds what no reader could see.
    """
    if len(value) > MAX_TEXT:
        raise FilterError(f"a text may have {MAX_TEXT} characters at most", at)
    if value.isascii() and value.isprintable():
        return value
    if MISLEADING.search(value) or any(
        unicodedata.category(each) in ("Cc", "Cs") and each not in "\n\t" for each in value
    ):
        raise FilterError("a text may hold no control character and no mark of direction", at)
    for word in WORD.findall(value):
        if LOOKALIKE.search(word) and LATIN.search(word):
            raise FilterError(
                "a word of a text may not mix Latin letters with others that look like them", at
            )
    return compose_nfc(value)


def parse_time(text: str) -> float:
    """Seconds since 1970 of a date or a time in ISO form; UTC where it names no zone.

    Raises:
        ValueError: there is no such time.
    """
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def parse_number(text: str, at: int | None = None) -> float:
    """The number of a text of digits.

    Raises:
        FilterError: it has more digits than a float tells apart.
    """
    if len(text) > MAX_NUMBER:
        raise FilterError(f"a number may have {MAX_NUMBER} characters at most", at)
    return float(text)


def parse_quoted_text(quoted: str, at: int) -> str:
    """The text between quotes, its escapes resolved.

    Raises:
        FilterError: as `check_text`, or an escape is unknown.
    """

    def unescape(match: re.Match) -> str:
        code = match[1]
        if len(code) == 5:
            return chr(int(code[1:], 16))
        if code not in ESCAPES:
            raise FilterError(ESCAPE_RULE, at)
        return ESCAPES[code]

    value = quoted[1:-1]
    return check_text(ESCAPE.sub(unescape, value) if "\\" in value else value, at)
