"""Telephone numbers as they are compared: E.164, so that `0151 234…` on a German card is the `+49 151 234…`
of the account.

The work of a library (Google's libphonenumber, as `phonenumbers`): what is a trunk prefix, and how long a
number may be, is a thousand rules that change. Here and nowhere else, since who asks for a number must ask
for the one that was stored.
"""

import re
import unicodedata
from functools import lru_cache

import phonenumbers

from expectations.contracts.countries import parse_country_code
from expectations.contracts.text import normalise_text

MAX_PHONE_LENGTH = 64  # characters of what may still be a number; the library reads no more than 250 itself
ABROAD = re.compile(r"00(?=[1-9])")  # the prefix of calls abroad nearly everywhere


@lru_cache(maxsize=1 << 17)
def format_e164(phone: str | None, country: str | None) -> str | None:
    """The number in E.164 where it can be one of its country (a code or an English name); else its text as
    received.

    A number of a possible length counts: whether it is in use nobody can tell, and new ranges open every
    month. One that begins with 00 names its country itself, whatever country stands beside it.
    """
    if not phone or len(phone) > MAX_PHONE_LENGTH:
        return phone or None
    text = normalise_text(phone)
    region = parse_country_code(country or "")
    return (
        (ABROAD.match(text) and _possible(ABROAD.sub("+", text, count=1), None))
        or _possible(text, region)
        or phone
    )


def _possible(text: str, region: str | None) -> str | None:
    """The number in E.164; None when it is none, too long, or lacks its area code."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_possible_number_with_reason(number) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def normalise_international(phone: str) -> str:
    """A number that says its country itself, with + or 00 in front, in E.164; any other as it is."""
    phone = normalise_text(phone)
    return format_e164(phone, None) if phone.startswith(("+", "00", "＋")) else phone


def extract_digits(phone: str) -> str:
    """A number's digits, whatever script writes them, behind one `+` where it begins with it:
    what is hashed.
    """
    text = normalise_text(phone)
    plus = "+" if text.startswith(("+", "＋")) else ""
    decimals = "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())
    return plus + decimals if decimals else ""
