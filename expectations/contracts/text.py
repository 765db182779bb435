"""Text as it is kept: one normal form, made here alone, so that what looks equal is equal for ingest and for
the service.

Files are put together, typed and pasted: an `é` comes as one character or as two (NFC, NFD), a byte-order
mark stands wherever two files met, a no-break space came from a web page. All of it is linear in the length
of the text.
"""

import re
import unicodedata
from itertools import chain

# Unicode's Default_Ignorable_Code_Point, which nobody sees: soft hyphen, zero-width and direction marks,
# fillers, selectors.
_IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"  # Persian words and compound emoji are spelt with them
IGNORABLE = re.compile(f"[{_IGNORABLE}]+")
# Controls but white space: Python's str.isspace has \t to \r, \x1c to \x1f and \x85.
UNSEEN = re.compile(f"(?![{_JOINERS}])[{_IGNORABLE}\0-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f]")
# Latin text needs none
STRAY_JOINER = re.compile(f"(?<![^\0-\\x7f])[{_JOINERS}]|[{_JOINERS}](?![^\0-\\x7f])")
SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")  # Unicode's Zs but the plain one

# Unicode's Stream-Safe Text Format (UAX #15): no language stacks more. Python sorts a stack of n marks in n²
# steps.
MAX_MARKS = 30
LONG_RUN = re.compile(f"[\u0300-\U0010ffff]{{{MAX_MARKS + 1}}}")


def is_printable_ascii(text: str) -> bool:
    """Whether a text holds printable ASCII alone, so that nothing but its edges can differ from its normal
    form.
    """
    return text.isascii() and text.isprintable()


def normalise_text(text: str) -> str:
    """The text in NFC, without white space round it, controls and invisible marks; every space in it is a
    plain one.

    Line ends and tabs inside stay, as do joiners between characters beyond ASCII.
    """
    if is_printable_ascii(text):
        return text.strip()
    visible = compose_nfc(SPACE.sub(" ", UNSEEN.sub("", text)))
    return compose_nfc(STRAY_JOINER.sub("", visible)).strip()


def compose_nfc(text: str) -> str:
    """The text in NFC; of marks stacked on one character the first `MAX_MARKS` are kept."""
    if not LONG_RUN.search(text):
        return unicodedata.normalize("NFC", text)
    characters, n_marks = [], 0
    for character in chain.from_iterable(unicodedata.normalize("NFD", each) for each in text):
        n_marks = n_marks + 1 if unicodedata.combining(character) else 0
        if n_marks <= MAX_MARKS:
            characters.append(character)
    return unicodedata.normalize("NFC", "".join(characters))
