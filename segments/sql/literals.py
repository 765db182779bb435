"""Values of a definition as SQL: whatever a definition says stays a value, in every dialect and in dbt."""

import math
import re

from segments.tree.events import Value

NAME = re.compile(r"[a-z_][a-z0-9_]*")
LARGEST = "cast('1.7976931348623157e308' as double)"


class SegmentQueryError(ValueError):
    """A tree holds what no query can be made of; the parser refuses it before."""


def quote_text(text: str) -> str:
    """A text as a literal.

    Braces that begin Jinja are parted, because a dbt model is a Jinja template before it is SQL; a NUL would
    end the statement.

    Raises:
        SegmentQueryError: it holds half of a surrogate pair, which no database stores.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SegmentQueryError(f"{text!r} is no text: it holds half a character") from error
    pieces = []
    for index, part in enumerate(text.split("\0")):
        if index:
            pieces.append("chr(0)")
        pieces += ["'" + piece.replace("'", "''") + "'" for piece in re.split(r"(?<=\{)(?=[{%#])", part)]
    joined = " || ".join(pieces)
    return f"({joined})" if len(pieces) > 1 else joined


def format_number(value: int | float) -> str:
    """A number as a literal of 64 bits: what a decimal literal would be differs between databases.

    Raises:
        SegmentQueryError: it is not finite.
    """
    number = float(value)
    if not math.isfinite(number):
        raise SegmentQueryError(f"{value!r} is no finite number")
    return f"cast('{number!r}' as double)"


def format_value(value: Value, kind: str) -> str:
    """A value compared with an expression of a kind: number, text or boolean.

    Raises:
        SegmentQueryError: it is of another kind.
    """
    if find_kind(value) != kind:
        raise SegmentQueryError(f"{value!r} is compared with a {kind}")
    if isinstance(value, str):
        return quote_text(value)
    return str(value).lower() if isinstance(value, bool) else format_number(value)


def find_kind(value: Value) -> str:
    """What a value is: number, text or boolean."""
    if isinstance(value, bool):
        return "boolean"
    return "text" if isinstance(value, str) else "number"


def check_name(name: str) -> str:
    """The name of a column or table, which stands in the query as it is.

    Raises:
        SegmentQueryError: it is more than small letters, digits and underscores.
    """
    if not NAME.fullmatch(name):
        raise SegmentQueryError(f"{name!r} is no name of a column")
    return name


def keep_finite(number: str) -> str:
    """An expression of 64 bits that is unknown where it is not finite; NaN is the greatest number to both
    databases.
    """
    return f"case when abs({number}) <= {LARGEST} then {number} end"
