"""What a catalogue's attributes say of whom an item may be shown to, and of when it is wanted again.

A shop writes these words into an item's `attributes`, as text: `min_age` (a whole number of years),
`allowed_countries` and `blocked_countries` (codes or English names, separated by commas), `repurchase_days`
(how long one purchase lasts). A source whose catalogue uses other names declares them (`ItemRuleNames`).

What cannot be read restricts: an unreadable age is the strictest, an unreadable list of allowed countries
allows nowhere.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from expectations.contracts.countries import parse_country_code
from expectations.contracts.text import normalise_text

STRICTEST_AGE = 150  # nobody is known to be this old
MAX_REPURCHASE_DAYS = 3650.0
DEFAULT_REPURCHASE_DAYS = 30  # of a consumable whose catalogue and buyers say nothing of it
# Bounds what one item takes in a snapshot and in each worker's memory. What is beyond is not published, and a
# filter finds it null: a value cut short would be another value.
MAX_ATTRIBUTES, MAX_ATTRIBUTE_NAME, MAX_ATTRIBUTE_VALUE = 40, 64, 500


class ItemRuleNames(NamedTuple):
    """Which attributes of a source's catalogue hold the rules."""

    min_age: str = "min_age"
    allowed_countries: str = "allowed_countries"
    blocked_countries: str = "blocked_countries"
    repurchase_days: str = "repurchase_days"


BY_DEFAULT = ItemRuleNames()


class ItemRules(NamedTuple):
    """The rules of one item.

    Attributes:
        min_age: in years; None: for everybody.
        allowed_countries: None: wherever it is not blocked.
        repurchase_days: None: nothing is declared.
    """

    min_age: int | None = None
    allowed_countries: tuple[str, ...] | None = None
    blocked_countries: tuple[str, ...] = ()
    repurchase_days: float | None = None


def read_item_rules(attributes: Mapping[str, str], names: ItemRuleNames = BY_DEFAULT) -> ItemRules:
    """The rules that an item's attributes declare."""
    allowed = attributes.get(names.allowed_countries)
    return ItemRules(
        _read_age(attributes.get(names.min_age)),
        None if allowed is None else _read_countries(allowed),
        _read_countries(attributes.get(names.blocked_countries) or ""),
        _read_days(attributes.get(names.repurchase_days)),
    )


def select_published_attributes(attributes: Mapping[str, str]) -> dict[str, str]:
    """The attributes that a snapshot holds: the first `MAX_ATTRIBUTES` by name, none longer than allowed."""
    fitting = (
        (name, value)
        for name, value in sorted(attributes.items())
        if value is not None and len(name) <= MAX_ATTRIBUTE_NAME and len(value) <= MAX_ATTRIBUTE_VALUE
    )
    return dict(list(fitting)[:MAX_ATTRIBUTES])


@lru_cache(maxsize=2048)
def encode_country(text: str) -> str:
    """A country as it is compared: its code of two letters, whether it is written as a code or by its English
    name; any other text in its normal form, in lower case.
    """
    return parse_country_code(text) or normalise_text(text).casefold()


def _read_age(text: str | None) -> int | None:
    if text is None or not text.strip():
        return None
    digits = text.strip().removesuffix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 3):
        return STRICTEST_AGE
    return int(digits) or None


def _read_countries(text: str) -> tuple[str, ...]:
    words = (word.strip() for word in text.replace(";", ",").split(","))
    return tuple(dict.fromkeys(encode_country(word) for word in words if word))


def _read_days(text: str | None) -> float | None:
    try:
        days = float(text or "")
    except ValueError:
        return None
    return days if 0 < days <= MAX_REPURCHASE_DAYS else None
