"""Text that a definition may hold, since it becomes part of SQL and of dbt models."""

import re
from typing import Any

FORBIDDEN = ("{{", "{%", "{#", "\\")
# Control characters, separators of lines, and marks of direction, by which a rule reads otherwise than it is.
CONTROL = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
NAME = r"^[a-z0-9_]*[a-z0-9][a-z0-9_]*$"
MAX_LENGTH = 1_000


def parse_text(value: Any) -> str:
    """Text on one line that a dbt model can hold: Jinja runs what braces hold, and a backslash escapes a
    quote on Snowflake.

    Raises:
        ValueError: it is no such text.
    """
    if not isinstance(value, str):
        raise ValueError(
            f"is {value!r}, {type(value).__name__}; wanted text, in quotes where YAML takes it for"
            " something else"
        )
    text = " ".join(value.split())
    if flaw := find_text_flaw(text):
        raise ValueError(flaw)
    return text


def find_text_flaw(text: str) -> str:
    """What is wrong with a text on one line; empty where nothing is."""
    if not text.strip():
        return "is empty; wanted text"
    if len(text) > MAX_LENGTH:
        return f"has {len(text):,} characters; allowed: {MAX_LENGTH:,}"
    marks = [mark for mark in FORBIDDEN if mark in text]
    if marks:
        return f"{text!r} contains {' and '.join(marks)}; allowed: any text without {' '.join(FORBIDDEN)}"
    if re.search(CONTROL, text) or re.search(r"[\ud800-\udfff]", text):  # half a letter is none
        return f"{text!r} contains a control character; allowed: text on one line"
    return ""
