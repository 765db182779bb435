"""Countries: a code of two letters in its ISO 3166 form; a name stays a name, as sources that use names hold
no codes.
"""

from functools import cache

from babel import Locale
from babel.core import get_global

from expectations.contracts.text import normalise_text

# In use beside ISO's own: the European Union writes EL for Greece, everybody writes UK. Unicode's list knows
# the second alone.
NOT_ISO = {"EL": "GR"}
_ALIASES = {code: now[0] for code, now in get_global("territory_aliases").items() if len(now) == 1} | NOT_ISO
# codes of two letters that stand for another
NOT_CURRENT = tuple(sorted(code for code in _ALIASES if len(code) == 2))


def normalise_country(text: str) -> str:
    """Two letters as the ISO 3166 code they stand for (`uk` → `GB`, `EL` → `GR`); any other text in its
    normal form.
    """
    text = normalise_text(text)
    return (
        resolve_country_code(text.upper()) if len(text) == 2 and text.isascii() and text.isalpha() else text
    )


def resolve_country_code(code: str) -> str:
    """The ISO 3166 code of two letters for one of two or three; the code itself where Unicode knows none, or
    several.
    """
    return _ALIASES.get(code, code)


def parse_country_code(country: str) -> str | None:
    """The code of two letters of a country that is written as a code or by its English name; None for any
    other text.
    """
    text = normalise_text(country)
    code = (
        resolve_country_code(text.upper()) if len(text) in (2, 3) else map_names_to_codes().get(text.lower())
    )
    return code if code in Locale("en").territories else None


@cache
def map_names_to_codes() -> dict[str, str]:
    """Two-letter codes by English name in lower case."""
    return {name.lower(): code for code, name in Locale("en").territories.items() if len(code) == 2}
